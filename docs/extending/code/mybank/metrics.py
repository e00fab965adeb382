"""Metrics of our own."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.catalogue_statistics import CatalogueStatistics


def first_hit(hit: BoolArray, k: int) -> FloatArray:
    """[Q] 1 where the first product of the list is relevant, falling to 1/k for the last.

    Args:
        hit: [Q, k] whether the product at each position is relevant, best first.
        k: length of the list.
    """
    position = hit[:, :k].argmax(axis=1)
    return np.where(hit[:, :k].any(axis=1), 1 - position / k, 0.0)


def nobody_has(lists: IntArray, past: CatalogueStatistics) -> FloatArray:
    """[Q] share of the list that no customer had before the window.

    Args:
        lists: [Q, k] row numbers of products, best first, -1 for none.
        past: what was known before the window.
    """
    return ((lists >= 0) & (past.buyers[lists] == 0)).mean(axis=1)
