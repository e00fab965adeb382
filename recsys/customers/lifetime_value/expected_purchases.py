"""The expected number of purchases under BG/NBD, for many customers at once."""

import numpy as np
from scipy.special import betaincinv, hyp2f1

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory

_NODES = 24
"""Chebyshev points over the ages of customers with the same number of purchases. The function is
analytic there; with 24 points its error is below 1e-10."""
_NEAR = 1e-6
_POINTS = 200
"""Of the quadrature where the hypergeometric function overflows."""


def bg_nbd_expectation(
    parameters: FloatArray, history: PurchaseHistory, duration: float
) -> FloatArray:
    """[n] float64 purchases in the next `duration`.

    Equation 10 of Fader, Hardie and Lee (2005) after Euler's transformation of its hypergeometric
    function, which takes the powers of r+x out of it:

        (a+b+x-1)/(a-1) (1 - (1-z)^(a-1) 2F1(a-1, a+b-1-r; a+b+x-1; z)) / (1 + [x>0] e^u)
        z = s / (alpha+T+s) for a duration s

    The numerator depends on x and T only: it is computed for each pair where there are few, else at
    Chebyshev points of T for each x.

    Args:
        parameters: [4] r, alpha, a, b; a within 1e-6 of 1, where the formula is 0/0, is moved away.
        history: of the customers.
        duration: in the unit of the history.
    """
    r, alpha, a, b = parameters
    if abs(a - 1) < _NEAR:
        a = 1 + _NEAR
    result = np.empty(len(history))
    order = np.argsort(history.purchases, kind="stable")
    counts, starts = np.unique(history.purchases[order], return_index=True)
    for count, rows in zip(counts, np.split(order, starts[1:]), strict=True):
        result[rows] = _taken(float(count), history.age[rows], (r, alpha, a, b), duration)
    repeats = np.flatnonzero(history.purchases > 0)
    x, t, age = (column[repeats] for column in history.columns)
    with np.errstate(over="ignore"):
        odds = a / (b + x - 1) * np.exp((r + x) * np.log((alpha + age) / (alpha + t)))
    result[repeats] /= 1 + odds
    return result


def _taken(
    x: float, ages: FloatArray, parameters: tuple[float, float, float, float], duration: float
) -> FloatArray:
    """Purchases of customers who are active for certain, by age."""

    def at(age: FloatArray) -> FloatArray:
        r, alpha, a, b = parameters
        z = duration / (alpha + age + duration)
        with np.errstate(invalid="ignore", over="ignore"):
            lost = (1 - z) ** (a - 1) * hyp2f1(a - 1, a + b - 1 - r, a + b + x - 1, z)
        far = ~np.isfinite(lost)
        if far.any():
            lost[far] = _lost_by_quadrature(x, age[far], parameters, duration)
        numbers: FloatArray = (a + b + x - 1) / (a - 1) * (1 - lost)
        return numbers

    low, high = ages.min(), ages.max()
    if len(ages) <= _NODES or low == high:
        return at(ages)
    # Equal steps of ln(alpha + T), by which the function is nearly straight.
    alpha = parameters[1]
    first, last = np.log(alpha + low), np.log(alpha + high)
    middle, half = (first + last) / 2, (last - first) / 2
    nodes = np.polynomial.chebyshev.chebpts1(_NODES)
    values = at(np.exp(middle + half * nodes) - alpha)
    series = np.polynomial.chebyshev.chebfit(nodes, values, _NODES - 1)
    where: FloatArray = np.polynomial.chebyshev.chebval(
        (np.log(alpha + ages) - middle) / half, series
    )
    return where


def _lost_by_quadrature(
    x: float, ages: FloatArray, parameters: tuple[float, float, float, float], duration: float
) -> FloatArray:
    """The same share where an `a` of hundreds or more makes the function overflow, within 1e-7.

    Euler's integral of the function before its transformation is the mean of

        (1 + s / (alpha+T) U)^-(r+x), U ~ Beta(a - 1, b + x)

    taken here over Gauss-Legendre points of the distribution function of U.
    """
    r, alpha, a, b = parameters
    points, weights = np.polynomial.legendre.leggauss(_POINTS)
    drawn = betaincinv(a - 1, b + x, (points + 1) / 2)
    growth = np.log1p(np.multiply.outer(duration / (alpha + ages), drawn))
    share: FloatArray = np.exp(-(r + x) * growth) @ (weights / 2)
    return share
