"""Implied weights are the derivatives of an estimate, and intervals hold the noise of the fit."""

import numpy as np
import pytest

from recsys.evaluation.off_policy.cross_fitting import CrossFitted
from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
from recsys.evaluation.off_policy.grouped_rewards import ByGroup
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.model_noise import noise_of_fit
from recsys.evaluation.off_policy.reward_models import (
    ActionMean,
    ActionRidge,
    LinearRewardModel,
    Regressor,
)

RNG = np.random.default_rng(0)
N, A = 60, 4
CONTEXT = np.column_stack([RNG.integers(0, 3, N), RNG.normal(size=(N, 2))])
ACTIONS = RNG.integers(0, A - 1, N)  # the last is never played
REWARDS = RNG.normal(size=N) + ACTIONS
TARGET = RNG.dirichlet(np.ones(A), N)
MODELS = [ActionMean(), ActionMean(prior=2.0), ActionRidge(0.5), ByGroup(ActionRidge(2.0))]


def _estimate(model: LinearRewardModel, rewards: np.ndarray, weights: np.ndarray) -> float:
    q = model.fit(ACTIONS, rewards, CONTEXT, A)(CONTEXT)
    return float(((TARGET * q).sum(axis=1) - weights * q[np.arange(N), ACTIONS]).mean())


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_implied_weights_are_derivatives_by_each_reward(model: LinearRewardModel) -> None:
    weights = np.column_stack([np.zeros(N), RNG.random(N) * 3])
    implied = model.implied_weights(ACTIONS, CONTEXT, TARGET)(weights)
    for column in range(2):
        before = _estimate(model, REWARDS, weights[:, column])
        for row in (0, 17, 41):
            moved = REWARDS + np.eye(N)[row]
            change = _estimate(model, moved, weights[:, column]) - before
            assert implied[row, column] / N == pytest.approx(change, abs=1e-12)


def test_the_direct_method_of_linear_models_weighs_rewards_by_its_implied_weights() -> None:
    for model in MODELS:
        implied = model.implied_weights(ACTIONS, CONTEXT, TARGET)(np.zeros((N, 1)))[:, 0]
        expected = _estimate(model, REWARDS, np.zeros(N))
        assert (implied * REWARDS).mean() == pytest.approx(expected)


def test_a_model_of_groups_is_a_model_of_each_group() -> None:
    predict = ByGroup(ActionRidge()).fit(ACTIONS, REWARDS, CONTEXT, A)
    rows = CONTEXT[:, 0] == 1
    alone = ActionRidge().fit(ACTIONS[rows], REWARDS[rows], CONTEXT[rows, 1:], A)
    np.testing.assert_allclose(predict(CONTEXT)[rows], alone(CONTEXT[rows, 1:]))
    unseen = np.array([[9.0, 0.3, 0.2]])
    of_all = ActionRidge().fit(ACTIONS, REWARDS, CONTEXT[:, 1:], A)
    np.testing.assert_allclose(predict(unseen), of_all(unseen[:, 1:]))


def _log(seed: int, size: int = 800) -> tuple[LoggedDecisions, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    context = np.random.default_rng(9).normal(size=(size, 2))
    actions = rng.integers(0, 3, size)
    rewards = context[:, 0] * (actions == 1) + 0.5 * actions + rng.normal(size=size)
    log = LoggedDecisions(actions=actions, rewards=rewards, propensities=np.full(size, 1 / 3))
    return log, context, np.tile([0.0, 0.2, 0.8], (size, 1))


def test_intervals_of_the_direct_method_hold_the_noise_of_the_fit() -> None:
    _, context, target = _log(0)
    truth = float((0.2 * (0.5 + context[:, 0]) + 0.8).mean())
    inside = 0
    for seed in range(200):
        log, context, target = _log(seed)
        value = evaluate_policy(
            log, target, estimators=["dm"], reward_model=ActionRidge(), context=context,
            interval="normal", seed=seed,
        )  # fmt: skip
        interval = value.estimates["dm"].interval
        inside += interval.low <= truth <= interval.high
    assert 0.91 <= inside / 200 <= 0.99


def test_models_that_are_not_linear_and_predictions_have_no_known_noise() -> None:
    log, context, target = _log(0)
    for model in (None, Regressor(lambda: None)):
        fitted = CrossFitted(predictions=np.zeros((len(log), 3)), model=model, context=context)
        assert noise_of_fit(log, target, fitted) is None
        value = evaluate_policy(log, target, reward_model=fitted)
        assert value.recommended == "dr"
    assert evaluate_policy(log, target).recommended == "dr_shrinkage"
    assert evaluate_policy(log, target[np.arange(800), log.actions]).recommended == "snips"
