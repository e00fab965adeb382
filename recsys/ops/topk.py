"""The k highest scores of each row, exactly, with ties broken in a stated way. Pure NumPy."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError

_GROUPS = 1024


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
    """The k highest of each row [n, P] of float32 scores; ties by the lower column.

    Exact: the k best lie in the k groups of columns with the highest maxima, so only those groups
    are looked at; rows where a tie crosses the groups are ordered in full.

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
    found = _ordered(np.take_along_axis(scores, candidates, axis=1), candidates, k)
    # A group left out may hold a score equal to the last one chosen, at a lower column.
    threshold = found.scores[:, -1]
    tied = (maxima >= threshold[:, None]).sum(axis=1) > k
    if tied.any():
        full = np.broadcast_to(np.arange(width), (int(tied.sum()), width))
        again = _ordered(scores[tied], full, k)
        found.columns[tied], found.scores[tied] = again.columns, again.scores
    return found


def _ordered(scores: FloatArray, candidates: IntArray, k: int) -> TopK:
    """The k best of candidates [n, m] by (score down, column up)."""
    count, width = scores.shape
    threshold = np.partition(scores, width - k, axis=1)[:, width - k]
    rows, places = np.nonzero(scores >= threshold[:, None])
    kept, ids = scores[rows, places], candidates[rows, places]
    order = np.lexsort((ids, -kept, rows))
    starts = np.searchsorted(rows, np.arange(count))
    first_k = order[starts[:, None] + np.arange(k)]
    best = kept[first_k].astype(np.float32)
    return TopK(np.where(np.isneginf(best), -1, ids[first_k]).astype(np.int32), best)


def _refuse_nan(maxima: FloatArray) -> None:
    # The maximum of scores with a NaN is NaN, so the whole tile need not be read again.
    if np.isnan(maxima).any():
        raise InputError("scores contain NaN: the model has not converged; use milder settings")
