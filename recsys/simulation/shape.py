"""Statistics that compare the market with real data."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from recsys.data import columns


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How unevenly events are distributed; Gini is 0 if all are equal, near 1 if one has all.

    Attributes:
        without_product: share of events about no product.
        popularity: Gini of the events of the products that occur.
        history: Gini of the events of the customers that occur.
        gaps: Gini of the times between consecutive events of a customer that are not 0.
    """

    without_product: float
    popularity: float
    history: float
    gaps: float


def shape(interactions: pd.DataFrame, identities: pd.DataFrame) -> Shape:
    """The statistics of a market, with the events of aliases counted for their customers.

    Args:
        interactions: with customer_id, product_id and timestamp.
        identities: with id_a (the customer) and id_b (the alias).
    """
    person_of = identities.set_index(columns.ID_B)[columns.ID_A]
    customer = interactions[columns.CUSTOMER]
    person = customer.map(person_of).fillna(customer)
    ordered = interactions.assign(person=person).sort_values(["person", columns.TIMESTAMP])
    gaps = ordered.groupby("person")[columns.TIMESTAMP].diff().dt.total_seconds()
    return Shape(
        without_product=float(interactions[columns.PRODUCT].isna().mean()),
        popularity=gini(interactions[columns.PRODUCT].value_counts()),
        history=gini(person.value_counts()),
        gaps=gini(gaps[gaps > 0]),
    )


def gini(amounts: ArrayLike) -> float:
    """Gini coefficient of amounts >= 0.

    With x sorted upwards: sum_i (2 i - n - 1) x_i / (n sum_i x_i), i = 1 .. n.

    >>> gini([1, 1, 1])
    0.0
    >>> gini([0, 0, 0, 4])
    0.75
    """
    ordered = np.sort(np.asarray(amounts, np.float64))
    count = len(ordered)
    weights = 2 * np.arange(1, count + 1) - count - 1
    return float(weights @ ordered / (count * ordered.sum()))
