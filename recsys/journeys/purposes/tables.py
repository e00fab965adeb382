"""Strands as tables: one row a strand, and one row an event."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.journeys.purposes.milestones import (
    next_milestones,
    reaches_after_silence,
    stage_of,
)
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.strands import Strands
from recsys.journeys.purposes.tree import product_names

STRAND, PURPOSE, BROAD = "strand", "purpose", "broad_purpose"
OPEN, SILENCE, STAGE = "comes_back", "silence", "stage"


def strand_table(model: PurposeModel, strands: Strands, data: Dataset) -> pd.DataFrame:
    """One row a strand, in order of customer and time.

    Args:
        model: that was fitted.
        strands: of the data.
        data: to which the strands belong.

    Returns:
        customer_id, strand (1, 2, ... of its customer), purpose, broad_purpose, stage, visits,
        first_event, last_event (UTC, or positions), last_product, silence (days, or positions),
        comes_back (probability that the strand goes on), next_milestone, reaches_milestone.
    """
    tree, known = model.tree, model.renewal
    names = np.array(tree.names, dtype=object)[strands.purpose]
    broad = np.array(tree.broad_names, dtype=object)[tree.broad[strands.purpose]]
    actions = np.array(strands.actions, dtype=object)
    stages = np.array([stage_of(action) for action in strands.actions], dtype=object)
    target = next_milestones(strands.actions)[strands.deepest]
    products = data.interactions.products[strands.last]
    return pd.DataFrame(
        {
            columns.CUSTOMER: data.customers.ids[strands.customer],
            STRAND: numbers(strands),
            PURPOSE: names,
            BROAD: broad,
            STAGE: stages[strands.deepest],
            "visits": strands.visits,
            "first_event": _moments(data, strands.first),
            "last_event": _moments(data, strands.last),
            "last_product": product_names(data)[products],
            SILENCE: strands.silence,
            OPEN: known.comes_back(strands.last_depth, strands.silence),
            "next_milestone": actions[target],
            "reaches_milestone": reaches_after_silence(
                known, strands.last_depth, target, strands.silence
            ),
        }
    )


def event_table(model: PurposeModel, strands: Strands, data: Dataset) -> pd.DataFrame:
    """One row for each event that has a strand, in order of time.

    Returns:
        customer_id, product_id, action, timestamp or order, strand, purpose, probability.
    """
    rows = np.flatnonzero(strands.of_event >= 0)
    strand = strands.of_event[rows]
    events = data.interactions
    clock = columns.TIMESTAMP if data.clock == "timestamp" else columns.ORDER
    return pd.DataFrame(
        {
            columns.CUSTOMER: data.customers.ids[events.customers[rows]],
            columns.PRODUCT: data.products.ids[events.products[rows]],
            columns.ACTION: np.array(columns.ACTIONS, dtype=object)[events.actions[rows]],
            clock: _moments(data, rows),
            STRAND: numbers(strands)[strand],
            PURPOSE: np.array(model.tree.names, dtype=object)[strands.purpose[strand]],
            "probability": strands.probability[rows],
        }
    )


def numbers(strands: Strands) -> IntArray:
    """[S] 1, 2, ... of the strands of each customer, in order of time."""
    first = np.flatnonzero(np.diff(strands.customer, prepend=-1) != 0)
    sizes = np.diff(np.append(first, len(strands)))
    return np.arange(len(strands)) - np.repeat(first, sizes) + 1


def _moments(data: Dataset, rows: IntArray) -> "pd.Series[pd.Timestamp] | IntArray":
    when = data.interactions.when
    assert when is not None
    if data.clock == "order":
        return when[rows]
    return pd.Series(pd.to_datetime(when[rows], unit="us", utc=True))


def as_of_text(data: Dataset) -> str:
    """The end of the data in words."""
    if data.as_of is None or data.clock != "timestamp":
        return f"position {data.as_of}"
    return f"{timestamp(data.as_of):%Y-%m-%d %H:%M} UTC"
