"""Levers of customers: what is known of a person as factors on the value of his offers.

`recsys decide levers=FILE` and `recsys.serving.decide.levers` read the table; a row without an
offer is for every one.
"""

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray
from recsys.data import columns
from recsys.errors import InputError


def lever_table(
    customers: IdArray, factors: FloatArray, as_of: int, offers: IdArray | None = None
) -> pd.DataFrame:
    """[n] rows of customer_id, offer_id, factor and as_of.

    Args:
        customers: [n] ids.
        factors: [n] of at least 0; 1 changes nothing, 0 holds an offer back.
        as_of: UTC seconds; nothing that the factors were made of is of this moment or later.
        offers: [n] ids; None for every offer of a customer.

    Raises:
        InputError: a factor is negative or not finite.
    """
    bad = ~(np.isfinite(factors) & (factors >= 0))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"levers: row {row}, column 'factor': expected a number of 0 or more, got "
            f"{factors[row]:g}"
        )
    return pd.DataFrame({
        columns.CUSTOMER: customers,
        # Of this type also where none is named, so that a file says that they are texts.
        columns.OFFER: pd.array([None] * len(factors) if offers is None else offers, "string"),
        columns.FACTOR: factors,
        columns.AS_OF: pd.Timestamp(as_of, unit="s", tz="UTC"),
    })  # fmt: skip


def worth_factors(worth: FloatArray, strength: float = 1.0, most: float = 10.0) -> FloatArray:
    """[n] what customers are expected to be worth, as factors around 1.

        (worth / mean worth) ^ strength, from 1 / most to most

    Args:
        worth: [n] of at least 0, such as expected spending.
        strength: 1 in proportion to worth; 0 for factors of 1.
        most: so far from 1 at most: no customer is held back, and none takes all places.
    """
    mean = float(worth.mean()) if len(worth) else 0.0
    if mean <= 0:
        return np.ones(len(worth))
    with np.errstate(divide="ignore"):
        logs = strength * np.log(worth / mean) if strength else np.zeros(len(worth))
    factors: FloatArray = np.exp(np.clip(logs, -np.log(most), np.log(most)))
    return factors
