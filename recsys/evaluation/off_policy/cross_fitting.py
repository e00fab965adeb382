"""Expected rewards from reward models of other customers, for single decisions and slates.

The log is split by customer and each part predicted with a model of the others, so that no term of
an estimator is made with its own outcome (Chernozhukov et al., 2018).
"""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.estimators import model_value
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.reward_models import ActionMean, RewardModel
from recsys.evaluation.off_policy.slates import slate_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossFitted:
    """Expected rewards, and the reward model that they are from.

    Attributes:
        predictions: [N, A] each made without the decision's own reward.
        model: None where the predictions were made elsewhere.
        context: [N, D] features that the model was fitted on.
    """

    predictions: FloatArray
    model: RewardModel | None
    context: FloatArray


def folds_of(units: IntArray, folds: int, generator: np.random.Generator) -> IntArray:
    """[N] the fold of each row; rows of one unit share it, and folds differ by at most one unit.

    Args:
        units: [N] customers, or what else is independent.
        folds: K, from 2 to the number of units.
        generator: shuffles the units.

    Raises:
        InputError: fewer than two folds, or fewer units than folds.
    """
    ids, rows = np.unique(units, return_inverse=True)
    if not 2 <= folds <= len(ids):
        raise InputError(
            f"folds: expected 2 to {len(ids)}, the number of customers, got {folds}; a reward "
            "model predicts customers that it was not fitted on"
        )
    return (generator.permutation(len(ids)) % folds)[rows]


def cross_fitted(
    model: RewardModel,
    log: LoggedDecisions,
    *,
    n_actions: int,
    generator: np.random.Generator,
    context: FloatArray | None = None,
    folds: int = 5,
) -> FloatArray:
    """[N, A] expected rewards, each predicted by a model of other customers.

    Args:
        model: as `ActionMean()`.
        log: the decisions.
        n_actions: A.
        generator: draws the folds.
        context: [N, D] features of the decisions; None for none.
        folds: number of parts of the log.

    Raises:
        InputError: the context has another shape or gaps, or there are too few customers.
    """
    features = check_context(context, len(log))
    fold = folds_of(log.units, folds, generator)
    return _predicted_by_fold(model, log.actions, log.rewards, features, n_actions, fold)


def fit_rewards(
    log: LoggedDecisions,
    target: FloatArray,
    reward_model: RewardModel | CrossFitted | FloatArray | None,
    *,
    context: FloatArray | None,
    folds: int,
    reward_range: tuple[float, float] | None,
    seed: int,
) -> CrossFitted:
    """Expected rewards of all actions; arguments as for `evaluate_policy`."""
    if isinstance(reward_model, CrossFitted):
        if not log.has_slates or reward_model.model is None:
            return reward_model
        reward_model = reward_model.model  # predictions for slates depend on the target
    generator = np.random.default_rng([seed, 1])  # not the stream of the resampling
    features = check_context(context, len(log))
    model: RewardModel | None = None
    if isinstance(reward_model, np.ndarray):
        predictions: FloatArray = np.asarray(reward_model, np.float64)
        if not np.isfinite(predictions).all():
            raise InputError("reward_model: expected finite predictions, got nan or infinity")
    elif log.has_slates:
        model = reward_model or ActionMean()
        predictions = cross_fitted_slates(
            model, log, target, generator=generator, context=features, folds=folds
        )
    else:
        model = reward_model or ActionMean()
        predictions = cross_fitted(
            model, log,
            n_actions=target.shape[1], generator=generator, context=features, folds=folds,
        )  # fmt: skip
    if reward_range is not None and not log.has_slates:
        predictions = np.clip(predictions, *reward_range)
    return CrossFitted(predictions=predictions, model=model, context=features)


def cross_fitted_slates(
    model: RewardModel,
    log: LoggedDecisions,
    target: FloatArray,
    *,
    generator: np.random.Generator,
    context: FloatArray | None = None,
    folds: int = 5,
) -> FloatArray:
    """[N, A] expected reward of an action's position and all below it, for `cascade_dr`.

    Fitted from the last position up (Kiyohara et al., 2022, without their importance weights): the
    label of position k is its reward plus the value of the target policy at position k + 1, as the
    model of that position predicts it. A fold of customers is left out of all positions at once.

    Args:
        model: as `ActionMean()`.
        log: slates.
        target: [N, A] probabilities given the actions above.
        generator: draws the folds.
        context: [N, D] features of the rows, which may tell the actions above; None for none.
        folds: number of parts of the log.
    """
    features = check_context(context, len(log))
    fold = folds_of(log.units, folds, generator)
    slate, column = slate_rows(log)
    predictions = np.empty(target.shape)
    for k in range(folds):
        # Labels come from models without this fold, so that nothing of it returns from below.
        below = np.zeros(slate.max() + 1)
        for position in range(column.max(), -1, -1):
            rows = np.flatnonzero(column == position)
            train = rows[fold[rows] != k]
            _require_rows(len(train), position)
            labels = log.rewards[train] + below[slate[train]]
            predict = model.fit(log.actions[train], labels, features[train], target.shape[1])
            scores = predict(features[rows])
            below[slate[rows]] = model_value(target[rows], scores)
            inside = fold[rows] == k
            predictions[rows[inside]] = scores[inside]
    return predictions


def check_context(context: FloatArray | None, size: int) -> FloatArray:
    """[N, D] the context as float64, [N, 0] for None. Raises `InputError` where it has gaps."""
    if context is None:
        return np.empty((size, 0))
    features = np.asarray(context, np.float64)
    if features.ndim != 2 or len(features) != size:
        raise InputError(f"context: expected shape [{size}, features], got {list(features.shape)}")
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"context: expected finite numbers, got {features[row, column]} in row {row}, column "
            f"{column}; fill gaps first"
        )
    return features


def _predicted_by_fold(
    model: RewardModel,
    actions: IntArray,
    rewards: FloatArray,
    context: FloatArray,
    n_actions: int,
    fold: IntArray,
) -> FloatArray:
    predictions = np.empty((len(actions), n_actions))
    for k in range(fold.max() + 1):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        predict = model.fit(actions[train], rewards[train], context[train], n_actions)
        predictions[test] = predict(context[test])
    return predictions


def _require_rows(count: int, position: int) -> None:
    if not count:
        raise InputError(
            f"folds: position {position} is reached by customers of one fold only; use fewer "
            "folds or leave out the few long slates"
        )
