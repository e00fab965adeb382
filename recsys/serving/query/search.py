"""The best products for customers, among all products or those that an index finds."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.ops.csr import expand_ranges
from recsys.ops.topk import TopK, topk
from recsys.serving.artifact import rules
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.index import ApproximateIndex
from recsys.serving.query import ranking
from recsys.serving.query.customer_state import ONE_CUSTOMER, CustomerState
from recsys.serving.query.default_vector import fill_default
from recsys.serving.query.query import Query

_TILE_CUSTOMERS, _TILE_SCORES = 256, 2**24
"""Customers scored at once, fewer where that many rows of scores would take over 64 MiB."""


def best_products(
    contents: Contents, index: ApproximateIndex | None, customer: CustomerState, query: Query
) -> tuple[IntArray, FloatArray]:
    """Rows and scores of the k best products for a customer, fewer where rules leave fewer."""
    if not query.reachable(customer.permitted):
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    if index is not None and query.allowed is None:
        best = _best_indexed(contents, index, customer, query)
        if best is not None:
            return best
    scores = ranking.product_scores(contents, customer.vectors, ONE_CUSTOMER, query.touchpoint)
    if query.blocked is not None:
        scores[0, query.blocked] = -np.inf
    scores[0, customer.filtered(contents, query.moment)] = -np.inf
    return _first_row(topk(scores, query.k))


def best_of_many(
    contents: Contents, customers: SortedIds, starts: IntArray, ends: IntArray, query: Query
) -> TopK:
    """The k best products of n customers, tile by tile, in threads.

    Args:
        contents: of the artifact.
        customers: its ids.
        starts: [n] where in `customers.rows` the rows of each customer start.
        ends: [n] where they end.
        query: the same for all customers.

    Returns:
        Product rows [n, min(k, P)] int32, -1 where there is no further offer, and float32 scores,
        -inf there.
    """
    width = len(contents.products)
    result = TopK(
        np.empty((len(starts), min(query.k, width)), np.int32),
        np.empty((len(starts), min(query.k, width)), np.float32),
    )
    step = max(1, min(_TILE_CUSTOMERS, _TILE_SCORES // width))

    def rank(first: int) -> None:
        tile = slice(first, first + step)
        owners, positions = expand_ranges(starts[tile], ends[tile])
        first_rows = np.searchsorted(owners, np.arange(owners[-1] + 1))
        best = _best_of_rows(contents, customers.rows[positions], first_rows, query)
        result.columns[tile], result.scores[tile] = best.columns, best.scores

    # One thread picks the best of a tile while another multiplies the next tile.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        deque(threads.map(rank, range(0, len(starts), step)), maxlen=0)
    return result


def _best_of_rows(contents: Contents, rows: IntArray, starts: IntArray, query: Query) -> TopK:
    """The k best products of B customers.

    Args:
        contents: of the artifact.
        rows: [R] rows of all customers, one customer after the other.
        starts: [B] where the rows of each customer start.
        query: the same for all customers.
    """
    vectors, _ = fill_default(contents, contents.customers.vectors[rows], starts)
    scores = ranking.product_scores(contents, vectors, starts, query.touchpoint)
    if query.blocked is not None:
        scores[:, query.blocked] = -np.inf
    if contents.filter_seen and contents.events is not None:
        positions, event_rows = contents.events.of_rows(rows)
        masked = contents.events.masked(event_rows, query.moment)
        positions, event_rows = positions[masked], event_rows[masked]
        customers = np.searchsorted(starts, positions, side="right") - 1
        scores[customers, contents.events.products[event_rows]] = -np.inf
    if contents.customers.consent is not None:
        scores[~query.reachable(rules.permitted(contents, rows, starts))] = -np.inf
    return topk(scores, query.k)


def _best_indexed(
    contents: Contents, index: ApproximateIndex, customer: CustomerState, query: Query
) -> tuple[IntArray, FloatArray] | None:
    """The k best of what the index finds; None where too few of them may be offered."""
    gone = customer.filtered(contents, query.moment)
    spare = query.k if query.blocked is not None else 0
    queries = ranking.query_vectors(contents, customer.vectors, query.touchpoint)
    rows = index.nearest(queries, query.k + len(gone) + spare)
    # Ascending, so that of equal scores the lower row comes first. Products added after the index
    # was built are all candidates.
    later = np.arange(index.size, len(contents.products))
    candidates = np.append(np.unique(rows[rows >= 0]), later)
    kept = ~np.isin(candidates, gone) if len(gone) else np.ones(len(candidates), dtype=bool)
    if query.blocked is not None:
        kept &= ~query.blocked[candidates]
    candidates = candidates[kept]
    if len(candidates) < query.k:
        return None
    scores = (queries @ contents.products.vectors[candidates].T).max(axis=0, keepdims=True)
    best, values = _first_row(topk(scores, query.k))
    return candidates[best], values


def _first_row(best: TopK) -> tuple[IntArray, FloatArray]:
    """Columns and scores of a single list, without padding."""
    kept = best.columns[0] >= 0
    return best.columns[0][kept], best.scores[0][kept]
