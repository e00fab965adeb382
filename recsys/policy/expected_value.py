"""The expected value of an offer: the probability of acceptance times its value, minus cost."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError


def expected_value(
    probability: FloatArray, value: FloatArray | float, cost: FloatArray | float = 0.0
) -> FloatArray:
    """P(accept) * value - cost, in the unit of the value.

    Args:
        probability: calibrated probabilities of acceptance, of any shape; uncalibrated scores give
            meaningless values.
        value: what an acceptance earns; broadcasts to the shape of `probability`.
        cost: of making the offer, accepted or not, such as that of the touchpoint; broadcasts too.

    Returns:
        float64 of the shape of `probability`.

    Raises:
        InputError: a probability is not between 0 and 1, or a value or cost is missing.
    """
    p = np.asarray(probability, np.float64)
    _refuse(p, ~((p >= 0) & (p <= 1)), "a probability between 0 and 1")
    amounts = []
    for name, euros in (("value", value), ("cost", cost)):
        amount = np.broadcast_to(np.asarray(euros, np.float64), p.shape)
        _refuse(amount, ~np.isfinite(amount), f"a {name}")
        amounts.append(amount)
    return np.asarray(p * amounts[0] - amounts[1])


def by_expected_value(values: FloatArray) -> IntArray:
    """[n, k] positions of the offers of each row by descending value; ties keep their order.

    Args:
        values: [n, k] expected value of each offer, -inf where it may not be made.
    """
    return np.argsort(-values, axis=-1, kind="stable")


def _refuse(values: FloatArray, bad: BoolArray, expected: str) -> None:
    if bad.any():
        position = tuple(int(axis) for axis in np.argwhere(bad)[0])
        got = "none" if np.isnan(values[position]) else f"{values[position]:g}"
        where = ", ".join(map(str, position)) or "0"
        raise InputError(f"expected value: position {where}: expected {expected}, got {got}")
