"""The best products of a customer: all of them scored, or those that an index finds."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluate.topk import TopK, topk
from recsys.serve import ranking, rules
from recsys.serve.contents import Contents
from recsys.serve.index import ApproximateIndex
from recsys.serve.shortage import Limits

ONLY = np.zeros(1, np.int64)
"""Where the rows of a single customer start."""


def scores_of(
    contents: Contents, rows: IntArray, starts: IntArray, asked: int | None,
    barred: BoolArray | None,
) -> FloatArray:  # fmt: skip
    """[B, P] scores, -inf where a rule forbids the offer; arguments as in `ranking`."""
    scores = ranking.product_scores(contents, rows, starts, asked)
    if barred is not None:
        scores[:, barred] = -np.inf
    if contents.masks_seen:
        scores[ranking.seen(contents, rows, starts)] = -np.inf
    if contents.consent is not None:
        permitted = rules.permitted(contents, rows, starts)
        scores[~_reachable(permitted, asked)] = -np.inf
    return scores


def searched(
    contents: Contents, index: ApproximateIndex, rows: IntArray, asked: int | None,
    permitted: BoolArray, limits: Limits, k: int,
) -> tuple[IntArray, FloatArray] | None:  # fmt: skip
    """The k best of what the index finds; None where too few of them may be offered."""
    if contents.consent is not None and not _reachable(permitted, asked):
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    gone = had(contents, rows)
    spare = k if limits.barred is not None else 0
    queries = ranking.queries(contents, rows, asked)
    places = index.nearest(queries, k + len(gone) + spare)
    # Ascending, so that equal scores go to the lower row here too.
    candidates = np.unique(places[places >= 0])
    kept = ~np.isin(candidates, gone) if len(gone) else np.ones(len(candidates), dtype=bool)
    if limits.barred is not None:
        kept &= ~limits.barred[candidates]
    candidates = candidates[kept]
    if len(candidates) < k:
        return None
    scores = (queries @ contents.products[candidates].T).max(axis=0, keepdims=True)
    best, values = first_row(topk(scores, k))
    return candidates[best], values


def had(contents: Contents, rows: IntArray) -> IntArray:
    """Product rows that leave the ranking of a customer's rows."""
    if not contents.masks_seen:
        return np.zeros(0, np.int64)
    return ranking.seen(contents, rows, ONLY)[1]


def first_row(found: TopK) -> tuple[IntArray, FloatArray]:
    """Columns and scores of a single list, as long as it is."""
    kept = found.columns[0] >= 0
    return found.columns[0][kept], found.scores[0][kept]


def _reachable(permitted: BoolArray, asked: int | None) -> BoolArray:
    """[...] whether a customer with permissions [..., T] may be contacted as asked."""
    return np.asarray(permitted.any(axis=-1) if asked is None else permitted[..., asked])
