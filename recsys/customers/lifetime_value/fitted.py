"""What all models of this package share: parameters that `fit` sets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.newton import Derivatives, Fit, maximise
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory

Moved: TypeAlias = tuple[str, int, float]
"""What a covariate changes in a model: a name, the parameter, and the sign in its logarithm."""
_SAMPLE = 20_000
"""Customers on whom a search begins; its last steps see all."""


@dataclass
class Fitted:
    """Base of the models.

    Attributes:
        fit_: the parameters and how certain they are; None before `fit`.
    """

    fit_: Fit | None = field(default=None, init=False)

    @property
    def parameters(self) -> FloatArray:
        """[K] float64, in the order of `names`."""
        if self.fit_ is None:
            raise ValueError("fit comes before predictions")
        return self.fit_.parameters


def most_likely(
    likelihood: Callable[[PurchaseHistory], Callable[[FloatArray], Derivatives]],
    history: PurchaseHistory,
    start: FloatArray,
) -> Fit:
    """The parameters of the greatest likelihood of all customers, from those of a sample.

    Args:
        likelihood: of customers, with its derivatives.
        history: of customers; at least one has a repeat purchase.
        start: [K] parameters to begin with.

    Raises:
        InputError: nobody has bought twice, or no maximum was reached.
    """
    history.require_repeats()
    sample = history.thinned(_SAMPLE)
    if len(sample) < len(history):
        start = maximise(likelihood(sample), start, len(sample)).parameters
    return maximise(likelihood(history), start, len(history))
