"""What all models of this package share: parameters that `fit` sets."""

from dataclasses import dataclass, field

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.newton import Fit


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
