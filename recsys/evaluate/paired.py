"""Two models on the same queries: who wins, by how much, and how certain that is."""

from dataclasses import dataclass
from typing import Literal

from recsys.arrays import FloatArray, IntArray
from recsys.evaluate.intervals import bootstrap


@dataclass(frozen=True)
class Difference:
    """Mean of a - b over paired queries, its interval, and the verdict at that level."""

    mean: float
    low: float
    high: float
    verdict: Literal["win", "tie", "loss"]


def paired_difference(
    a: FloatArray,
    b: FloatArray,
    customers: IntArray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Paired bootstrap over customers of the difference of two models.

    Args:
        a: [Q] values of the first model.
        b: [Q] values of the second, for the same queries in the same order.
        customers: [Q] row numbers of the customers who asked.
        resamples: as in `bootstrap`.
        level: as in `bootstrap`.
        seed: as in `bootstrap`.

    Returns:
        "win" where the whole interval lies above zero, "loss" where below, else "tie".
    """
    found = bootstrap(
        {"difference": a - b}, customers, resamples=resamples, level=level, seed=seed
    )["difference"]
    verdict: Literal["win", "tie", "loss"] = "tie"
    if found.low > 0:
        verdict = "win"
    elif found.high < 0:
        verdict = "loss"
    return Difference(found.mean, found.low, found.high, verdict)
