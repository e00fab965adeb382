"""Two models on the same queries: who wins, by how much, and how certain that is."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.intervals import bootstrap, by_customer


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
        a: [Q] values of the first model; nan for none.
        b: [Q] values of the second, for the same queries in the same order; a query counts where
            both have a value.
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


def wilcoxon(a: FloatArray, b: FloatArray, customers: IntArray) -> float:
    """Two-sided p-value of Wilcoxon's (1945) signed-rank test on customers' mean differences.

    A customer is one observation: the mean of a - b over their queries. Differences of 0 are left
    out, as in the paper. The test asks whether differences lie symmetrically about 0; it sees
    many small ones where the mean sees a few large ones, so the two may disagree.

    Args:
        a: [Q] values of the first model; nan for none.
        b: [Q] values of the second, for the same queries in the same order.
        customers: [Q] row numbers of the customers who asked.

    Returns:
        Between 0 and 1; 1 where no customer has a difference other than 0.
    """
    both = ~np.isnan(a + b)
    asked = np.column_stack([a - b, np.ones(len(a))])[both]
    total, count = by_customer(asked, customers[both]).T
    moved = (total / count)[total != 0]
    return float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0
