"""The k highest scores of each row, exactly; equal scores by ascending column. Pure NumPy."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError

_GROUPS = 1024
"""Into so many groups the columns of a wide row are divided."""

_LOWEST = np.finfo(np.float32).min


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

    Exact: the k highest maxima of groups of columns are k scores of the row, so that no score below
    the last of them is among the k best. Only groups with a maximum from there on are searched.

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
        rows, columns = np.nonzero(scores >= _bound(scores, k)[:, None])
        return _ordered(count, k, rows, columns, scores[rows, columns])
    grouped = width // depth * depth
    body, rest = scores[:, :grouped].reshape(count, depth, -1), scores[:, grouped:]
    maxima = body.max(axis=1)
    _refuse_nan(maxima)
    _refuse_nan(rest)
    bound = _bound(maxima, k)
    row, group = np.nonzero(maxima >= bound[:, None])
    inside = body[row, :, group]
    found, level = np.nonzero(inside >= bound[row, None])
    rest_row, rest_column = np.nonzero(rest >= bound[:, None])
    return _ordered(
        count,
        k,
        np.concatenate([row[found], rest_row]),
        np.concatenate([level * body.shape[2] + group[found], rest_column + grouped]),
        np.concatenate([inside[found, level], rest[rest_row, rest_column]]),
    )


def _bound(scores: FloatArray, k: int) -> FloatArray:
    """[n] the k-th highest of each row [n, m]; where that is -inf, the lowest finite number."""
    last = scores.shape[1] - k
    bound: FloatArray = np.maximum(np.partition(scores, last, axis=1)[:, last], _LOWEST)
    return bound


def _ordered(count: int, k: int, rows: IntArray, columns: IntArray, scores: FloatArray) -> TopK:
    """The k best of candidates, given as entries [m] of `count` rows; equal ones by column."""
    order = np.lexsort((columns, -scores, rows))
    amounts = np.bincount(rows, minlength=count)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(amounts) - amounts, amounts)
    first, place = order[rank < k], rank[rank < k]
    best = TopK(np.full((count, k), -1, np.int32), np.full((count, k), -np.inf, np.float32))
    best.columns[rows[first], place] = columns[first]
    best.scores[rows[first], place] = scores[first]
    return best


def _refuse_nan(maxima: FloatArray) -> None:
    # The maximum of scores with a NaN is NaN, so the whole tile need not be read again.
    if np.isnan(maxima).any():
        raise InputError("scores contain NaN: the model has not converged; use milder settings")
