"""Area under the ROC curve of each query, over all eligible products."""

from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.metrics.ratio import ratio
from recsys.ops.csr import entry_rows

TIE = 1e-6
"""Scores closer than this share of the row's largest magnitude are equal. A float32 product of the
same two vectors differs by about a tenth of it from place to place in a matrix, so that products
with equal vectors would else be told apart, in another way for every batch."""


def auc(ranks: FloatArray, relevant: IntArray, eligible: IntArray) -> FloatArray:
    """Chance that a relevant product is scored above one that is not; a tie counts half.

    With n relevant products of mid-ranks r_1 ... r_n (1 = best) among N eligible ones,

        auc = 1 - (sum_j r_j - n (n + 1) / 2) / (n (N - n))

    which is Mann and Whitney's U over its maximum (Hanley and McNeil, 1982); one value a query as
    in BPR (Rendle et al., 2009). Needs the whole ranking, not its top.

    Args:
        ranks: [N] mid-ranks of all relevant products, query after query; see `mid_ranks`.
        relevant: [Q] number of relevant products of each query; sums to N.
        eligible: [Q] number of products that were ranked, the relevant ones among them.

    Returns:
        [Q] float64 between 0 and 1; nan where nothing or everything eligible is relevant.
    """
    query = np.repeat(np.arange(len(relevant)), relevant)
    total = np.bincount(query, weights=ranks, minlength=len(relevant))
    # In float64, because 32-bit counts as those of a CSR matrix would overflow when multiplied.
    count = relevant.astype(np.float64)
    wrong = total - count * (count + 1) / 2
    return 1 - ratio(wrong, count * (eligible - count))


def mid_ranks(scores: FloatArray, relevant: csr_array) -> FloatArray:
    """Rank of each relevant product among all eligible ones; equal scores share their mean rank.

    Scores are equal where they differ by at most `TIE` of the largest finite one of their row.

    Args:
        scores: [Q, P], higher is better, -inf where a product is not eligible.
        relevant: [Q, P] CSR, relevant products.

    Returns:
        [N] float64, 1 = best, in the order of the CSR matrix; nan for a product of score -inf.

    Raises:
        ValueError: a score is NaN.
    """
    query = entry_rows(relevant.indptr)
    wanted = scores[query, relevant.indices]
    ordered = np.sort(scores, axis=1)
    if np.isnan(ordered[:, -1]).any():  # it is sorted to the end
        raise ValueError("scores contain NaN")
    largest = np.abs(scores).max(axis=1, where=np.isfinite(scores), initial=0)
    near = TIE * largest[query].astype(np.float64)
    up_to = _places(ordered, query, wanted + near, "right")
    level = up_to - _places(ordered, query, wanted - near, "left")
    return np.where(np.isneginf(wanted), np.nan, scores.shape[1] - up_to + (level + 1) / 2)


def _places(
    ordered: FloatArray, rows: IntArray, values: FloatArray, side: Literal["left", "right"]
) -> IntArray:
    """[N] as `numpy.searchsorted`, of each value in a row of its own, by halving all at once."""
    low = np.zeros(len(rows), np.int64)
    high = np.full(len(rows), ordered.shape[1])
    for _ in range(ordered.shape[1].bit_length()):
        middle = (low + high) // 2
        # Where the two have met, the last column answers for one beyond it.
        found = ordered[rows, np.minimum(middle, ordered.shape[1] - 1)]
        right = ((found <= values) if side == "right" else (found < values)) & (low < high)
        low, high = np.where(right, middle + 1, low), np.where(right, high, middle)
    return low
