"""Maximum likelihood of positive parameters by Newton's method on their logarithms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError

Derivatives: TypeAlias = tuple[float, FloatArray, FloatArray]
"""Log-likelihood, its gradient [K] and its Hessian [K, K] by the parameters themselves."""

_STEPS = 200
_DECREMENT = 1e-10
"""Newton's decrement, per customer, below which a maximum is reached."""
_FARTHEST = 12.0
"""A logarithm beyond it means that the maximum lies at zero or at infinity."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Parameters at the maximum of a likelihood.

    Attributes:
        parameters: [K] float64, all above 0.
        covariance: [K, K] float64 of their logarithms: the inverse of the observed information.
        log_likelihood: at the maximum, summed over customers.
        steps: that Newton's method took.
    """

    parameters: FloatArray
    covariance: FloatArray
    log_likelihood: float
    steps: int


def maximise(
    derivatives: Callable[[FloatArray], Derivatives], start: FloatArray, customers: int
) -> Fit:
    """The maximum of a log-likelihood over positive parameters.

    Steps are Newton's where the Hessian is negative definite, else damped (Levenberg); each is
    halved until the likelihood rises. The logarithms are what is searched, so that no parameter
    leaves its range.

    Args:
        derivatives: of the log-likelihood at parameters [K].
        start: [K] parameters to begin with.
        customers: number of customers, by which the tolerance scales.

    Raises:
        InputError: the likelihood has no maximum at finite parameters above 0.
    """
    logs = np.log(start)
    value, gradient, hessian = _by_logs(derivatives, logs)
    for step in range(_STEPS):
        ascent = _direction(gradient, hessian)
        if gradient @ ascent < _DECREMENT * customers:
            return Fit(
                parameters=np.exp(logs),
                covariance=np.linalg.pinv(-hessian, hermitian=True),
                log_likelihood=value,
                steps=step,
            )
        length = min(1.0, 2.0 / np.abs(ascent).max())
        while True:
            trial = _by_logs(derivatives, logs + length * ascent)
            # The smallest rise that a sum in float64 can show.
            if trial[0] >= value - 1e-13 * abs(value):
                break
            length /= 2
        logs = logs + length * ascent
        value, gradient, hessian = trial
        if np.abs(logs).max() > _FARTHEST:
            break
    raise InputError(
        "lifetime value: the likelihood has no maximum at finite parameters; got "
        f"{', '.join(f'{parameter:.3g}' for parameter in np.exp(logs))} after {step + 1} steps; "
        "use more customers, or a longer time of observation"
    )


def _by_logs(derivatives: Callable[[FloatArray], Derivatives], logs: FloatArray) -> Derivatives:
    """The same derivatives by the logarithms of the parameters."""
    parameters = np.exp(logs)
    value, gradient, hessian = derivatives(parameters)
    scaled = gradient * parameters
    return value, scaled, hessian * np.outer(parameters, parameters) + np.diag(scaled)


def _direction(gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    """Newton's step, with eigenvalues that do not point upwards turned and kept from zero."""
    values, vectors = np.linalg.eigh(-hessian)
    floor = 1e-9 * max(np.abs(values).max(), 1e-300)
    curvature = np.maximum(np.abs(values), floor)
    step: FloatArray = vectors @ ((vectors.T @ gradient) / curvature)
    return step
