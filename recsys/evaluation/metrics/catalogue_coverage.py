"""Catalogue coverage: how much of what could be recommended is recommended to anybody."""

from recsys.arrays import BoolArray, IntArray
from recsys.evaluation.metrics.lists import times_shown


def catalogue_coverage(products: IntArray, eligible: BoolArray) -> float:
    """Share of the eligible products that stand on at least one list.

    coverage = |union of all lists| / |eligible| (Ge, Delgado-Battenfeld and Jannach, 2010). It
    grows with the number of queries: compare models on the same ones.

    Args:
        products: [Q, k] row numbers of eligible products, -1 for none.
        eligible: [P] whether each product can be recommended; at least one can.

    Returns:
        Between 0 and 1.
    """
    return float((times_shown(products, len(eligible))[eligible] > 0).mean())
