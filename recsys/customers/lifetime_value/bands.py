"""Customers grouped by what they are expected to be worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.estimate import Estimate
from recsys.errors import InputError

NAMES = ("high", "medium", "low")
BAND_SHARES = (0.2, 0.3)
"""Of the customers, in the bands high and medium unless stated otherwise."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """Customers of one band.

    Attributes:
        name: of `NAMES`.
        customers: their number.
        mean: expected worth of one of them.
        low: lower end of its interval.
        high: upper end.
        share: of the expected worth of all.
    """

    name: str
    customers: int
    mean: float
    low: float
    high: float
    share: float


def shares_of(text: str) -> tuple[float, float]:
    """Reads the shares of the bands high and medium, as `0.2,0.3`; the others are low.

    Raises:
        InputError: the text is no two numbers above 0 of at most 1 together.
    """
    try:
        high, medium = (float(word) for word in text.split(","))
    except ValueError:
        high = medium = 0.0
    if not (high > 0 and medium > 0 and high + medium <= 1):
        raise InputError(
            f"bands: expected the shares of high and medium, as 0.2,0.3, got '{text[:40]}'"
        )
    return high, medium


def band_of(worth: FloatArray, shares: tuple[float, float]) -> Sequence[str]:
    """[n] the band of each customer; of equal worth, the first rows are in the higher band.

    Args:
        worth: [n] what each is expected to be worth.
        shares: of the customers that are in the bands high and medium.
    """
    order = np.argsort(-worth, kind="stable")
    ends = np.rint(np.cumsum(shares) * len(worth)).astype(int)
    bands = np.empty(len(worth), dtype=object)
    for name, rows in zip(NAMES, np.split(order, ends), strict=True):
        bands[rows] = name
    listed: list[str] = bands.tolist()
    return listed


def banded(worth: Estimate, bands: Sequence[str]) -> list[Band]:
    """Number and worth of the customers of each band that has any.

    The ends of a band's interval are the means of its customers' ends: what is uncertain are the
    parameters, which all customers share.

    Args:
        worth: [n] of the customers.
        bands: [n] the band of each.
    """
    total = worth.mean.sum()
    names = np.array(bands)
    parts = []
    for name in NAMES:
        rows = names == name
        if rows.any():
            parts.append(
                Band(
                    name=name,
                    customers=int(rows.sum()),
                    mean=float(worth.mean[rows].mean()),
                    low=float(worth.low[rows].mean()),
                    high=float(worth.high[rows].mean()),
                    share=float(worth.mean[rows].sum() / total) if total else 0.0,
                )
            )
    return parts
