"""What a plan may use: places at touchpoints, and a budget."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError

_ROUNDING = 1e-9
"""By this share a sum of costs may exceed the budget, as ten times 0.1 exceeds 1."""

_MOST = 126
"""Touchpoints, whose rows are int8."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Limits:
    """Limits of a plan over T touchpoints.

    Attributes:
        capacity: [T] decisions that each touchpoint carries, rounded down; inf where unlimited.
        costs: [T] euros that a decision at each touchpoint takes from the budget.
        budget: euros; inf where unlimited.
    """

    capacity: FloatArray
    costs: FloatArray
    budget: float = np.inf

    def __post_init__(self) -> None:
        """Raises `InputError` for a missing or negative number, or lengths that differ."""
        capacity = np.floor(np.asarray(self.capacity, np.float64))
        costs = np.asarray(self.costs, np.float64)
        if capacity.ndim != 1 or capacity.shape != costs.shape:
            raise InputError(
                "limits: expected one capacity and one cost for each touchpoint, got shapes "
                f"{capacity.shape} and {costs.shape}"
            )
        if len(capacity) > _MOST:
            raise InputError(f"limits: expected at most {_MOST} touchpoints, got {len(capacity)}")
        if not (capacity >= 0).all():
            raise InputError(f"capacity: expected numbers of at least 0, got {self.capacity}")
        if not ((costs >= 0) & np.isfinite(costs)).all():
            raise InputError(f"costs: expected finite numbers of at least 0, got {self.costs}")
        if not self.budget >= 0:
            raise InputError(f"budget: expected at least 0, got {self.budget:g}")
        object.__setattr__(self, "capacity", capacity)
        object.__setattr__(self, "costs", costs)

    @property
    def is_closed(self) -> BoolArray:
        """[T] whether not even one decision fits."""
        return (self.capacity < 1) | (self.costs > self.affordable)

    @property
    def affordable(self) -> float:
        """The budget with room for rounding."""
        return self.budget * (1 + _ROUNDING)

    def left(self, counts: FloatArray) -> float:
        """Euros that are left after so many decisions [T] at each touchpoint."""
        return float(self.affordable - counts @ self.costs)
