"""Novelty: how surprising a list is to somebody who knows only what is popular."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.metrics.lists import mean_of_list


def novelty(products: IntArray, customers: IntArray, population: int) -> FloatArray:
    """Mean self-information of the products on a list, in bits.

    novelty = mean over the list of log2(population / customers_p) (Zhou et al., 2010): 0 for what
    everybody has, log2(population) for what one customer has. A product that nobody has would be
    infinitely novel and would decide every mean; it counts as one that a single customer has.

    Args:
        products: [Q, k] row numbers, -1 for none.
        customers: [P] customers who had the product before the window.
        population: number of all customers, at least `customers.max()`.

    Returns:
        [Q] float64, bits; nan for an empty list.
    """
    return mean_of_list(products, np.log2(population / np.maximum(customers, 1)))
