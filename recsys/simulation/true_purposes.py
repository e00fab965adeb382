"""The purpose that each event of the market truly has, to measure what was found without it."""

from dataclasses import replace

import numpy as np

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.frames import Frames
from recsys.data.tables import Tables
from recsys.simulation.chunk import draw_sessions
from recsys.simulation.frames import NUMBERS_A_CHUNK
from recsys.simulation.source import SimulatedMarket

NONE = -1
"""Of events without a purpose: errands, what the firm starts, and answers to its offers."""
_ANSWERS = ("accept", "reject", "ignore", "contact")


def with_true_purposes(market: SimulatedMarket) -> tuple[Dataset, IntArray]:
    """A data set of the market, and the true purpose [E] int64 of its events, `NONE` for none.

    What a customer answers to an offer has no purpose: the firm chose what it is about.

    Args:
        market: its seed and size.

    Returns:
        the data set, which holds nothing of the purposes, and numbers of purposes.
    """
    tables = market.load()
    # A data set sorts events and merges customers; their positions travel along as weights.
    numbered = tables.interactions.assign(
        **{columns.WEIGHT: np.arange(1.0, len(tables.interactions) + 1)}
    )
    data = Dataset.from_source(
        Frames(
            tables=replace(tables, interactions=numbered),
            targets=market.targets,
            filter_seen=market.filter_seen,
            name=market.name,
        )
    )
    assert data.interactions.weights is not None
    # Whole numbers up to 2^24 are exact in single precision.
    row = data.interactions.weights.astype(np.int64) - 1
    plain = replace(data, interactions=replace(data.interactions, weights=None))
    return plain, _of_rows(market, tables)[row]


def _of_rows(market: SimulatedMarket, tables: Tables) -> IntArray:
    events = tables.interactions
    session = events[columns.SESSION].to_numpy(np.int64)
    chunk, within = session // NUMBERS_A_CHUNK, session % NUMBERS_A_CHUNK
    purpose = np.full(len(events), NONE)
    for number in range(market.parts):
        true = market.latent(number)
        drawn, _ = draw_sessions(true, market.seed, number)
        rows = np.flatnonzero((chunk == number) & (within < len(drawn)))
        found = drawn.purpose[within[rows]]
        purpose[rows] = np.where(found >= 0, found + number * NUMBERS_A_CHUNK, NONE)
    purpose[events[columns.ACTION].isin(_ANSWERS).to_numpy(bool)] = NONE
    return purpose
