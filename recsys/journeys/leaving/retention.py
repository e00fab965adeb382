"""Raises the offers that keep customers, for those who probably leave."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray
from recsys.data import columns

MOST = 10.0
"""The largest factor: nobody takes all places."""


def retention_levers(
    customers: IdArray, leaving: FloatArray, offers: Sequence[str], as_of: int
) -> pd.DataFrame:
    """Factors on retention offers, as the table of levers that `recsys decide levers=` reads.

        max(1, P(leaves) / mean P(leaves)), at most `MOST`

    Args:
        customers: [n] ids.
        leaving: [n] probability of leaving, nan where unknown.
        offers: ids of the offers that keep customers.
        as_of: UTC seconds; nothing at or after it was known.

    Returns:
        customer_id, offer_id, factor and as_of: a row a customer and offer with a factor above 1.
    """
    mean = np.nanmean(leaving) if np.isfinite(leaving).any() else 1.0
    factor = np.minimum(np.nan_to_num(leaving, nan=0.0) / mean, MOST)
    raised = np.flatnonzero(factor > 1)
    return pd.DataFrame(
        {
            columns.CUSTOMER: np.repeat(np.asarray(customers)[raised], len(offers)),
            columns.OFFER: np.tile(np.asarray(offers, dtype=object), len(raised)),
            columns.FACTOR: np.repeat(factor[raised], len(offers)),
            columns.AS_OF: pd.Timestamp(as_of, unit="s", tz="UTC"),
        }
    )
