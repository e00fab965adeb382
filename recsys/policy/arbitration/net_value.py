"""The net value of an offer in euros, with a stated weight between the customer and the firm."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError


def net_value(
    probability: FloatArray,
    value: FloatArray | float,
    cost: FloatArray | float = 0.0,
    *,
    lever: FloatArray | float = 1.0,
    customer_weight: float = 0.0,
    mean_value: float = 0.0,
) -> FloatArray:
    """What an offer is worth, for the customer and the firm by a stated weight, less its cost.

    lever * probability * ((1 - w) * value + w * mean_value) - cost, with w = customer_weight.
    At w = 0 offers rank by what the firm earns, at w = 1 by the customer's own probability of
    acceptance alone (at one touchpoint and with equal levers). `mean_value` keeps both ends in
    euros, so that costs and limits mean the same at each weight.

    Args:
        probability: calibrated probabilities of acceptance, of any shape.
        value: euros that an acceptance earns; broadcasts to the shape of `probability`.
        cost: euros of the offer, accepted or not; broadcasts too.
        lever: at least 0, what the business multiplies the offer's value by; broadcasts too.
        customer_weight: from 0 to 1.
        mean_value: euros, the mean value of the offers.

    Returns:
        float64 of the shape of `probability`.

    Raises:
        InputError: a probability or the weight is not between 0 and 1, a lever is negative, or a
            number is missing.
    """
    p = np.asarray(probability, np.float64)
    if not bool(np.all((p >= 0) & (p <= 1))):
        raise InputError("net value: expected probabilities between 0 and 1; calibrate the scores")
    if not np.isfinite(cost).all():
        raise InputError("net value: expected finite costs; fill those that are missing")
    return np.asarray(p * gain(value, lever, customer_weight, mean_value) - cost)


def gain(
    value: FloatArray | float,
    lever: FloatArray | float,
    customer_weight: float,
    mean_value: float,
) -> FloatArray:
    """Euros that an acceptance counts for, before costs; as for `net_value`."""
    if not 0 <= customer_weight <= 1:
        raise InputError(f"customer_weight: expected 0 to 1, got {customer_weight:g}")
    if not bool(np.all(np.isfinite(lever) & (np.asarray(lever) >= 0))):
        raise InputError("levers: expected numbers of at least 0; 0 holds an offer back")
    euros = (1 - customer_weight) * np.asarray(value, np.float64) + customer_weight * mean_value
    if not np.isfinite(euros).all():
        raise InputError("net value: expected finite values; fill those that are missing")
    return np.asarray(lever * euros)
