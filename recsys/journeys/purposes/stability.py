"""Whether the same strands are found again: with other seeds, other orders, other customers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from recsys.arrays import IntArray
from recsys.data.dataset import Dataset
from recsys.journeys.purposes.discover import halves
from recsys.journeys.purposes.model import PurposeModel

Make = Callable[[int, int | None], PurposeModel]
"""A model by its seed, and the seed of a random order of vertices or None."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stability:
    """Mean adjusted Rand index of the strands of all events, over pairs of fits.

    Attributes:
        seeds: with different seeds.
        orders: with the vertices of the graph in different orders.
        halves: learned from one half of the customers and from the other.
    """

    seeds: float
    orders: float
    halves: float


def stability(data: Dataset, make: Make, *, seeds: int = 3, orders: int = 20) -> Stability:
    """Fits again and again, and compares the strands of all events.

    Args:
        data: its events.
        make: a model that is not fitted yet.
        seeds: how many seeds; as many pairs of halves are compared.
        orders: how many orders.
    """
    # Imported late: it takes long.
    from sklearn.metrics import adjusted_rand_score

    by_half = [
        adjusted_rand_score(*_known(*[
            make(seed, None).fit(data.select(half)).assign(data).of_event
            for half in halves(data, seed)
        ]))
        for seed in range(seeds)
    ]  # fmt: skip
    return Stability(
        seeds=_agreement([_strands(data, make(seed, None)) for seed in range(seeds)]),
        orders=_agreement([_strands(data, make(0, order)) for order in range(orders)]),
        halves=float(np.mean(by_half)),
    )


def _strands(data: Dataset, model: PurposeModel) -> IntArray:
    return model.fit(data).assign(data).of_event


def _agreement(partitions: Sequence[IntArray]) -> float:
    # Imported late: it takes long.
    from sklearn.metrics import adjusted_rand_score

    pairs = [adjusted_rand_score(*_known(one, two)) for one, two in combinations(partitions, 2)]
    return float(np.mean(pairs)) if pairs else 1.0


def _known(one: IntArray, two: IntArray) -> tuple[IntArray, IntArray]:
    """The strands of events that have one in either; an event that has none stands alone."""
    rows = np.flatnonzero((one >= 0) | (two >= 0))
    alone = -1 - np.arange(len(rows))
    return np.where(one[rows] < 0, alone, one[rows]), np.where(two[rows] < 0, alone, two[rows])
