"""BG/NBD: how often customers will buy, where they may leave after each purchase."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, digamma, gammaln, polygamma

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.expected_purchases import bg_nbd_expectation
from recsys.customers.lifetime_value.newton import Derivatives
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory
from recsys.customers.lifetime_value.repeat_purchases import RepeatPurchases

_CHUNK = 65_536
"""Customers at a time: their arrays stay in the cache of the processor."""


@dataclass
class BGNBD(RepeatPurchases):
    """Beta-geometric / negative-binomial model of repeat purchases without a contract.

    While active a customer buys at a rate drawn from Gamma(r, alpha); after each purchase he leaves
    for ever with a probability drawn from Beta(a, b). Fader, Hardie and Lee: "Counting your
    customers" the easy way, Marketing Science 24 (2005), equations 6, 7 and 10.

    The likelihood of x repeat purchases, the last at t, of a customer of age T is

        B(a, b+x)/B(a, b) Gamma(r+x)/Gamma(r) alpha^r (alpha+T)^-(r+x) (1 + [x>0] e^u)
        u = ln(a / (b+x-1)) + (r+x) ln((alpha+T) / (alpha+t))

    and is maximised exactly, by Newton's method with its own gradient and Hessian. Terms that
    depend on x alone are computed once for each x.

    Attributes:
        fit_: the parameters r, alpha, a, b (alpha in the unit of the history) and how certain they
            are; None before `fit`.
    """

    names = ("r", "alpha", "a", "b")
    moved = (("purchase rate", 1, -1.0), ("a", 2, 1.0), ("b", 3, 1.0))

    @staticmethod
    def start(history: PurchaseHistory) -> FloatArray:
        """See `RepeatPurchases`."""
        return np.array([1.0, history.mean_age, 1.0, 1.0])

    @staticmethod
    def likelihood(history: PurchaseHistory) -> Callable[[FloatArray], Derivatives]:
        """See `RepeatPurchases`."""
        return _Likelihood(history)

    def probability_active(
        self, history: PurchaseHistory, parameters: FloatArray | None = None
    ) -> FloatArray:
        """1 / (1 + [x>0] e^u), see `RepeatPurchases`."""
        r, alpha, a, b = self.parameters if parameters is None else parameters
        odds = np.zeros(len(history))
        repeats = history.purchases > 0
        x, t, age = (column[repeats] for column in history.columns)
        odds[repeats] = a / (b + x - 1) * ((alpha + age) / (alpha + t)) ** (r + x)
        return 1 / (1 + odds)

    def expected_purchases(
        self, history: PurchaseHistory, duration: float, parameters: FloatArray | None = None
    ) -> FloatArray:
        """See `RepeatPurchases` and `bg_nbd_expectation`."""
        return bg_nbd_expectation(
            self.parameters if parameters is None else parameters, history, duration
        )


class _Likelihood:
    """The log-likelihood of customers with its derivatives."""

    def __init__(self, history: PurchaseHistory) -> None:
        self.counts, numbers = np.unique(history.purchases, return_counts=True)
        self.numbers = numbers.astype(np.float64)
        repeats = history.purchases > 0
        self.repeaters = tuple(column[repeats] for column in history.columns)
        self.ages_of_others = history.age[~repeats]

    def __call__(self, parameters: FloatArray) -> Derivatives:
        value, gradient, hessian = self._by_count(parameters)
        for term in (*self._of_others(parameters), *self._of_repeaters(parameters)):
            value += term[0]
            gradient += term[1]
            hessian += term[2]
        return value, gradient, hessian

    def _by_count(self, parameters: FloatArray) -> Derivatives:
        """Terms of the number of purchases alone, one for each number."""
        r, alpha, a, b = parameters
        x, n = self.counts, self.numbers
        total = n.sum()
        value = n @ (gammaln(r + x) - gammaln(r) + betaln(a, b + x) - betaln(a, b))
        both = n @ (digamma(a + b) - digamma(a + b + x))
        gradient = np.array([
            n @ (digamma(r + x) - digamma(r)) + total * np.log(alpha),
            total * r / alpha,
            both,
            both + n @ (digamma(b + x) - digamma(b)),
        ])  # fmt: skip
        hessian = np.zeros((4, 4))
        hessian[0, 0] = n @ (polygamma(1, r + x) - polygamma(1, r))
        hessian[0, 1] = hessian[1, 0] = total / alpha
        hessian[1, 1] = -total * r / alpha**2
        hessian[2:, 2:] = n @ (polygamma(1, a + b) - polygamma(1, a + b + x))
        hessian[3, 3] += n @ (polygamma(1, b + x) - polygamma(1, b))
        return float(value + total * r * np.log(alpha)), gradient, hessian

    def _of_others(self, parameters: FloatArray) -> Iterator[Derivatives]:
        """Of customers without a repeat purchase: -r ln(alpha + T)."""
        r, alpha = parameters[:2]
        for first in range(0, len(self.ages_of_others), _CHUNK):
            until = alpha + self.ages_of_others[first : first + _CHUNK]
            logs, inverse = np.log(until).sum(), 1 / until
            total = inverse.sum()
            gradient, hessian = np.zeros(4), np.zeros((4, 4))
            gradient[:2] = -logs, -r * total
            hessian[0, 1] = hessian[1, 0] = -total
            hessian[1, 1] = r * (inverse @ inverse)
            yield float(-r * logs), gradient, hessian

    def _of_repeaters(self, parameters: FloatArray) -> Iterator[Derivatives]:
        for first in range(0, len(self.repeaters[0]), _CHUNK):
            yield _of_chunk(parameters, *(part[first : first + _CHUNK] for part in self.repeaters))


def _of_chunk(parameters: FloatArray, x: FloatArray, t: FloatArray, age: FloatArray) -> Derivatives:
    """Of customers with repeat purchases: -(r+x) ln(alpha+T) + ln(1 + e^u)."""
    r, alpha, a, b = parameters
    power, until, last = r + x, alpha + age, alpha + t
    log_until, inverse = np.log(until), 1 / until
    by_r = log_until - np.log(last)  # the derivative of u by r
    per_alpha = inverse - 1 / last
    by_alpha = power * per_alpha
    by_b = -1 / (b + x - 1)
    odds = np.exp(power * by_r + np.log(-a * by_b))
    left = odds / (1 + odds) if np.isfinite(odds).all() else _share(odds)
    spread = left / (1 + odds)
    log_sum = np.where(odds < 1e300, np.log1p(odds), power * by_r)

    value = log_sum.sum() - power @ log_until
    gradient = np.array([
        left @ by_r - log_until.sum(),
        left @ by_alpha - power @ inverse,
        left.sum() / a,
        left @ by_b,
    ])  # fmt: skip
    first = np.stack([by_r, by_alpha, np.full(len(x), 1 / a), by_b])
    hessian: FloatArray = (first * spread) @ first.T
    mixed = left @ per_alpha - inverse.sum()
    hessian[0, 1] += mixed
    hessian[1, 0] += mixed
    second = (1 / last - inverse) * (1 / last + inverse)  # the derivative of per_alpha
    hessian[1, 1] += (power * inverse) @ inverse + (left * power) @ second
    hessian[2, 2] -= left.sum() / a**2
    hessian[3, 3] += left @ (by_b * by_b)
    return float(value), gradient, hessian


def _share(odds: FloatArray) -> FloatArray:
    """Odds / (1 + odds), also where the odds overflow."""
    share: FloatArray = 1 / (1 + 1 / odds)
    return share
