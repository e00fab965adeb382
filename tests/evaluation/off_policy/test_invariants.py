"""What holds for every log: hypothesis draws them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.evaluation.off_policy import estimators, slates
from recsys.evaluation.off_policy.diagnostics import effective_sample
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.thresholds import slope


@st.composite
def problems(draw: st.DrawFn) -> tuple[LoggedDecisions, np.ndarray, np.ndarray, np.ndarray]:
    """A log of slates of two, its logging policy, a target policy and a reward model."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, width = 2 * draw(st.integers(1, 20)), draw(st.integers(1, 5))
    logging, target = rng.dirichlet(np.ones(width), (2, count))
    logging = 0.2 / width + 0.8 * logging
    actions = rng.integers(0, width, count)
    log = LoggedDecisions(
        actions=actions,
        rewards=rng.normal(size=count),
        propensities=logging[np.arange(count), actions],
        slate_ids=np.arange(count) // 2,
        positions=np.arange(count) % 2,
    )
    return log, logging, target, rng.normal(size=target.shape)


@given(problems())
def test_the_logging_policy_is_worth_its_mean_reward(problem: tuple) -> None:
    log, logging, _, _ = problem
    mean = log.rewards.mean()
    for function in (estimators.ips, estimators.snips):
        assert function(log, logging).estimate == pytest.approx(mean, abs=1e-12)
    for function in (slates.slate_ips, slates.independent_ips, slates.cascade_ips):
        assert function(log, logging).estimate == pytest.approx(2 * mean, abs=1e-12)


@given(problems(), st.floats(-3, 3), st.floats(-3, 3))
def test_rewards_scaled_and_shifted_scale_and_shift_the_value(
    problem: tuple, scale: float, shift: float
) -> None:
    log, _, target, q = problem
    changed = replace(log, rewards=scale * log.rewards + shift)
    snips = estimators.snips(log, target).estimate
    assert estimators.snips(changed, target).estimate == pytest.approx(
        scale * snips + shift, rel=1e-9, abs=1e-9
    )
    robust = estimators.doubly_robust(log, target, q).estimate
    assert estimators.doubly_robust(changed, target, scale * q + shift).estimate == pytest.approx(
        scale * robust + shift, rel=1e-9, abs=1e-9
    )


@given(problems(), st.integers(0, 1000))
def test_the_order_of_rows_and_the_numbers_of_actions_do_not_matter(
    problem: tuple, seed: int
) -> None:
    log, _, target, q = problem
    rng = np.random.default_rng(seed)
    rows, names = rng.permutation(len(log)), rng.permutation(target.shape[1])
    shuffled = LoggedDecisions(
        actions=np.argsort(names)[log.actions[rows]],
        rewards=log.rewards[rows],
        propensities=log.propensities[rows],
        slate_ids=log.slate_ids[rows],
        positions=log.positions[rows],
    )
    moved, model = target[rows][:, names], q[rows][:, names]
    for function in (estimators.snips, slates.slate_ips, slates.cascade_ips):
        expected = function(log, target).estimate
        assert function(shuffled, moved).estimate == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for function in (estimators.doubly_robust, slates.cascade_dr):
        expected = function(log, target, q).estimate
        assert function(shuffled, moved, model).estimate == pytest.approx(
            expected, rel=1e-9, abs=1e-9
        )


@given(problems())
def test_limits_of_thresholds_are_ips_doubly_robust_and_the_direct_method(problem: tuple) -> None:
    log, _, target, q = problem
    robust = estimators.doubly_robust(log, target, q).estimate
    direct = estimators.direct_method(log, target, q).estimate
    switched = estimators.switch_dr(log, target, q, threshold=np.inf).estimate
    assert switched == pytest.approx(robust, abs=1e-12)
    assert estimators.dr_shrinkage(log, target, q, shrinkage=np.inf).estimate == robust
    assert estimators.dr_shrinkage(log, target, q, shrinkage=0).estimate == direct
    assert (
        estimators.clipped_ips(log, target, cap=np.inf).estimate
        == estimators.ips(log, target).estimate
    )


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=30), st.floats(0.01, 100))
def test_the_effective_sample_lies_between_one_and_all_whatever_the_scale(
    weights: list[float], scale: float
) -> None:
    size = effective_sample(np.array(weights))
    assert 1 - 1e-9 <= size <= len(weights) + 1e-9
    assert effective_sample(scale * np.array(weights)) == pytest.approx(size)


@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 8)), min_size=1, max_size=8))
def test_all_intervals_up_to_the_one_that_slope_selects_overlap(pairs: list) -> None:
    estimates, widths = zip(*pairs, strict=True)
    half = np.array(widths)
    chosen = slope(np.array(estimates), 2 * (half[:, None] + half))
    ends = [(e - 2 * w, e + 2 * w) for e, w in pairs]
    meets = [max(lo for lo, _ in ends[: i + 1]) <= min(hi for _, hi in ends[: i + 1])
             for i in range(len(ends))]  # fmt: skip
    assert all(meets[: chosen + 1])
    assert chosen == len(ends) - 1 or not meets[chosen + 1]
