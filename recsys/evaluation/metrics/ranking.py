"""Metrics of ranked lists, one value a query; see the docstring of each for its formula.

precision, recall, ndcg, average_precision, reciprocal_rank and hit_rate take the same three
arguments and equal trec_eval's, as `ir_measures` computes them:

    hit: [Q, any] whether the product at each position is relevant, best first.
    relevant: [Q] number of relevant products of each query, at least 1.
    k: length at which the list is cut.

auc and r_precision need the ranks of all relevant products instead.
"""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


def precision(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Share of the first k positions that hold a relevant product; trec_eval's P@k.

    precision@k = |top k and relevant| / k (Manning, Raghavan and Schuetze, 2008, chapter 8). A
    list shorter than k is also divided by k, so that recommending less never pays.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products; not needed here.
        k: length at which the list is cut.

    Returns:
        [Q] float64 between 0 and 1.
    """
    return np.asarray(hit[:, :k].sum(axis=1) / k, np.float64)


def recall(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Share of a query's relevant products among the first k; trec_eval's recall_k.

    recall@k = |top k and relevant| / |relevant|, as in the tables of LightGCN (He et al., 2020).
    Other authors divide by min(k, |relevant|), see `recsys.evaluation.metrics.capped`; then a short
    list can reach 1.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: length at which the list is cut.

    Returns:
        [Q] float64 between 0 and 1.
    """
    return np.asarray(hit[:, :k].sum(axis=1) / relevant, np.float64)


def hit_rate(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """1 where a relevant product is among the first k, else 0; trec_eval's success_k.

    hit_rate@k = [|top k and relevant| > 0] (Deshpande and Karypis, 2004). With one relevant product
    a query, as where the last event is left out, it equals recall@k.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products; not needed here.
        k: length at which the list is cut.

    Returns:
        [Q] float64, 0 or 1.
    """
    return np.asarray(hit[:, :k].any(axis=1), np.float64)


def ndcg(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Normalised discounted cumulative gain: relevant products count more the higher they rank.

    The discounted gain of the list over that of the best list, with gains of 0 and 1:

        ndcg@k = sum_{i<=k} hit_i / log2(i + 1) / sum_{i<=min(k, |relevant|)} 1 / log2(i + 1)

    (Jarvelin and Kekalainen, 2002, with the discount of trec_eval's ndcg_cut_k).

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: length at which the list is cut.

    Returns:
        [Q] float64 between 0 and 1.
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(relevant, k)]
    return np.asarray(hit[:, :k] @ discount[: hit.shape[1]] / ideal, np.float64)


def average_precision(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Mean of the precision at each relevant product; one that is not listed counts as 0.

    ap@k = sum_{i<=k} hit_i * precision@i / |relevant| (Buckley and Voorhees, 2000), trec_eval's
    map_cut_k and AP@k of ir_measures; its mean over queries is MAP. The divisor is |relevant|, not
    min(k, |relevant|) as in some libraries and in `recsys.evaluation.metrics.capped`: with more
    than k relevant products even the best list stays below 1.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: length at which the list is cut; at least its own length gives the uncut AP.

    Returns:
        [Q] float64 between 0 and 1.
    """
    return np.asarray(sum_of_precisions(hit[:, :k]) / relevant, np.float64)


def sum_of_precisions(top: BoolArray) -> FloatArray:
    """[Q] float64 sum of the precision at each hit of lists [Q, k], best first."""
    precisions = np.cumsum(top, axis=1) / np.arange(1, top.shape[1] + 1)
    return np.asarray((precisions * top).sum(axis=1), np.float64)


def reciprocal_rank(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """One over the rank of the first relevant product; 0 where the first k hold none.

    rr@k = 1 / min{i <= k: hit_i} (Voorhees, 1999, the TREC-8 question answering track); its mean
    over queries is MRR.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products; not needed here.
        k: length at which the list is cut.

    Returns:
        [Q] float64 between 0 and 1.
    """
    top = hit[:, :k]
    return np.where(top.any(axis=1), 1 / (top.argmax(axis=1) + 1), 0.0)


def auc(ranks: FloatArray, relevant: IntArray, eligible: IntArray) -> FloatArray:
    """Chance that a relevant product is scored above one that is not; a tie counts half.

    With n relevant products of mid-ranks r_1 ... r_n (1 = best) among N eligible ones,

        auc = 1 - (sum_j r_j - n (n + 1) / 2) / (n (N - n))

    which is Mann and Whitney's U over its maximum (Hanley and McNeil, 1982); one value a query as
    in BPR (Rendle et al., 2009). Needs the whole ranking, not its top.

    Args:
        ranks: [N] mid-ranks of all relevant products, query after query, from `mid_ranks`.
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


def r_precision(ranks: FloatArray, relevant: IntArray, eligible: IntArray) -> FloatArray:
    """Precision at the number of relevant products, where it equals recall; trec_eval's Rprec.

    r_precision = |top R and relevant| / R with R = |relevant| (Manning, Raghavan and Schuetze,
    2008, chapter 8). A list is as long as the customer has relevant products, so there is no k.

    Args:
        ranks: [N] mid-ranks of all relevant products, query after query, from `mid_ranks`; nan for
            one that could not be ranked. Of equal scores around the R-th place those count whose
            mean rank is at most R.
        relevant: [Q] number of relevant products of each query; sums to N.
        eligible: [Q] number of products that were ranked; not needed here.

    Returns:
        [Q] float64 between 0 and 1; nan where nothing is relevant.
    """
    query = np.repeat(np.arange(len(relevant)), relevant)
    found = ranks <= np.asarray(relevant)[query]
    return ratio(np.bincount(query, weights=found, minlength=len(relevant)), relevant)


def ratio(part: FloatArray | IntArray, total: FloatArray | IntArray) -> FloatArray:
    """[n] part / total in float64; nan, without a warning, where total is 0."""
    nothing = np.full(np.shape(total), np.nan)
    return np.divide(part, total, out=nothing, where=np.not_equal(total, 0))
