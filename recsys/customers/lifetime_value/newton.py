"""Maximum likelihood of positive parameters by Newton's method on their logarithms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError

Derivatives: TypeAlias = tuple[float, FloatArray, FloatArray]
"""Log-likelihood, its gradient [K] and its Hessian [K, K] by the parameters themselves."""

_STEPS = 200
_DECREMENT = 1e-10
"""Newton's decrement, per customer, below which a maximum is reached."""
FARTHEST = 12.0
"""The search keeps logarithms within +- 12. Where nobody leaves, or all buy at one rate, a
likelihood rises for ever towards such an end, and what lies beyond it changes no forecast."""
_STALLED = 3
"""Steps in a row without a rise that float64 can show, after which the search ends."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Parameters at the maximum of a likelihood.

    Attributes:
        parameters: [K] float64, all above 0.
        covariance: [K, K] float64 of their logarithms: the inverse of the observed information; 0
            for those at an end.
        at_end: [K] bool, whether a parameter lies at an end of what is searched: the customers do
            not differ in what it describes.
        log_likelihood: at the maximum, summed over customers.
        steps: that Newton's method took.
    """

    parameters: FloatArray
    covariance: FloatArray
    at_end: BoolArray
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
        InputError: no maximum was reached.
    """
    logs = np.clip(np.log(start), -FARTHEST, FARTHEST)
    value, gradient, hessian = by_logs(derivatives, logs)
    stalled = 0
    for step in range(_STEPS):
        at_end = (np.abs(logs) >= FARTHEST) & (gradient * logs > 0)
        ascent = _direction(gradient, hessian, ~at_end)
        if gradient @ ascent < _DECREMENT * customers or stalled == _STALLED:
            return Fit(
                parameters=np.exp(logs),
                covariance=_inverse(-hessian, ~at_end),
                at_end=at_end,
                log_likelihood=value,
                steps=step,
            )
        length = min(1.0, 2.0 / np.abs(ascent).max())
        while True:
            moved = np.clip(logs + length * ascent, -FARTHEST, FARTHEST)
            trial = by_logs(derivatives, moved)
            # The smallest rise that a sum in float64 can show.
            if trial[0] >= value - 1e-13 * abs(value):
                break
            length /= 2
        logs = moved
        stalled = stalled + 1 if trial[0] <= value + 1e-13 * abs(value) else 0
        value, gradient, hessian = trial
    raise InputError(
        "lifetime value: the likelihood has no maximum; got "
        f"{', '.join(f'{parameter:.3g}' for parameter in np.exp(logs))} after {_STEPS} steps; "
        "use more customers, or a longer time of observation"
    )


def by_logs(derivatives: Callable[[FloatArray], Derivatives], logs: FloatArray) -> Derivatives:
    """The same derivatives by the logarithms [K] of the parameters."""
    parameters = np.exp(logs)
    value, gradient, hessian = derivatives(parameters)
    scaled = gradient * parameters
    return value, scaled, hessian * np.outer(parameters, parameters) + np.diag(scaled)


def by_parameters(of_logs: Derivatives, parameters: FloatArray) -> Derivatives:
    """The reverse of `by_logs`."""
    value, gradient, hessian = of_logs
    curved = (hessian - np.diag(gradient)) / np.outer(parameters, parameters)
    return value, gradient / parameters, curved


def _direction(gradient: FloatArray, hessian: FloatArray, free: BoolArray) -> FloatArray:
    """Newton's step, with eigenvalues that do not point upwards turned and kept from zero."""
    values, vectors = np.linalg.eigh(-hessian[np.ix_(free, free)])
    step = np.zeros(len(gradient))
    if free.any():
        floor = 1e-9 * max(np.abs(values).max(), 1e-300)
        curvature = np.maximum(np.abs(values), floor)
        step[free] = vectors @ ((vectors.T @ gradient[free]) / curvature)
    return step


def _inverse(information: FloatArray, free: BoolArray) -> FloatArray:
    """The inverse for parameters that are free, 0 for the others."""
    covariance = np.zeros_like(information)
    inner = np.ix_(free, free)
    covariance[inner] = np.linalg.pinv(information[inner], hermitian=True)
    return covariance
