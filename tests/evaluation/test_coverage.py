"""How often 95 % intervals hold the truth: 10,000 simulated evaluations of recall.

Each customer finds a relevant product with a chance of their own, which a beta distribution gives;
they ask one to ten queries with one to thirty relevant products each. The true mean is known.
"""

import numpy as np
import pytest

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.intervals import bootstrap, lift
from recsys.evaluation.paired import paired_difference

SKEWED = (0.3, 5.0)
"""Recall of 0.06 in the mean, skewness 3.8: most find nothing, a few nearly all."""

USUAL = (0.8, 3.4)
"""Recall of 0.19, skewness 1.6, as of good models on Gowalla."""

WORSE = 0.9
"""The second model finds so much of what the first finds, on average."""

REPLICATIONS, TOGETHER = 10_000, 100
"""Replications that share the numbers of queries and the resamples of one call."""


def simulated(
    customers: int, block: int, kind: tuple[float, float]
) -> tuple[FloatArray, FloatArray, IntArray]:
    """[Q, TOGETHER] recall of two models on the same queries, and [Q] who asked."""
    generator = np.random.default_rng([customers, block])
    customers_of = np.repeat(
        np.arange(customers), 1 + np.minimum(generator.poisson(1.0, customers), 9)
    )
    chance = generator.beta(*kind, (customers, TOGETHER))[customers_of]
    relevant = np.minimum(generator.geometric(0.35, (len(customers_of), 1)), 30)
    first = generator.binomial(relevant, chance) / relevant
    return first, generator.binomial(relevant, chance * WORSE) / relevant, customers_of


def covered(customers: int, what: str, kind: tuple[float, float]) -> float:
    """Share of the replications whose interval holds the truth."""
    held, mean = 0, kind[0] / sum(kind)
    for block in range(REPLICATIONS // TOGETHER):
        first, second, customers_of = simulated(customers, block, kind)
        values = first if what == "mean" else first - second
        truth = mean if what == "mean" else mean * (1 - WORSE)
        result = bootstrap(dict(enumerate(values.T)), customers_of, seed=block)
        held += sum(interval.low <= truth <= interval.high for interval in result.values())
    return held / REPLICATIONS


@pytest.mark.slow
@pytest.mark.parametrize("what", ["mean", "difference"])
@pytest.mark.parametrize(
    ("customers", "kind"),
    [(50, USUAL), (200, USUAL), (1000, USUAL), (1000, SKEWED), (2000, SKEWED)],
)
def test_ninety_five_per_cent_are_ninety_four_to_ninety_six(
    customers: int, kind: tuple[float, float], what: str
) -> None:
    assert 0.94 <= covered(customers, what, kind) <= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("what", ["mean", "difference"])
@pytest.mark.parametrize(("customers", "least"), [(20, 0.84), (50, 0.9), (100, 0.92), (200, 0.93)])
def test_a_few_skewed_customers_cover_less(customers: int, least: float, what: str) -> None:
    # Plain percentiles hold one to two points less; what is left no resampling of so few can see.
    assert least <= covered(customers, what, SKEWED) <= 0.96


@pytest.mark.slow
def test_the_ratio_of_two_models_covers_as_often() -> None:
    held = 0
    for block in range(REPLICATIONS // TOGETHER):
        first, second, customers_of = simulated(500, block, USUAL)
        for column in range(0, TOGETHER, 10):
            result = lift(first[:, column], second[:, column], customers_of, seed=block + column)
            held += result.low <= 1 / WORSE <= result.high
    assert 0.935 <= held / (REPLICATIONS / 10) <= 0.965


def test_a_paired_difference_is_the_interval_of_the_differences() -> None:
    first, second, customers_of = simulated(100, 0, USUAL)
    result = paired_difference(first[:, 0], second[:, 0], customers_of, seed=5)
    wanted = bootstrap({"d": (first - second)[:, 0]}, customers_of, seed=5)["d"]
    assert (result.low, result.high) == (wanted.low, wanted.high)
