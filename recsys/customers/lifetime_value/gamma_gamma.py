"""Gamma-Gamma: how much customers spend in a purchase."""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.fitted import Fitted
from recsys.customers.lifetime_value.newton import Derivatives, maximise
from recsys.errors import InputError

_SAMPLE = 20_000


@dataclass
class GammaGamma(Fitted):
    """Spending per purchase, independent of how often somebody buys.

    The values of a customer's purchases are Gamma(p, nu), and nu is drawn from Gamma(q, v). Fader
    and Hardie: The Gamma-Gamma model of monetary value (2013), equations 1a and 5.

        L = Gamma(px+q) / (Gamma(px) Gamma(q)) v^q m^(px-1) x^(px) / (v + xm)^(px+q)

    for x purchases of mean value m; the expected mean of all future purchases is
    p (v + xm) / (px + q - 1).

    Attributes:
        fit_: the parameters p, q, v (v in the currency of the values) and how certain they are;
            None before `fit`.
    """

    names = ("p", "q", "v")

    def fit(self, purchases: FloatArray, mean_value: FloatArray) -> "GammaGamma":
        """Sets the parameters to those of the greatest likelihood.

        Args:
            purchases: [n] purchases that the mean is of, above 0.
            mean_value: [n] their mean value, above 0.

        Raises:
            InputError: a number is not above 0, or the likelihood has no maximum.
        """
        for name, column in (("purchases", purchases), ("mean_value", mean_value)):
            bad = ~(np.isfinite(column) & (column > 0))
            if bad.any():
                row = int(bad.argmax())
                raise InputError(
                    f"{name}: row {row}: expected a number above 0, got {column[row]:g}; leave out "
                    "customers without purchases of a value"
                )
        start = np.array([1.0, 2.0, float(mean_value.mean()) if len(mean_value) else 1.0])
        step = -(-len(purchases) // _SAMPLE)
        if step > 1:
            sample = _Likelihood(purchases[::step], mean_value[::step])
            start = maximise(sample, start, len(purchases[::step])).parameters
        self.fit_ = maximise(_Likelihood(purchases, mean_value), start, len(purchases))
        return self

    def expected_value(
        self,
        purchases: FloatArray,
        mean_value: FloatArray,
        parameters: FloatArray | None = None,
    ) -> FloatArray:
        """[n] float64 expected value of a further purchase; without any, of a new customer.

        Where q <= 1 new customers have no finite expectation: theirs is infinite.

        Args:
            purchases: [n] purchases that the mean is of; 0 without one.
            mean_value: [n] their mean value; ignored where there is none.
            parameters: [3] others than the fitted ones, as an interval needs them.
        """
        p, q, v = self.parameters if parameters is None else parameters
        spent = np.where(purchases > 0, purchases * mean_value, 0.0)
        denominator = p * purchases + q - 1
        with np.errstate(divide="ignore"):
            expected: FloatArray = np.where(denominator > 0, p * (v + spent) / denominator, np.inf)
        return expected


class _Likelihood:
    """The log-likelihood of customers with its derivatives."""

    def __init__(self, purchases: FloatArray, mean_value: FloatArray) -> None:
        self.x, self.spent = purchases, purchases * mean_value
        self.counts, numbers = np.unique(purchases, return_counts=True)
        self.numbers = numbers.astype(np.float64)
        self.log_spent = np.log(self.spent)
        # Does not depend on the parameters; with it the likelihood is that of the means.
        self.constant = float(-np.log(mean_value).sum())

    def __call__(self, parameters: FloatArray) -> Derivatives:
        p, q, v = parameters
        x, n = self.counts, self.numbers
        total = n.sum()
        until = v + self.spent
        share = self.log_spent - np.log(until)  # ln(xm / (v + xm))
        inverse = 1 / until
        power = p * self.x + q
        both = digamma(p * x + q)
        value = n @ (gammaln(p * x + q) - gammaln(p * x)) - total * gammaln(q)
        value += self.constant + total * q * np.log(v)
        value += (p * self.x) @ share - q * (self.log_spent - share).sum()
        gradient = np.array([
            (n * x) @ (both - digamma(p * x)) + self.x @ share,
            n @ both - total * digamma(q) + total * np.log(v) - (self.log_spent - share).sum(),
            total * q / v - power @ inverse,
        ])  # fmt: skip
        curved = polygamma(1, p * x + q)
        hessian = np.zeros((3, 3))
        hessian[0, 0] = (n * x * x) @ (curved - polygamma(1, p * x))
        hessian[0, 1] = hessian[1, 0] = (n * x) @ curved
        hessian[1, 1] = n @ curved - total * polygamma(1, q)
        hessian[0, 2] = hessian[2, 0] = -(self.x @ inverse)
        hessian[1, 2] = hessian[2, 1] = total / v - inverse.sum()
        hessian[2, 2] = -total * q / v**2 + (power * inverse) @ inverse
        return float(value), gradient, hessian
