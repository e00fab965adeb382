"""Pareto/NBD: how often customers will buy, where they may leave at any moment."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.newton import Derivatives
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory
from recsys.customers.lifetime_value.repeat_purchases import RepeatPurchases

_CHUNK = 8_192
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


@dataclass
class ParetoNBD(RepeatPurchases):
    """Pareto / negative-binomial model of repeat purchases without a contract.

    While active a customer buys at a rate drawn from Gamma(r, alpha), and leaves at a rate drawn
    from Gamma(s, beta). Schmittlein, Morrison and Colombo: Counting your customers, Management
    Science 33 (1987); Fader and Hardie: A note on deriving the Pareto/NBD model (2005).

    The likelihood of x repeat purchases, the last at t, of a customer of age T is

        Gamma(r+x) / Gamma(r) alpha^r beta^s
            ((alpha+T)^-(r+x) (beta+T)^-s + s int_t^T (alpha+y)^-(r+x) (beta+y)^-(s+1) dy)

    The integral is taken by 32 points of Gauss and Legendre over ln(alpha+y), instead of by the
    difference of two hypergeometric functions: it has no cancellation, and one form for alpha
    above and below beta. Its relative error is below 1e-9 where T is within e^6 of alpha.

    Attributes:
        fit_: the parameters r, alpha, s, beta (alpha and beta in the unit of the history) and how
            certain they are; None before `fit`.
    """

    names = ("r", "alpha", "s", "beta")
    moved = (("purchase rate", 1, -1.0), ("dropout rate", 3, -1.0))

    @staticmethod
    def start(history: PurchaseHistory) -> FloatArray:
        """See `RepeatPurchases`."""
        return np.array([1.0, history.mean_age, 1.0, history.mean_age])

    @staticmethod
    def likelihood(history: PurchaseHistory) -> Callable[[FloatArray], Derivatives]:
        """See `RepeatPurchases`."""
        return _Likelihood(history)

    def probability_active(
        self, history: PurchaseHistory, parameters: FloatArray | None = None
    ) -> FloatArray:
        """See `RepeatPurchases`."""
        return _active(self.parameters if parameters is None else parameters, history)

    def expected_purchases(
        self, history: PurchaseHistory, duration: float, parameters: FloatArray | None = None
    ) -> FloatArray:
        """See `RepeatPurchases`.

        For a duration d

            (r+x) (beta+T) / ((alpha+T) (s-1)) (1 - ((beta+T) / (beta+T+d))^(s-1)) P(active)
        """
        parameters = self.parameters if parameters is None else parameters
        r, alpha, s, beta = parameters
        x, _, age = history.columns
        # (1 - q^(s-1)) / (s-1) as -ln q expm1(e) / e, which is smooth at s = 1.
        log_share = np.log1p(-duration / (beta + age + duration))
        exponent = (s - 1) * log_share
        ratio = np.ones_like(exponent)
        np.divide(np.expm1(exponent), exponent, out=ratio, where=np.abs(exponent) > 1e-12)
        stay = -log_share * ratio
        expected: FloatArray = (r + x) * (beta + age) / (alpha + age) * stay
        return expected * _active(parameters, history)


class _Likelihood:
    """The log-likelihood of customers with its derivatives."""

    def __init__(self, history: PurchaseHistory) -> None:
        self.history = history
        self.counts, numbers = np.unique(history.purchases, return_counts=True)
        self.numbers = numbers.astype(np.float64)

    def __call__(self, parameters: FloatArray) -> Derivatives:
        value, gradient, hessian = self._by_count(parameters)
        for first in range(0, len(self.history), _CHUNK):
            parts = [column[first : first + _CHUNK] for column in self.history.columns]
            term = _of_chunk(parameters, *parts)
            value += term[0]
            gradient += term[1]
            hessian += term[2]
        return value, gradient, hessian

    def _by_count(self, parameters: FloatArray) -> Derivatives:
        r, alpha, s, beta = parameters
        x, n = self.counts, self.numbers
        total = n.sum()
        value = n @ (gammaln(r + x) - gammaln(r))
        value += total * (r * np.log(alpha) + s * np.log(beta))
        gradient = np.array([
            n @ (digamma(r + x) - digamma(r)) + total * np.log(alpha), total * r / alpha,
            total * np.log(beta), total * s / beta,
        ])  # fmt: skip
        hessian = np.zeros((4, 4))
        hessian[0, 0] = n @ (polygamma(1, r + x) - polygamma(1, r))
        hessian[0, 1] = hessian[1, 0] = total / alpha
        hessian[1, 1] = -total * r / alpha**2
        hessian[2, 3] = hessian[3, 2] = total / beta
        hessian[3, 3] = -total * s / beta**2
        return float(value), gradient, hessian


def _terms(
    parameters: FloatArray, x: FloatArray, t: FloatArray, age: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """[1 + N, n] logarithms of the terms of a customer's likelihood, and the moments y of them.

    The first is of those who are active at T, the others are the points of the integral.
    """
    r, alpha, s, beta = parameters
    low, high = np.log(alpha + t), np.log(alpha + age)
    half = (high - low) / 2
    log_rate = (low + high) / 2 + half * _NODES[:, None]
    moments = np.concatenate([age[None], np.exp(log_rate) - alpha])
    logs = np.empty_like(moments)
    logs[0] = -(r + x) * high - s * np.log(beta + age)
    with np.errstate(divide="ignore"):  # nothing is integrated where t = T
        weights = np.log(s * half * _WEIGHTS[:, None])
    # dy = (alpha + y) d ln(alpha + y)
    logs[1:] = weights - (r + x - 1) * log_rate - (s + 1) * np.log(beta + moments[1:])
    return logs, moments


def _shares(logs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The logarithm of the sum [n], and the share of each term in it."""
    highest = logs.max(axis=0)
    terms = np.exp(logs - highest)
    total = terms.sum(axis=0)
    return highest + np.log(total), terms / total


def _of_chunk(parameters: FloatArray, x: FloatArray, t: FloatArray, age: FloatArray) -> Derivatives:
    """Derivatives of the logarithm of a sum: means and covariances over the terms.

    The points move with alpha; the integral does not depend on where its points lie, so they are
    taken as fixed.
    """
    r, alpha, s, beta = parameters
    logs, moments = _terms(parameters, x, t, age)
    value, share = _shares(logs)
    log_alpha, log_beta = np.log(alpha + moments), np.log(beta + moments)
    by_alpha, by_beta = 1 / (alpha + moments), 1 / (beta + moments)
    power = np.full(len(share), s + 1.0)
    power[0] = s
    of_integral = np.full(len(share), 1 / s)
    of_integral[0] = 0
    first = np.stack([
        -log_alpha, -(r + x) * by_alpha,
        of_integral[:, None] - log_beta, -power[:, None] * by_beta,
    ])  # fmt: skip
    weighted = first * share
    means = weighted.sum(axis=1)
    hessian = weighted.reshape(4, -1) @ first.reshape(4, -1).T - means @ means.T
    mixed = -(share * by_alpha).sum()
    hessian[0, 1] += mixed
    hessian[1, 0] += mixed
    hessian[1, 1] += ((r + x) * share * by_alpha**2).sum()
    hessian[2, 2] -= (share[1:].sum()) / s**2
    mixed = -(share * by_beta).sum()
    hessian[2, 3] += mixed
    hessian[3, 2] += mixed
    hessian[3, 3] += (power[:, None] * share * by_beta**2).sum()
    return float(value.sum()), means.sum(axis=1), hessian


def _active(parameters: FloatArray, history: PurchaseHistory) -> FloatArray:
    result = np.empty(len(history))
    for first in range(0, len(history), _CHUNK):
        parts = [column[first : first + _CHUNK] for column in history.columns]
        result[first : first + _CHUNK] = _shares(_terms(parameters, *parts)[0])[1][0]
    return result
