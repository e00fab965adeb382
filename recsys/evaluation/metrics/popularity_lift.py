"""Popularity lift: whether a customer is pushed to more popular products than their own."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.metrics.lists import mean_of_list
from recsys.evaluation.metrics.ratio import ratio


def popularity_lift(
    products: IntArray, history: csr_array, popularity: FloatArray | IntArray
) -> FloatArray:
    """Mean popularity of the list over that of the customer's own products, less 1.

    lift = (mean popularity of the list - mean popularity of the history) / the latter
    (Abdollahpouri et al., 2020). 0 is as the customer is, 1 twice as popular, -1 the unknown only.
    The paper divides averages of a group of customers; here each customer has a value, so that
    intervals and slices can be made: a customer of unpopular products weighs more in its mean.

    Args:
        products: [Q, k] row numbers, -1 for none.
        history: [Q, P] CSR, not 0 where the customer had the product; how often does not count.
        popularity: [P] events or customers of each product before the window.

    Returns:
        [Q] float64, at least -1; nan without a list or without a history of any popularity.
    """
    had = history.astype(bool).astype(np.float64)
    own = ratio(had @ popularity, had.sum(axis=1))
    return ratio(mean_of_list(products, popularity), own) - 1
