"""What an offer is worth before it is made: the chance of an acceptance times its value."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError


def expected_value(
    probability: FloatArray, value: FloatArray | float, cost: FloatArray | float = 0.0
) -> FloatArray:
    """P(accept) * value - cost, in the unit of the value.

    Args:
        probability: any shape, calibrated: of a mere score the product means nothing.
        value: what an acceptance earns; of the same shape, or one that broadcasts to it.
        cost: of making the offer, accepted or not, as a touchpoint's.

    Raises:
        InputError: a probability is not within 0 and 1, or a value or cost is missing.
    """
    p = np.asarray(probability, np.float64)
    _refuse(p, ~((p >= 0) & (p <= 1)), "a probability between 0 and 1")
    amounts = []
    for name, given in (("value", value), ("cost", cost)):
        amount = np.broadcast_to(np.asarray(given, np.float64), p.shape)
        _refuse(amount, ~np.isfinite(amount), f"a {name}")
        amounts.append(amount)
    worth: FloatArray = p * amounts[0] - amounts[1]
    return worth


def by_expected_value(worth: FloatArray) -> IntArray:
    """[n, k] offers of each row from the most to the least worth; equal ones in their order.

    Args:
        worth: [n, k] expected value of each offer, -inf where it may not be made.
    """
    return np.argsort(-worth, axis=-1, kind="stable")


def _refuse(values: FloatArray, bad: BoolArray, expected: str) -> None:
    if bad.any():
        place = tuple(int(axis) for axis in np.argwhere(bad)[0])
        got = values[place]
        shown = "none" if np.isnan(got) else f"{got:g}"
        where = ", ".join(map(str, place)) or "0"
        raise InputError(f"expected value: place {where}: expected {expected}, got {shown}")
