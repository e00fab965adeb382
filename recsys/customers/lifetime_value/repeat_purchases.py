"""What the models of repeat purchases without a contract share: how they are fitted and asked."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.fitted import Fitted
from recsys.customers.lifetime_value.newton import Derivatives, maximise
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory

Moved: TypeAlias = tuple[str, int, float]
"""What a covariate changes in a model: a name, the parameter, and the sign in its logarithm."""
_SAMPLE = 20_000
"""Customers on whom a search begins; its last steps see all."""


@dataclass
class RepeatPurchases(Fitted, ABC):
    """Base of the models.

    Attributes:
        names: of the four parameters.
        moved: what covariates change; the rate of purchases comes first.
    """

    names: ClassVar[tuple[str, ...]]
    moved: ClassVar[tuple[Moved, ...]]

    def fit(self, history: PurchaseHistory) -> Self:
        """Sets the parameters to those of the greatest likelihood.

        Args:
            history: of customers; at least one has a repeat purchase.

        Raises:
            InputError: nobody has bought twice, or the likelihood has no maximum at finite
                parameters.
        """
        history.require_repeats()
        start, sample = self.start(history), history.thinned(_SAMPLE)
        if len(sample) < len(history):
            start = maximise(self.likelihood(sample), start, len(sample)).parameters
        self.fit_ = maximise(self.likelihood(history), start, len(history))
        return self

    @staticmethod
    @abstractmethod
    def start(history: PurchaseHistory) -> FloatArray:
        """The parameters [4] with which a search begins."""

    @staticmethod
    @abstractmethod
    def likelihood(history: PurchaseHistory) -> Callable[[FloatArray], Derivatives]:
        """The log-likelihood of customers at parameters [4], with its derivatives."""

    @abstractmethod
    def probability_active(
        self, history: PurchaseHistory, parameters: FloatArray | None = None
    ) -> FloatArray:
        """[n] float64 probability that each customer has not left.

        Args:
            history: of the customers.
            parameters: [4] others than the fitted ones.
        """

    @abstractmethod
    def expected_purchases(
        self, history: PurchaseHistory, duration: float, parameters: FloatArray | None = None
    ) -> FloatArray:
        """[n] float64 purchases that are expected of each customer in the next `duration`.

        Args:
            history: of the customers.
            duration: in the unit of the history, 0 or more.
            parameters: [4] others than the fitted ones, as an interval needs them.
        """
