import numpy as np
import pytest

from recsys.evaluation.paired import paired_difference, wilcoxon

CUSTOMERS = np.arange(200)
NOISE = np.random.default_rng(0).normal(0, 0.1, 200)
BASE = np.random.default_rng(1).random(200)


def test_win_tie_and_loss() -> None:
    assert paired_difference(BASE + 0.05 + NOISE, BASE, CUSTOMERS).verdict == "win"
    assert paired_difference(BASE, BASE + 0.05 + NOISE, CUSTOMERS).verdict == "loss"
    centred = NOISE - NOISE.mean()
    assert paired_difference(BASE + centred, BASE, CUSTOMERS).verdict == "tie"


def test_equal_models_tie_with_no_width() -> None:
    result = paired_difference(BASE, BASE, CUSTOMERS)
    assert (result.mean, result.low, result.high, result.verdict) == (0, 0, 0, "tie")


def test_pairing_sees_what_two_intervals_do_not() -> None:
    # The difference is a tenth of the spread between customers, yet the same for all of them.
    assert paired_difference(BASE + 0.02, BASE, CUSTOMERS).verdict == "win"


@pytest.mark.parametrize("shift", [-0.05, 0.0, 0.01, 0.05])
def test_antisymmetric(shift: float) -> None:
    customers = CUSTOMERS // 3
    first = paired_difference(BASE + shift + NOISE, BASE, customers)
    other = paired_difference(BASE, BASE + shift + NOISE, customers)
    assert (other.mean, other.low, other.high) == pytest.approx(
        (-first.mean, -first.high, -first.low)
    )
    mirror = {"win": "loss", "loss": "win", "tie": "tie"}
    assert other.verdict == mirror[first.verdict]


def test_the_mean_by_hand() -> None:
    a, b = np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.5, 0.25])
    assert paired_difference(a, b, np.array([0, 0, 1])).mean == pytest.approx(0.75 / 3)


def test_many_queries_of_one_customer_do_not_make_a_win() -> None:
    customers = np.r_[np.zeros(500, int), np.arange(1, 6)]
    difference = np.r_[np.full(500, 0.1), np.full(5, -0.1)]
    assert paired_difference(difference, np.zeros(505), customers).verdict == "tie"
    # ... while 500 customers would.
    assert paired_difference(difference, np.zeros(505), np.arange(505)).verdict == "win"


def test_the_seed_settles_the_interval() -> None:
    first, same, other = (
        paired_difference(BASE + NOISE, BASE, CUSTOMERS, seed=seed) for seed in (0, 0, 1)
    )
    assert first == same != other


def test_wilcoxon_by_hand() -> None:
    # Differences 1, 2, 3, 4, -5 of five customers: the negative ranks sum to 5. Of the 32 equally
    # likely patterns of signs ten have a sum of at most 5, so p = 2 * 10 / 32.
    a = np.array([1.0, 2.0, 3.0, 4.0, -5.0])
    assert wilcoxon(a, np.zeros(5), np.arange(5)) == pytest.approx(20 / 32)
    # All on one side: 2 / 32, whichever side it is.
    assert wilcoxon(np.abs(a), np.zeros(5), np.arange(5)) == pytest.approx(2 / 32)
    assert wilcoxon(np.zeros(5), np.abs(a), np.arange(5)) == pytest.approx(2 / 32)


def test_wilcoxon_takes_a_customer_as_one() -> None:
    customers = np.array([0, 0, 0, 1, 1, 2, 3, 4, 5])
    # Means 1, 2, 3, 4, -5 and, for the last, nothing to say.
    a = np.array([0.0, 1.0, 2.0, 1.0, 3.0, 3.0, 4.0, -5.0, 0.0])
    assert wilcoxon(a, np.zeros(9), customers) == pytest.approx(20 / 32)
    assert wilcoxon(np.r_[a, np.nan], np.zeros(10), np.r_[customers, 6]) == pytest.approx(20 / 32)


def test_wilcoxon_of_equal_models_is_one() -> None:
    assert wilcoxon(BASE, BASE, CUSTOMERS) == 1
    assert wilcoxon(np.array([np.nan]), np.array([0.0]), np.array([0])) == 1
    assert wilcoxon(BASE + 0.05 + NOISE, BASE, CUSTOMERS) < 1e-6


def test_a_difference_counts_where_both_have_a_value() -> None:
    a, b = np.array([1.0, np.nan, 3.0]), np.array([0.5, 2.0, np.nan])
    result = paired_difference(a, b, np.arange(3))
    assert (result.mean, result.verdict) == (0.5, "win")
    nothing = paired_difference(a[1:], b[1:], np.arange(2))
    assert (np.isnan(nothing.mean), nothing.verdict) == (True, "tie")
