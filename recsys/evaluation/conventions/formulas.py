"""Formulas of other libraries that no metric of ours has; each returns one number a customer."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.evaluation.conventions.lists import Lists
from recsys.evaluation.metrics.ranking import ratio, sum_of_precisions


def summed_precision(lists: Lists) -> FloatArray:
    """Hits of all customers over the most that their lists could hold: a ratio of sums.

        R = sum_q |top k and relevant| / sum_q min(k, |relevant|)

    A customer's value is R + (hits - R most) / mean(most) with `most` = min(k, |relevant|): the
    linearised ratio (Cochran, Sampling Techniques, 1977, chapter 6), whose mean is R, so that a
    bootstrap of values over customers is one of the ratio to the first order. `most` is the same
    for all models, so that a model's advantage is that of its hits.
    """
    hits, most = lists.hit.sum(axis=1), np.minimum(lists.relevant, lists.k)
    if not len(most):
        return np.zeros(0)
    total = hits.sum() / most.sum()
    return np.asarray(total + (hits - total * most) / most.mean())


def precision_of_length(lists: Lists) -> FloatArray:
    """Hits over the length of the list, if that is below k; 0 of an empty list."""
    return np.nan_to_num(ratio(lists.hit.sum(axis=1), lists.lengths))


def ndcg_from_rank_two(lists: Lists) -> FloatArray:
    """NDCG with the discount of Jarvelin and Kekalainen (2002), base 2: from rank 2 on.

    The gain at rank i counts 1 / max(1, log2(i)), in the list and in the ideal one.
    """
    discount = 1 / np.log2(np.maximum(np.arange(1, lists.k + 1), 2))
    ideal = np.cumsum(discount)[np.minimum(lists.relevant, lists.k) - 1]
    return np.asarray(lists.hit @ discount[: lists.hit.shape[1]] / ideal)


def ap_of_length(lists: Lists) -> FloatArray:
    """Sum of the precisions at the hits over min(length of the list, |relevant|); 0 if empty."""
    return np.nan_to_num(
        ratio(sum_of_precisions(lists.hit), np.minimum(lists.lengths, lists.relevant))
    )


def ap_of_hits(lists: Lists) -> FloatArray:
    """Mean of the precisions at the hits: relevant products that are not listed do not count."""
    return np.nan_to_num(ratio(sum_of_precisions(lists.hit), lists.hit.sum(axis=1)))


def precision_of_events(lists: Lists) -> FloatArray:
    """Events of the listed products over k; above 1 where they were bought often."""
    return np.asarray(lists.times.sum(axis=1) / lists.k)


def recall_of_events(lists: Lists) -> FloatArray:
    """Events of the listed products over all events."""
    return np.asarray(lists.times.sum(axis=1) / lists.events)


def ndcg_over_k(lists: Lists) -> FloatArray:
    """Discounted gain over that of k relevant products, however many there are.

    A product bought twice gains twice.
    """
    discount = 1 / np.log2(np.arange(2, lists.k + 2))
    return np.asarray(lists.times @ discount[: lists.times.shape[1]] / discount.sum())


def ap_of_events(lists: Lists) -> FloatArray:
    """Sum over the hits of events found so far over the rank, over all events."""
    so_far = np.cumsum(lists.times, axis=1) / np.arange(1, lists.times.shape[1] + 1)
    return np.asarray((so_far * lists.hit).sum(axis=1) / lists.events)
