"""Moments in an artifact: fitted on all sessions, with what customers did lately."""

from dataclasses import replace

import numpy as np

from recsys.data.dataset import Dataset
from recsys.journeys.micro_moments.learn import learn
from recsys.journeys.micro_moments.observe import observe, product_groups, session_events
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_features import HORIZON
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.moment_part import MomentPart


def moments_of(data: Dataset, label: str) -> MomentPart:
    """The part of an artifact that tells moments.

    Args:
        data: all events, with labels of past sessions.
        label: as for `recsys.journeys.micro_moments.observe`.

    Raises:
        InputError: there are no timestamps or labels, or too few.
    """
    return moment_part(learn(observe(data, label)), data)


def moment_part(model: MomentModel, data: Dataset) -> MomentPart:
    """A fitted model with the events that its features look back on, by the rows of a data set."""
    events, _ = session_events(data)
    end = data.as_of_seconds
    assert end is not None  # else there are no such events
    # A session that began before the horizon is no part of any feature.
    kept = (events.when[events.starts] >= end - HORIZON)[events.sessions]
    customers = events.customers[kept]
    return MomentPart(
        model=model,
        groups=product_groups(data),
        starts=np.searchsorted(customers, np.arange(len(data.customers) + 1)).astype(np.int64),
        when=events.when[kept],
        steps=events.steps[kept],
        products=events.products[kept],
        touchpoints=events.touchpoints[kept],
    )


def with_moments(contents: Contents, part: MomentPart | None) -> Contents:
    """The contents with moments; what a customer with several strands did is kept with the first.

    Args:
        contents: with customers in the order of the part, a row a strand.
        part: with one row a customer; None for no moments.
    """
    strands = contents.customers.strands
    if part is None or strands is None:
        return replace(contents, moments=part)
    is_first = strands == 0
    owner = np.cumsum(is_first) - 1
    # The other rows begin where the first one ends, and have no events.
    begins = np.where(is_first, part.starts[owner], part.starts[owner + 1])
    return replace(contents, moments=replace(part, starts=np.append(begins, part.starts[-1])))
