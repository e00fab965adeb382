"""Uplift curves against fractions by hand."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.policy.live_tests.uplift import uplift

SCORES = np.array([4.0, 3.0, 2.0, 1.0])
TREATED = np.array([True, False, True, False])
REWARDS = np.array([2.0, 1.0, 0.0, 1.0])


def test_curves_equal_a_case_by_hand() -> None:
    made = uplift(SCORES, TREATED, REWARDS, resamples=50)
    # After 1, 2, 3, 4 customers: (R_t - R_c n_t / n_c) / 2 = 2/2, (2 - 1)/2, (2 - 2)/2, (2 - 2)/2
    curve = [Fraction(0), Fraction(1), Fraction(1, 2), Fraction(0), Fraction(0)]
    assert made.curve[[0, 25, 50, 75, 100]].tolist() == [float(value) for value in curve]
    # Trapezoids of width 1/4: (1/2 + 3/4 + 1/4 + 0) / 4 = 3/8, less the half of its end, 0.
    assert made.qini.mean == pytest.approx(3 / 8)
    # Uplift times share: 2 * 1/4, (2 - 1) * 2/4, (1 - 1) * 3/4, (1 - 1): area (1/4 + 1/2 + 1/4) / 4
    assert made.auuc.mean == pytest.approx(1 / 4)
    assert made.overall.mean == 0


def test_equal_scores_come_together() -> None:
    made = uplift(np.zeros(4), TREATED, REWARDS + TREATED, resamples=50)
    assert made.qini.mean == pytest.approx(0)
    assert made.overall.mean == 1
    assert made.curve[50] == pytest.approx(1 / 2)


def test_many_scores_give_the_curve_of_few_points() -> None:
    generator = np.random.default_rng(0)
    scores, treated = generator.random(5_000), generator.random(5_000) < 0.5
    rewards = generator.random(5_000) * (1 + treated * scores)
    made = uplift(scores, treated, rewards, resamples=1)
    order = np.argsort(-scores)
    t, y = treated[order], rewards[order]
    n_t, n_c, r_t, r_c = (np.cumsum(part) for part in (t, ~t, t * y, ~t * y))
    with np.errstate(invalid="ignore", divide="ignore"):
        exact = np.insert((r_t - np.where(n_c > 0, r_c * n_t / n_c, 0)) / n_t[-1], 0, 0)
    area = np.trapezoid(exact, dx=1 / 5_000) - exact[-1] / 2
    assert made.curve[[10, 50, 100]] == pytest.approx(exact[[500, 2_500, 5_000]])
    assert made.qini.mean == pytest.approx(area, abs=1e-4)


@given(st.permutations(range(12)), st.integers(0, 3))
def test_the_order_of_rows_has_no_effect(order: list[int], ties: int) -> None:
    scores = np.arange(12.0) // (ties + 1)
    treated, rewards = np.arange(12) % 2 == 0, np.arange(12.0) % 5
    first = uplift(scores, treated, rewards, resamples=1)
    second = uplift(scores[order], treated[order], rewards[order], resamples=1)
    assert np.allclose(first.curve, second.curve)
    assert first.qini.mean == pytest.approx(second.qini.mean)
    assert first.curve[-1] == pytest.approx(first.overall.mean)


def test_scores_that_know_whom_it_helps_have_a_qini_above_0() -> None:
    generator = np.random.default_rng(0)
    helped = generator.random(4_000) < 0.3
    treated = generator.random(4_000) < 0.5
    rewards = (generator.random(4_000) < 0.1 + 0.4 * (helped & treated)).astype(float)
    good = uplift(helped + 0.1 * generator.random(4_000), treated, rewards, resamples=100)
    bad = uplift(generator.random(4_000), treated, rewards, resamples=100)
    assert good.qini.low > 0
    assert bad.qini.low < 0 < bad.qini.high
    assert good.deciles[0].mean == pytest.approx(0.4, abs=0.1)
    assert good.deciles[-1].low < 0 < good.deciles[-1].high
    assert good.overall.low < 0.12 < good.overall.high
    assert (good.low <= good.curve + 1e-12).all()


def test_intervals_hold_the_true_uplift_as_often_as_they_say() -> None:
    generator = np.random.default_rng(1)
    inside = 0
    for seed in range(120):
        treated = generator.random(400) < 0.5
        rewards = generator.exponential(size=400) + 0.3 * treated
        made = uplift(generator.random(400), treated, rewards, resamples=150, seed=seed)
        inside += made.overall.low <= 0.3 <= made.overall.high
    assert 0.9 <= inside / 120 <= 0.99


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((SCORES[:3], TREATED, REWARDS), "scores: expected one for each of 4 customers, got 3"),
        ((SCORES * np.nan, TREATED, REWARDS), "scores: row 0: expected a number, got nan"),
        ((SCORES, TREATED, REWARDS + np.inf), "rewards: row 0: expected a number, got inf"),
        ((SCORES, TREATED & False, REWARDS), "customers in both arms, got none in the treatment"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    arguments: tuple[np.ndarray, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        uplift(*arguments)
