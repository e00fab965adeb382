"""When customers bought first and last, and how often in between."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class PurchaseHistory:
    """What the models of repeat purchases need of each customer.

    The unit of time is the caller's: days, weeks. Several purchases in one unit are one.

    Attributes:
        purchases: [n] float64 number of repeat purchases (the first does not count), whole.
        recency: [n] float64 time between the first and the last purchase; 0 without a repeat.
        age: [n] float64 time between the first purchase and the end of observation.
    """

    purchases: FloatArray
    recency: FloatArray
    age: FloatArray

    def __post_init__(self) -> None:
        for name, column in zip(("purchases", "recency", "age"), self.columns, strict=True):
            self._require(name, column)
        self._refuse("recency", self.recency > self.age, "expected no more than age")
        self._refuse("purchases", self.purchases % 1 != 0, "expected whole numbers")
        has_recency = self.recency > 0
        self._refuse(
            "recency", has_recency & (self.purchases == 0), "expected 0 without a repeat purchase"
        )

    def __len__(self) -> int:
        return len(self.purchases)

    @property
    def columns(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The three columns, in order."""
        return self.purchases, self.recency, self.age

    @property
    def mean_age(self) -> float:
        """Mean age of the customers, above 0."""
        return max(float(self.age.mean()), 1e-12) if len(self) else 1.0

    def take(self, rows: IntArray) -> "PurchaseHistory":
        """Of some customers."""
        purchases, recency, age = (column[rows] for column in self.columns)
        return PurchaseHistory(purchases=purchases, recency=recency, age=age)

    def thinned(self, most: int) -> "PurchaseHistory":
        """At most `most` customers, spread evenly over all."""
        if len(self) <= most:
            return self
        return self.take(np.linspace(0, len(self) - 1, most).astype(np.int64))

    def require_repeats(self) -> None:
        """Raises `InputError` where nobody has bought twice."""
        if not len(self) or not (self.purchases > 0).any():
            raise InputError(
                f"lifetime value: expected customers with repeat purchases, got {len(self):,} "
                "without; use a longer time of observation"
            )

    def _require(self, name: str, column: FloatArray) -> None:
        if column.shape != self.purchases.shape or column.ndim != 1:
            raise InputError(f"{name}: expected {self.purchases.shape} numbers, got {column.shape}")
        self._refuse(name, ~np.isfinite(column) | (column < 0), "expected numbers of 0 or more")

    def _refuse(self, name: str, bad: BoolArray, what: str) -> None:
        if bad.any():
            row = int(bad.argmax())
            raise InputError(f"{name}: row {row}: {what}, got {getattr(self, name)[row]:g}")
