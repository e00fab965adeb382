"""Beta-geometric retention: how long customers with a contract stay."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, digamma, polygamma

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.lifetime_value.fitted import Fitted
from recsys.customers.lifetime_value.newton import Derivatives, maximise
from recsys.errors import InputError


@dataclass
class BetaGeometric(Fitted):
    """Retention of contracts that are renewed or ended in each period.

    A customer ends his contract in each period with a probability of his own, drawn from Beta(a,
    b). Fader and Hardie: How to project customer retention, Journal of Interactive Marketing 21
    (2007), equations 5 and 6.

        P(ends in period t) = B(a+1, b+t-1) / B(a, b)      P(lasts t periods) = B(a, b+t) / B(a, b)

    Who stays is less and less likely to leave, because those who leave easily have left: no change
    of any single customer is needed for it.

    Attributes:
        fit_: the parameters a, b and how certain they are; None before `fit`.
    """

    names = ("a", "b")

    def fit(self, periods: IntArray, has_ended: BoolArray) -> "BetaGeometric":
        """Sets the parameters to those of the greatest likelihood.

        Args:
            periods: [n] whole periods, 1 or more: the one that a contract ended in, or those that a
                running one has lasted.
            has_ended: [n] whether it ended.

        Raises:
            InputError: a period is below 1, no contract ended, or the likelihood has no maximum.
        """
        if len(periods) and periods.min() < 1:
            row = int(periods.argmin())
            raise InputError(f"periods: row {row}: expected 1 or more, got {periods[row]}")
        if not has_ended.any():
            raise InputError("has_ended: expected contracts that ended, got none")
        ended = np.unique(periods[has_ended], return_counts=True)
        running = np.unique(periods[~has_ended], return_counts=True)

        def derivatives(parameters: FloatArray) -> Derivatives:
            of_ended = _sum(parameters, 1.0, ended[0] - 1.0, ended[1])
            of_running = _sum(parameters, 0.0, running[0].astype(np.float64), running[1])
            return (
                of_ended[0] + of_running[0],
                of_ended[1] + of_running[1],
                of_ended[2] + of_running[2],
            )

        self.fit_ = maximise(derivatives, np.ones(2), len(periods))
        return self

    def probability_to_stay(
        self, lasted: IntArray, further: int, parameters: FloatArray | None = None
    ) -> FloatArray:
        """[n] float64 probability that running contracts last `further` more periods.

        Args:
            lasted: [n] periods that each has lasted.
            further: number of periods, 0 or more.
            parameters: [2] others than the fitted ones, as an interval needs them.
        """
        a, b = self.parameters if parameters is None else parameters
        stay: FloatArray = np.exp(betaln(a, b + lasted + further) - betaln(a, b + lasted))
        return stay

    def expected_periods(
        self,
        lasted: IntArray,
        discount: float,
        most: int = 600,
        parameters: FloatArray | None = None,
    ) -> FloatArray:
        """[n] float64 expected number of further renewals, each discounted by its period.

        Args:
            lasted: [n] periods that each contract has lasted.
            discount: what a period takes off the worth of the next, 0 to 1: .01 for 1 %.
            most: periods that are summed; later ones are left out.
            parameters: [2] others than the fitted ones, as an interval needs them.
        """
        unique, inverse = np.unique(lasted, return_inverse=True)
        steps = np.arange(1, most + 1)
        a, b = self.parameters if parameters is None else parameters
        logs = betaln(a, b + unique[:, None] + steps) - betaln(a, b + unique)[:, None]
        sums: FloatArray = np.exp(logs + steps * np.log1p(-discount)).sum(axis=1)
        return sums[inverse]


def _sum(
    parameters: FloatArray, more_a: float, more_b: FloatArray, numbers: IntArray
) -> Derivatives:
    """Ln B(a + more_a, b + more_b) - ln B(a, b), summed, with derivatives."""
    a, b = parameters
    n = numbers.astype(np.float64)
    value = float(n @ (betaln(a + more_a, b + more_b) - betaln(a, b)))
    both = n @ (digamma(a + b) - digamma(a + b + more_a + more_b))
    gradient = np.array([
        n.sum() * (digamma(a + more_a) - digamma(a)) + both,
        n @ (digamma(b + more_b) - digamma(b)) + both,
    ])  # fmt: skip
    hessian = np.full((2, 2), n @ (polygamma(1, a + b) - polygamma(1, a + b + more_a + more_b)))
    hessian[0, 0] += n.sum() * (polygamma(1, a + more_a) - polygamma(1, a))
    hessian[1, 1] += n @ (polygamma(1, b + more_b) - polygamma(1, b))
    return value, gradient, hessian
