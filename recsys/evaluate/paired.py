"""Two models on the same queries: who wins, by how much, and how certain that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

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
    _, person = np.unique(customers[both], return_inverse=True)
    total = np.bincount(person, weights=(a - b)[both])
    moved = (total / np.bincount(person))[total != 0]
    return float(stats.wilcoxon(moved).pvalue) if len(moved) else 1.0


def holm(
    differences: Mapping[str, FloatArray], customers: IntArray, level: float = 0.95
) -> set[str]:
    """Names whose mean difference is not zero, with Holm's (1979) correction over all of them.

    Of m differences those go first whose interval excludes zero at level 1 - alpha / m; what is
    left is asked again at 1 - alpha / (number left), until nobody goes. That is the step-down
    procedure, on intervals in place of p-values.

    Args:
        differences: name -> [Q] differences by query.
        customers: [Q] who asked; customers, not queries, are resampled.
        level: 1 - alpha, of all differences as a family.
    """
    sure: set[str] = set()
    left = dict(differences)
    while left:
        going = apart(left, customers, 1 - (1 - level) / len(left))
        if not going:
            break
        sure |= going
        left = {name: values for name, values in left.items() if name not in going}
    return sure


def apart(differences: Mapping[str, FloatArray], customers: IntArray, level: float) -> set[str]:
    """Names whose own interval at this level excludes zero; arguments as in `holm`."""
    if not differences:
        return set()
    # The more models, the further out the quantile: at least five draws lie beyond it.
    resamples = max(1000, round(10 / (1 - level)))
    found = bootstrap(differences, customers, resamples=resamples, level=level)
    return {name for name, value in found.items() if value.low > 0 or value.high < 0}
