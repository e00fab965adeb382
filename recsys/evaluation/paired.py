"""Two models on the same queries: which one wins, by how much, and how certain that is."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.intervals import bootstrap, by_customer

Verdict: TypeAlias = Literal["win", "tie", "loss"]


@dataclass(frozen=True)
class Difference:
    """Mean of a - b over paired queries, its interval, and the verdict at that level."""

    mean: float
    low: float
    high: float
    verdict: Verdict


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
        customers: [Q] row numbers of the queries' customers.
        resamples: bootstrap resamples of customers.
        level: confidence of the interval.
        seed: of the resampling; the same seed gives the same interval.

    Returns:
        "win" where the whole interval lies above zero, "loss" where below, else "tie".
    """
    interval = bootstrap(
        {"difference": a - b}, customers, resamples=resamples, level=level, seed=seed
    )["difference"]
    verdict = verdict_of(interval.low, interval.high)
    return Difference(interval.mean, interval.low, interval.high, verdict)


def verdict_of(low: float, high: float) -> Verdict:
    """What an interval of a difference says: "win" above zero, "loss" below, else "tie"."""
    if low > 0:
        return "win"
    return "loss" if high < 0 else "tie"


def wilcoxon(a: FloatArray, b: FloatArray, customers: IntArray) -> float:
    """Two-sided p-value of Wilcoxon's (1945) signed-rank test on customers' mean differences.

    A customer is one observation: the mean of a - b over their queries. Differences of 0 are left
    out, as in the paper. The test asks whether differences lie symmetrically about 0; it sees
    many small ones where the mean sees a few large ones, so the two may disagree.

    Args:
        a: [Q] values of the first model; nan for none.
        b: [Q] values of the second, for the same queries in the same order.
        customers: [Q] row numbers of the queries' customers.

    Returns:
        Between 0 and 1; 1 where no customer has a difference other than 0.
    """
    # Imported late: it takes long.
    from scipy import stats

    both = ~np.isnan(a + b)
    amounts = np.column_stack([a - b, np.ones(len(a))])[both]
    total, count = by_customer(amounts, customers[both]).T
    differences = (total / count)[total != 0]
    return float(stats.wilcoxon(differences).pvalue) if len(differences) else 1.0
