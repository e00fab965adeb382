"""Gini index: how unequally the places on all lists are shared among products."""

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.evaluation.metrics.lists import times_shown


def gini(products: IntArray, eligible: BoolArray) -> float:
    """0 where every eligible product is shown equally often, (n - 1) / n where only one is.

    With n eligible products and the times each was shown in ascending order x_1 <= ... <= x_n,

        gini = sum_i (2 i - n - 1) x_i / (n sum_i x_i)

    Products that were never shown count (Fleder and Hosanagar, 2009, for recommendations).

    Args:
        products: [Q, k] row numbers of eligible products, -1 for none.
        eligible: [P] whether each product can be recommended; at least one can.

    Returns:
        Between 0 and 1; nan where nothing was shown.
    """
    shown = np.sort(times_shown(products, len(eligible))[eligible]).astype(np.float64)
    total, count = shown.sum(), len(shown)
    if not total:
        return float("nan")
    return float((2 * np.arange(1, count + 1) - count - 1) @ shown / (count * total))
