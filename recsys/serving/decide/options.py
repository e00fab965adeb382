"""Options of customers, among which exploration chooses."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Options:
    """n options of each of B customers.

    Attributes:
        rows: [B] of the customers, -1 for an unknown one.
        vectors: [B, d] of the customers.
        offers: [B, n] rows.
        probabilities: [B, n] of acceptance.
        values: [B, n] euros, net of costs.
        costs: [B, n] euros.
        charges: [B, n] prices of a plan, which are taken off the values.
        mask: [B, n] bool which are permitted; elsewhere numbers have no meaning.
    """

    rows: IntArray
    vectors: FloatArray
    offers: IntArray
    probabilities: FloatArray
    values: FloatArray
    costs: FloatArray
    charges: FloatArray
    mask: BoolArray

    @property
    def worth(self) -> FloatArray:
        """[B, n] float64 values less charges; 0 where an option is not permitted."""
        return np.where(self.mask, self.values, 0.0) - np.where(self.mask, self.charges, 0.0)

    def part(self, rows: slice) -> "Options":
        """The options of some of the customers."""
        return Options(**{name: values[rows] for name, values in vars(self).items()})
