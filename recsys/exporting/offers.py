"""From the table of offers of a data set to that of an artifact."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import seconds
from recsys.data.offer_rows import offer_rows
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving.artifact.offer_table import OfferTable


def offer_table(data: Dataset) -> OfferTable | None:
    """One row for each offer as `columns.OFFER_KEYS` tells them apart, with its products.

    Returns None if the data set has no offers.
    """
    offers = offer_rows(data)
    if offers is None:
        return None
    first = offers.about
    touchpoints = np.full(len(first), -1)
    if columns.TOUCHPOINT in first:
        has_touchpoint = first[columns.TOUCHPOINT].notna().to_numpy()
        names = first.loc[has_touchpoint, columns.TOUCHPOINT]
        touchpoints[has_touchpoint] = data.touchpoints.rows(names)
    return OfferTable(
        ids=first[columns.OFFER].to_numpy(),
        starts=offers.starts,
        products=offers.products,
        touchpoints=touchpoints,
        variants=_variants(first),
        valid_from=_moments_or(OPEN_START, first, columns.VALID_FROM),
        valid_to=_moments_or(OPEN_END, first, columns.VALID_TO),
    )


def moments(table: pd.DataFrame, column: str, open_end: int) -> IntArray | None:
    """UTC seconds [n] int64 of a column of dates, `open_end` where empty; None without it."""
    if column not in table:
        return None
    return np.where(table[column].notna(), seconds(table[column]), open_end)


def _moments_or(open_end: int, table: pd.DataFrame, column: str) -> IntArray:
    values = moments(table, column, open_end)
    return np.full(len(table), open_end) if values is None else values


def _variants(table: pd.DataFrame) -> list[str | None] | None:
    if columns.VARIANT not in table:
        return None
    return [None if pd.isna(variant) else str(variant) for variant in table[columns.VARIANT]]
