"""Models of repeat purchases whose customers differ by what is known of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.special import gammaincc

from recsys.arrays import FloatArray, IntArray
from recsys.customers.lifetime_value.covariates import Covariates
from recsys.customers.lifetime_value.fitted import Fitted
from recsys.customers.lifetime_value.newton import (
    FARTHEST,
    Derivatives,
    by_logs,
    by_parameters,
    maximise,
)
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory
from recsys.customers.lifetime_value.repeat_purchases import Moved, RepeatPurchases


@dataclass
class WithCovariates(Fitted):
    """BG/NBD or Pareto/NBD with time-invariant covariates.

    Fader and Hardie: Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models
    (2007). For covariates x of a customer, the rate of purchases is drawn from Gamma(r, alpha
    e^(-g x)), which multiplies it by e^(g x); so is the rate of leaving in Pareto/NBD, by beta
    e^(-h x), and in BG/NBD the chance to leave is drawn from Beta(a e^(h x), b e^(k x)).

    The likelihood is the sum over groups of customers with equal covariates, each with parameters
    of its own that are linear in the logarithms; so its derivatives are exact. Where customers do
    not differ in how they leave, covariates change the rate of purchases alone.

    Args:
        model: of the purchases.
        covariates: of the customers whose history is given, in their order.

    Attributes:
        fit_: the four parameters at covariates of 0, then the factors e^g, e^h, e^k that a step of
            1 of each covariate means, and how certain they are; None before `fit`.
        moved_: what the covariates change.
        gain_: log-likelihood above that without covariates, on `freedom` degrees of freedom; None
            before `fit`.
    """

    model: type[RepeatPurchases]
    covariates: Covariates
    moved_: tuple[Moved, ...] = field(default=(), init=False)
    gain_: float | None = field(default=None, init=False)

    @property
    def names(self) -> tuple[str, ...]:
        """[K] of the parameters."""
        of_covariates = [
            f"{part}: {name}" for part, _, _ in self.moved_ for name in self.covariates.names
        ]
        return (*self.model.names, *of_covariates)

    @property
    def freedom(self) -> int:
        """Parameters beyond those of the model without covariates."""
        return len(self.names) - len(self.model.names)

    @property
    def p_value(self) -> float:
        """Of the likelihood-ratio test that no covariate matters (chi-square)."""
        assert self.gain_ is not None
        return float(gammaincc(self.freedom / 2, max(self.gain_, 0.0)))

    def fit(self, history: PurchaseHistory) -> "WithCovariates":
        """Sets the parameters to those of the greatest likelihood.

        Args:
            history: [n] of the customers; at least one has a repeat purchase.

        Raises:
            InputError: the likelihood has no maximum at finite parameters.
        """
        alone = self.model().fit(history)
        assert alone.fit_ is not None
        left_out = alone.fit_.at_end[2:].any()
        self.moved_ = self.model.moved[:1] if left_out else self.model.moved
        designs = self._designs()
        of_groups = [self.model.likelihood(history.take(rows)) for rows in self._rows]

        def derivatives(parameters: FloatArray) -> Derivatives:
            value, size = 0.0, len(parameters)
            gradient, hessian = np.zeros(size), np.zeros((size, size))
            for design, likelihood in zip(designs, of_groups, strict=True):
                logs = design @ np.log(parameters)
                design = design * (np.abs(logs) < FARTHEST)[:, None]
                term = by_logs(likelihood, np.clip(logs, -FARTHEST, FARTHEST))
                value += term[0]
                gradient += design.T @ term[1]
                hessian += design.T @ term[2] @ design
            return by_parameters((value, gradient, hessian), parameters)

        start = np.append(alone.fit_.parameters, np.ones(self.freedom))
        self.fit_ = maximise(derivatives, start, len(history))
        self.gain_ = self.fit_.log_likelihood - alone.fit_.log_likelihood
        return self

    def probability_active(self, history: PurchaseHistory) -> FloatArray:
        """As for the model, of the same customers."""
        return self._by_group(
            history, lambda part, own: self.model().probability_active(part, own), self.parameters
        )

    def expected_purchases(
        self, history: PurchaseHistory, duration: float, parameters: FloatArray | None = None
    ) -> FloatArray:
        """As for the model, of the same customers; `parameters` are [K]."""
        return self._by_group(
            history,
            lambda part, own: self.model().expected_purchases(part, duration, own),
            self.parameters if parameters is None else parameters,
        )

    @cached_property
    def _rows(self) -> list[IntArray]:
        """The customers of each group."""
        order = np.argsort(self.covariates.groups, kind="stable")
        ends = np.searchsorted(
            self.covariates.groups[order], np.arange(1, len(self.covariates.values))
        )
        return np.split(order, ends)

    def _designs(self) -> FloatArray:
        """[G, 4, K] what makes logarithms of a group's parameters of those of all parameters."""
        groups, width = self.covariates.values.shape
        base = len(self.model.names)
        designs = np.zeros((groups, base, len(self.names)))
        designs[:, np.arange(base), np.arange(base)] = 1
        for at, (_, parameter, sign) in enumerate(self.moved_):
            first = base + at * width
            designs[:, parameter, first : first + width] = sign * self.covariates.values
        return designs

    def _by_group(
        self,
        history: PurchaseHistory,
        ask: Callable[[PurchaseHistory, FloatArray], FloatArray],
        parameters: FloatArray,
    ) -> FloatArray:
        answers = np.empty(len(history))
        logs = np.clip(self._designs() @ np.log(parameters), -FARTHEST, FARTHEST)
        for rows, own in zip(self._rows, np.exp(logs), strict=True):
            answers[rows] = ask(history.take(rows), own)
        return answers
