"""Pairs of visits of which the later may continue the earlier."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.journeys.purposes.visits import Visits

_SHORTEST = 0.02
"""Least gap in days: 30 minutes; shorter ones are within a visit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Pairs of visits of the same customer and purpose, of which the later may continue the other.

    Arrays [L].

    Attributes:
        earlier, later: rows of visits.
        gap: time between them, at least that of a pause that ends a visit.
        same: whether the later begins with the product that ended the earlier.
    """

    earlier: IntArray
    later: IntArray
    gap: FloatArray
    same: BoolArray


def pairs(visits: Visits, most: int) -> Pairs:
    """All pairs of a visit and those that came up to `most` visits before it."""
    earlier, later = [], []
    for lag in range(1, most + 1):
        second = np.arange(lag, len(visits))
        second = second[visits.cell[second] == visits.cell[second - lag]]
        if not len(second):
            break
        earlier.append(second - lag)
        later.append(second)
    before = np.concatenate(earlier) if earlier else np.zeros(0, np.int64)
    after = np.concatenate(later) if later else np.zeros(0, np.int64)
    return Pairs(
        earlier=before,
        later=after,
        gap=np.maximum(visits.begin[after] - visits.end[before], _SHORTEST),
        same=visits.last[before] == visits.first[after],
    )


def starts_expected(visits: Visits, links: Pairs, probability: FloatArray) -> FloatArray:
    """[V] probability that a visit begins a strand."""
    continues = np.bincount(links.later, probability, len(visits))
    return np.clip(1 - continues, 1e-9, 1.0)
