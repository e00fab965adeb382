"""Area under the ROC curve of each query, over all eligible products."""

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import rankdata

from recsys.arrays import FloatArray, IntArray
from recsys.evaluate.metrics.ratio import ratio


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

    Args:
        scores: [Q, P], higher is better, -inf where a product is not eligible.
        relevant: [Q, P] CSR, relevant products.

    Returns:
        [N] float64, 1 = best, in the order of the CSR matrix.

    Raises:
        ValueError: a relevant product is not eligible, or a score is NaN.
    """
    if np.isnan(scores).any():
        raise ValueError("scores contain NaN")
    query = np.repeat(np.arange(len(scores)), np.diff(relevant.indptr))
    if np.isneginf(scores[query, relevant.indices]).any():
        raise ValueError("a relevant product has score -inf; leave it out of relevant")
    # What is not eligible comes last, so the ranks of the rest are as if it were not there.
    found: FloatArray = rankdata(-scores, axis=1)[query, relevant.indices]
    return found
