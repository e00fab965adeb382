"""Mean and variance of a customer's reward under a policy that has not been live yet."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.diagnostics import effective_sample
from recsys.policy.live_tests.rewards import Moments

FEWEST = 100
"""The effective sample below which the log does not carry the policy."""


def off_policy_moments(
    customers: IntArray,
    rewards: FloatArray,
    propensities: FloatArray,
    probabilities: FloatArray,
) -> Moments:
    """Moments of a customer's reward under another policy, from logged decisions.

    With weights w = probability / propensity, and decisions whose actions are drawn independently
    given what is known before each, as everywhere in `recsys.evaluation.off_policy`, the sums over
    a customer's decisions

        T = sum w r    and    S = T^2 - sum w^2 r^2 + sum w r^2

    have the mean and the mean square of the customer's reward as expectations (the pairs of two
    decisions are weighted by both, a decision with itself once). Both are divided by the mean
    weight, as in SNIPS. What customers do because of earlier offers is not seen.

    Args:
        customers: [N] row numbers.
        rewards: [N] of the decisions.
        propensities: [N] probability of the logged action under the logging policy; above 0.
        probabilities: [N] probability of the logged action under the other policy.

    Raises:
        InputError: a probability cannot be used, or the log does not carry the policy.
    """
    for name, values, fits, above in (
        ("propensity", propensities, propensities > 0, " above 0"),
        ("probability", probabilities, probabilities >= 0, ""),
    ):
        bad = np.flatnonzero(~(fits & (values <= 1)))
        if len(bad):
            raise InputError(
                f"{name}: row {bad[0]}: expected a probability{above} and up to 1, got "
                f"{values[bad[0]]:g}; fix the value"
            )
    weights = probabilities / propensities
    effective = effective_sample(weights)
    if effective < FEWEST:
        raise InputError(
            f"target: expected an effective sample of at least {FEWEST}, got {effective:.1f}; the "
            "log does not carry this policy; plan with lift= and the log's own variance"
        )
    _, inverse = np.unique(customers, return_inverse=True)
    weights = weights / weights.mean()
    totals = np.bincount(inverse, weights * rewards)
    squares = totals**2 + np.bincount(inverse, (weights - weights**2) * rewards**2)
    mean = float(totals.mean())
    return Moments(mean, max(float(squares.mean()) - mean**2, 0.0), len(totals))
