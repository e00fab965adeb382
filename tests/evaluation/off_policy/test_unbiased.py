"""Expectations by enumerating all outcomes of a tiny log."""

from itertools import product

import numpy as np
import pytest

from recsys.evaluation.off_policy import estimators, slates
from recsys.evaluation.off_policy.log import LoggedDecisions

LOGGING = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
TARGET = np.array([[0.2, 0.2, 0.6], [0.7, 0.3, 0.0]])
ACCEPTS = np.array([[0.1, 0.5, 0.9], [0.3, 0.2, 0.8]])
Q = np.array([[0.4, -1.0, 2.0], [0.0, 0.7, 0.3]])
TRUTH = (TARGET * ACCEPTS).sum(axis=1).mean()


def _expected(function: object) -> float:
    """Expectation over both actions and both rewards of two decisions."""
    total = 0.0
    for *actions, first, second in product(range(3), range(3), (0, 1), (0, 1)):
        chosen, rewards = np.array(actions), np.array([first, second])
        accepts = ACCEPTS[[0, 1], chosen]
        chance = LOGGING[[0, 1], chosen] * np.where(rewards, accepts, 1 - accepts)
        log = LoggedDecisions(actions=chosen, rewards=rewards, propensities=LOGGING[[0, 1], chosen])
        total += chance.prod() * function(log).estimate  # type: ignore[operator]
    return total


def test_ips_and_doubly_robust_are_unbiased_whatever_the_reward_model() -> None:
    assert _expected(lambda log: estimators.ips(log, TARGET)) == pytest.approx(TRUTH, abs=1e-12)
    robust = _expected(lambda log: estimators.doubly_robust(log, TARGET, Q))
    assert robust == pytest.approx(TRUTH, abs=1e-12)


def test_every_estimator_with_a_true_model_is_unbiased() -> None:
    for function in (
        lambda log: estimators.direct_method(log, TARGET, ACCEPTS),
        lambda log: estimators.switch_dr(log, TARGET, ACCEPTS, threshold=1.0),
        lambda log: estimators.dr_shrinkage(log, TARGET, ACCEPTS, shrinkage=0.5),
    ):
        assert _expected(function) == pytest.approx(TRUTH, abs=1e-12)


@pytest.mark.parametrize("cap", [0.5, 1.0, 2.5])
def test_the_bias_of_clipping_stays_under_its_bound(cap: float) -> None:
    bias = _expected(lambda log: estimators.clipped_ips(log, TARGET, cap=cap)) - TRUTH
    weights = TARGET / LOGGING
    bound = (LOGGING * np.maximum(weights - cap, 0)).sum(axis=1).mean()
    mean_kept = (LOGGING * np.minimum(weights, cap)).sum(axis=1).mean()
    assert 1 - mean_kept == pytest.approx(bound)
    assert abs(bias) <= bound + 1e-12


# A slate of two positions of two actions; the second is chosen after the first.
FIRST, FIRST_TARGET = np.array([0.6, 0.4]), np.array([0.2, 0.8])
SECOND = np.array([[0.5, 0.5], [0.3, 0.7]])
SECOND_TARGET = np.array([[0.9, 0.1], [0.4, 0.6]])


def _slates(accepts: object) -> tuple[float, dict[str, float]]:
    """The true value, and each estimator's expectation, where accepts(a, b) gives two chances."""
    truth, totals = 0.0, dict.fromkeys(("standard", "independent", "cascade", "cascade_dr"), 0.0)
    for a, b, x, y in product((0, 1), (0, 1), (0, 1), (0, 1)):
        chances = accepts(a, b)  # type: ignore[operator]
        outcome = np.prod([c if r else 1 - c for c, r in zip(chances, (x, y), strict=True)])
        truth += FIRST_TARGET[a] * SECOND_TARGET[a, b] * outcome * (x + y)
        log = LoggedDecisions(
            actions=np.array([a, b]), rewards=np.array([x, y]),
            propensities=np.array([FIRST[a], SECOND[a, b]]),
            slate_ids=np.zeros(2, int), positions=np.arange(2),
        )  # fmt: skip
        target = np.stack([FIRST_TARGET, SECOND_TARGET[a]])
        model = np.array([[0.3, -0.2], [0.1 * a, 0.5]])
        marginals = FIRST_TARGET @ SECOND_TARGET, FIRST @ SECOND
        estimates = {
            "standard": slates.slate_ips(log, target),
            "cascade": slates.cascade_ips(log, target),
            "cascade_dr": slates.cascade_dr(log, target, model),
            "independent": slates.independent_ips(
                log, target,
                marginal_target=np.array([FIRST_TARGET[a], marginals[0][b]]),
                marginal_propensities=np.array([FIRST[a], marginals[1][b]]),
            ),
        }  # fmt: skip
        for name, terms in estimates.items():
            totals[name] += FIRST[a] * SECOND[a, b] * outcome * terms.estimate
    return float(truth), totals


def test_slates_read_from_the_top_are_unbiased_in_cascade() -> None:
    truth, expected = _slates(lambda a, b: (0.2 + 0.5 * a, 0.1 + 0.4 * a * b + 0.3 * b))
    for name in ("standard", "cascade", "cascade_dr"):
        assert expected[name] == pytest.approx(truth, abs=1e-12)
    assert abs(expected["independent"] - truth) > 0.01


def test_positions_on_their_own_are_unbiased_with_marginals() -> None:
    truth, expected = _slates(lambda a, b: (0.2 + 0.5 * a, 0.1 + 0.7 * b))
    assert list(expected.values()) == pytest.approx([truth] * 4, abs=1e-12)


def test_a_reward_that_looks_down_is_unbiased_in_standard_ips_only() -> None:
    truth, expected = _slates(lambda a, b: (0.2 + 0.6 * b, 0.1))
    assert expected["standard"] == pytest.approx(truth, abs=1e-12)
    assert abs(expected["cascade"] - truth) > 0.01
