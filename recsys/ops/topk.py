"""The k highest scores of each row, exactly; equal scores by ascending column. Pure NumPy."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError

_GROUPS = 1024
"""Into so many groups the columns of a wide row are divided."""


@dataclass(frozen=True, eq=False)
class TopK:
    """The ranking of each row.

    Attributes:
        columns: [n, k] int32, best first; -1 where fewer than k scores are above -inf.
        scores: [n, k] float32; -inf there.
    """

    columns: IntArray
    scores: FloatArray


def topk(scores: FloatArray, k: int) -> TopK:
    """The k highest scores of each row; equal scores are ordered by ascending column.

    Exact: the k best are in the k groups of columns with the highest maxima, so only those groups
    are searched. Rows where equal scores cross the groups are ordered in full.

    Args:
        scores: [n, P] float32; -inf leaves a column out.
        k: length of the ranking; at most P are returned.

    Raises:
        InputError: a score is NaN.
    """
    count, width = scores.shape
    k = min(k, width)
    depth = -(-width // _GROUPS)
    if depth < 2 or 2 * k > _GROUPS:
        _refuse_nan(scores.max(axis=1))
        return _ordered(scores, np.broadcast_to(np.arange(width), (count, width)), k)
    body = scores[:, : width // depth * depth].reshape(count, depth, -1)
    groups = body.shape[2]
    maxima = body.max(axis=1)
    _refuse_nan(maxima)
    _refuse_nan(scores[:, depth * groups :])
    best = np.argpartition(maxima, groups - k, axis=1)[:, groups - k :]
    inside = best[:, None, :] + np.arange(depth)[None, :, None] * groups
    rest = np.broadcast_to(np.arange(depth * groups, width), (count, width - depth * groups))
    candidates = np.concatenate([inside.reshape(count, -1), rest], axis=1)
    best_k = _ordered(np.take_along_axis(scores, candidates, axis=1), candidates, k)
    # A group left out may hold a score equal to the last one chosen, at a lower column.
    threshold = best_k.scores[:, -1]
    tied = (maxima >= threshold[:, None]).sum(axis=1) > k
    if tied.any():
        full = np.broadcast_to(np.arange(width), (int(tied.sum()), width))
        exact = _ordered(scores[tied], full, k)
        best_k.columns[tied], best_k.scores[tied] = exact.columns, exact.scores
    return best_k


def _ordered(scores: FloatArray, candidates: IntArray, k: int) -> TopK:
    """The k best of candidates [n, m], columns with scores [n, m]; equal ones by column."""
    count, width = scores.shape
    threshold = np.partition(scores, width - k, axis=1)[:, width - k]
    rows, positions = np.nonzero(scores >= threshold[:, None])
    kept, ids = scores[rows, positions], candidates[rows, positions]
    order = np.lexsort((ids, -kept, rows))
    starts = np.searchsorted(rows, np.arange(count))
    first_k = order[starts[:, None] + np.arange(k)]
    best = kept[first_k].astype(np.float32)
    return TopK(np.where(np.isneginf(best), -1, ids[first_k]).astype(np.int32), best)


def _refuse_nan(maxima: FloatArray) -> None:
    # The maximum of scores with a NaN is NaN, so the whole tile need not be read again.
    if np.isnan(maxima).any():
        raise InputError("scores contain NaN: the model has not converged; use milder settings")
