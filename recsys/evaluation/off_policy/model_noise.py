"""What the fit of a reward model adds to the error of an estimate.

The terms of an estimate take the fitted predictions as given. The fit has noise of its own: it is
all of the noise of the direct method but for its mean over contexts, and next to none of doubly
robust. It is also shared: where a model is fitted on the log that it corrects, the direct method
and doubly robust are much closer to each other than their terms tell, and a bias of the model
shows much earlier.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from recsys.arrays import FloatArray
from recsys.evaluation.off_policy.cross_fitting import CrossFitted
from recsys.evaluation.off_policy.log import LoggedDecisions, of_logged_action
from recsys.evaluation.off_policy.reward_models import LinearRewardModel

Noise: TypeAlias = Callable[[FloatArray], FloatArray]
"""A function of weights [N, M] of residuals that returns noise [N, M], each column with mean 0."""


def noise_of_fit(
    log: LoggedDecisions, target: FloatArray, fitted: CrossFitted | None
) -> Noise | None:
    """The noise that a linear reward model adds to the mean of v_i + s_i (r_i - q_i).

    To first order each reward enters by its implied weight times its residual. Cross-fitting leaves
    that as it is: each decision is in the fit of all folds but one, and each fit is larger in turn.

    Args:
        log: single decisions.
        target: [N, A] probabilities.
        fitted: the reward model and its predictions.

    Returns:
        None where the model does not tell implied weights.
    """
    if fitted is None or log.has_slates or not isinstance(fitted.model, LinearRewardModel):
        return None
    implied = fitted.model.implied_weights(log.actions, fitted.context, target)
    residuals = log.rewards - of_logged_action(log, fitted.predictions)

    def noise(weights: FloatArray) -> FloatArray:
        values = implied(weights) * residuals[:, None]
        return np.asarray(values - values.mean(axis=0))

    return noise
