from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from recsys.evaluation.off_policy.cross_fitting import (
    cross_fitted,
    cross_fitted_slates,
    folds_of,
)
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.reward_models import ActionMean, ActionRidge, Regressor

RNG = np.random.default_rng(0)
N, A = 600, 3
CONTEXT = RNG.normal(size=(N, 2))
ACTIONS = RNG.integers(0, A, N)
SLOPES = RNG.normal(size=(2, A))
REWARDS = (CONTEXT @ SLOPES)[np.arange(N), ACTIONS] + ACTIONS
CUSTOMERS = RNG.integers(0, 90, N)


def _log(rewards: np.ndarray = REWARDS, actions: np.ndarray = ACTIONS) -> LoggedDecisions:
    return LoggedDecisions(
        actions=actions, rewards=rewards, propensities=np.full(N, 1 / A), customers=CUSTOMERS
    )


def test_folds_keep_customers_together_and_are_even() -> None:
    fold = folds_of(CUSTOMERS, 5, np.random.default_rng(1))
    people = [set(CUSTOMERS[fold == k]) for k in range(5)]
    assert sum(map(len, people)) == len(set(CUSTOMERS))
    assert max(map(len, people)) - min(map(len, people)) <= 1


@pytest.mark.parametrize(
    "model", [ActionMean(), ActionRidge(), Regressor(LinearRegression)], ids=str
)
def test_a_prediction_does_not_know_its_customers_rewards(model: object) -> None:
    changed = REWARDS.copy()
    changed_rows = CUSTOMERS[0] == CUSTOMERS
    changed[changed_rows] += 1000
    first, second = (
        cross_fitted(
            model, _log(rewards), n_actions=A, context=CONTEXT,  # type: ignore[arg-type]
            generator=np.random.default_rng(1),
        )
        for rewards in (REWARDS, changed)
    )  # fmt: skip
    np.testing.assert_array_equal(first[changed_rows], second[changed_rows])
    assert abs(first - second).max() > 1


def test_the_mean_of_an_action_by_hand_and_of_one_never_played() -> None:
    predict = ActionMean().fit(np.array([0, 0, 2]), np.array([1.0, 2, 6]), np.zeros((3, 0)), 4)
    np.testing.assert_allclose(predict(np.zeros((2, 0))), [[1.5, 3, 6, 3]] * 2)


def test_ridge_equals_scikit_learns_on_features_with_an_intercept() -> None:
    predict = ActionRidge(l2=2.0).fit(ACTIONS, REWARDS, CONTEXT, A + 1)
    scores, mean = predict(CONTEXT), REWARDS.mean()
    features = np.column_stack([np.ones(N), CONTEXT])
    for action in range(A):
        rows = action == ACTIONS
        ridge = Ridge(alpha=2.0, fit_intercept=False).fit(features[rows], REWARDS[rows] - mean)
        np.testing.assert_allclose(scores[:, action], mean + ridge.predict(features), atol=1e-10)
    np.testing.assert_allclose(scores[:, A], mean)


def test_a_regressor_with_features_of_ones_own_finds_the_truth() -> None:
    def features(context: np.ndarray, actions: np.ndarray) -> np.ndarray:
        chosen = actions[:, None] == np.arange(A)
        return np.column_stack([chosen, *(context * chosen[:, [a]] for a in range(A))])

    scores = cross_fitted(
        Regressor(LinearRegression, features), _log(), n_actions=A, context=CONTEXT,
        generator=np.random.default_rng(1),
    )  # fmt: skip
    np.testing.assert_allclose(scores, CONTEXT @ SLOPES + np.arange(A), atol=1e-8)


def test_values_of_slates_add_up_from_the_last_position() -> None:
    # Two positions, the reward of an action is its number: q of the first adds the target's mean.
    actions = RNG.integers(0, 2, N)
    log = LoggedDecisions(
        actions=actions, rewards=actions.astype(float), propensities=np.full(N, 0.5),
        slate_ids=np.arange(N) // 2, positions=np.arange(N) % 2,
    )  # fmt: skip
    target = np.tile([0.25, 0.75], (N, 1))
    scores = cross_fitted_slates(ActionMean(), log, target, generator=np.random.default_rng(1))
    np.testing.assert_allclose(scores[1::2], np.tile([0.0, 1.0], (N // 2, 1)), atol=1e-12)
    np.testing.assert_allclose(scores[::2], np.tile([0.75, 1.75], (N // 2, 1)))


def test_a_model_is_any_object_with_fit() -> None:
    class Constant:
        def fit(
            self, actions: np.ndarray, rewards: np.ndarray, context: np.ndarray, n_actions: int
        ) -> Callable[[np.ndarray], np.ndarray]:
            return lambda rows: np.full((len(rows), n_actions), 7.0)

    scores = cross_fitted(Constant(), _log(), n_actions=A, generator=np.random.default_rng(1))
    assert (scores == 7).all()
