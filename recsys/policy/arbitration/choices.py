"""What customers prefer at given charges."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Choices:
    """What customers take at given charges.

    Attributes:
        touchpoints: [C] int8, -1 where every charge exceeds the value.
        surplus: [C] value after the charge, 0 there.
        regret: [C] how much more that is than the second best, which may be nothing at all.
    """

    touchpoints: IntArray
    surplus: FloatArray
    regret: FloatArray


def choices(values: FloatArray, charges: FloatArray, equal: float = 0.0) -> Choices:
    """The touchpoint that each customer prefers; of equal ones the first, and any before none.

    Args:
        values: [T, C] best value at each touchpoint, -inf where there is none.
        charges: [T] euros.
        equal: surpluses that differ by less count as equal.
    """
    count = values.shape[1]
    touchpoints = np.full(count, -1, np.int8)
    best, second = np.zeros(count), np.full(count, -np.inf)
    for touchpoint, charge in enumerate(charges):
        surplus = values[touchpoint] - np.float64(charge)
        # Nothing at all, -1, gives way to an equal surplus.
        is_better = np.where(touchpoints < 0, surplus >= -equal, surplus > best + equal)
        np.maximum(second, np.where(is_better, best, surplus), out=second)
        np.copyto(best, surplus, where=is_better)
        touchpoints[is_better] = touchpoint
    return Choices(touchpoints=touchpoints, surplus=best, regret=best - second)
