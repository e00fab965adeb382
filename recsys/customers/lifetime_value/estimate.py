"""How certain an expectation is, from how certain the parameters of its model are."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.newton import Fit

_STEP = 1e-4
"""Of a logarithm: the error of the central difference is about its square."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """An expectation for each customer, with its interval.

    Attributes:
        mean: [n] float64.
        low: [n] float64 lower end.
        high: [n] float64 upper end.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray


def with_interval(
    expected: Callable[[FloatArray], FloatArray], fits: tuple[Fit, ...], level: float = 0.95
) -> Estimate:
    """The expectation at the fitted parameters, with an interval by the delta method.

    The interval is of the expectation, not of what a customer will do: it says how well the
    parameters are known. It is taken on the logarithm, so that it stays above 0.

    Args:
        expected: parameters of all models, [K] one behind the other -> [n] above 0.
        fits: of the models, which were fitted on their own: their errors are taken as independent.
        level: of the interval.
    """
    parameters = np.concatenate([fit.parameters for fit in fits])
    mean = expected(parameters)
    variance = np.zeros(len(mean))
    first = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        for fit in fits:
            slopes = np.stack([
                _slope(expected, parameters, first + at) for at in range(len(fit.parameters))
            ])  # fmt: skip
            variance += np.einsum("kn,kl,ln->n", slopes, fit.covariance, slopes, optimize=True)
            first += len(fit.parameters)
    spread = ndtri((1 + level) / 2) * np.sqrt(np.nan_to_num(np.maximum(variance, 0)))
    with np.errstate(over="ignore"):  # a parameter that is not determined has no upper end
        return Estimate(mean=mean, low=mean * np.exp(-spread), high=mean * np.exp(spread))


def _slope(
    expected: Callable[[FloatArray], FloatArray], parameters: FloatArray, at: int
) -> FloatArray:
    """[n] the derivative of the logarithm of an expectation by that of a parameter."""
    up, down = parameters.copy(), parameters.copy()
    up[at] *= np.exp(_STEP)
    down[at] *= np.exp(-_STEP)
    slope: FloatArray = (np.log(expected(up)) - np.log(expected(down))) / (2 * _STEP)
    return slope
