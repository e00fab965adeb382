"""The offer that moves a strand: the product of its purpose that a model ranks first."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.full_ranking import Score

_BATCH = 1_024


def next_offers(
    score: Score, customers: IntArray, purposes: IntArray, purpose_of: IntArray, offered: BoolArray
) -> tuple[IntArray, FloatArray]:
    """The best product for each strand among those that serve its purpose.

    Args:
        score: of a model, customers [Q] to scores [Q, P]; higher is better, -inf is no score.
        customers: [S] whose strands they are.
        purposes: [S] of the strands.
        purpose_of: [P] of the products.
        offered: [P] whether a product may be offered.

    Returns:
        products [S], -1 where none of the purpose may be offered or has a score, and their scores
        [S], NaN there.
    """
    best, scores = np.full(len(customers), -1), np.full(len(customers), np.nan)
    for start in range(0, len(customers), _BATCH):
        rows = slice(start, start + _BATCH)
        fits = (purposes[rows, None] == purpose_of) & offered
        found = np.where(fits, score(customers[rows]), -np.inf)
        top, highest = found.argmax(axis=1), found.max(axis=1)
        some = highest > -np.inf
        best[rows] = np.where(some, top, -1)
        scores[rows] = np.where(some, highest, np.nan)
    return best, scores
