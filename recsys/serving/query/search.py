"""The best products of customers: all products scored, or those that an index finds."""

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
from recsys.serving.query import fallback, ranking
from recsys.serving.query.customer_state import ONLY, CustomerState
from recsys.serving.query.query import Query

_TILE_CUSTOMERS, _TILE_SCORES = 256, 2**24
"""Customers scored at once, fewer where that many rows of scores would take over 64 MiB."""


def best_products(
    contents: Contents, index: ApproximateIndex | None, person: CustomerState, asked: Query
) -> tuple[IntArray, FloatArray]:
    """Rows and scores of the k best products for one person, fewer where rules leave fewer."""
    if not asked.reachable(person.permitted):
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    if index is not None and asked.allowed is None:
        found = _searched(contents, index, person, asked)
        if found is not None:
            return found
    scores = ranking.product_scores(contents, person.vectors, ONLY, asked.asked)
    if asked.barred is not None:
        scores[0, asked.barred] = -np.inf
    scores[0, person.had(contents)] = -np.inf
    return _first_row(topk(scores, asked.k))


def best_of_many(
    contents: Contents, customers: SortedIds, starts: IntArray, ends: IntArray, asked: Query
) -> TopK:
    """The k best products of n customers, tile by tile, in threads.

    Args:
        contents: of the artifact.
        customers: its ids.
        starts: [n] where in `customers.rows` the rows of each customer start.
        ends: [n] where they end.
        asked: of all of them.
    """
    width = len(contents.products)
    found = TopK(
        np.empty((len(starts), min(asked.k, width)), np.int32),
        np.empty((len(starts), min(asked.k, width)), np.float32),
    )
    step = max(1, min(_TILE_CUSTOMERS, _TILE_SCORES // width))

    def rank(first: int) -> None:
        tile = slice(first, first + step)
        owners, places = expand_ranges(starts[tile], ends[tile])
        begins = np.searchsorted(owners, np.arange(owners[-1] + 1))
        best = _best_of_rows(contents, customers.rows[places], begins, asked)
        found.columns[tile], found.scores[tile] = best.columns, best.scores

    # Picking the best of a tile takes one thread, while the next tile is multiplied.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        deque(threads.map(rank, range(0, len(starts), step)), maxlen=0)
    return found


def _best_of_rows(contents: Contents, rows: IntArray, starts: IntArray, asked: Query) -> TopK:
    """The k best products of B customers.

    Args:
        contents: of the artifact.
        rows: [R] rows of all customers, one customer after the other.
        starts: [B] where the rows of each customer start.
        asked: of all of them.
    """
    vectors, _ = fallback.filled(contents, contents.customers.vectors[rows], starts)
    scores = ranking.product_scores(contents, vectors, starts, asked.asked)
    if asked.barred is not None:
        scores[:, asked.barred] = -np.inf
    if contents.filter_seen and contents.events is not None:
        owners, places = contents.events.of_rows(rows)
        customers = np.searchsorted(starts, owners, side="right") - 1
        scores[customers, contents.events.products[places]] = -np.inf
    if contents.customers.consent is not None:
        scores[~asked.reachable(rules.permitted(contents, rows, starts))] = -np.inf
    return topk(scores, asked.k)


def _searched(
    contents: Contents, index: ApproximateIndex, person: CustomerState, asked: Query
) -> tuple[IntArray, FloatArray] | None:
    """The k best of what the index finds; None where too few of them may be offered."""
    gone = person.had(contents)
    spare = asked.k if asked.barred is not None else 0
    queries = ranking.towards(contents, person.vectors, asked.asked)
    places = index.nearest(queries, asked.k + len(gone) + spare)
    # Ascending, so that equal scores go to the lower row here too; products that came after the
    # index was built are looked at one by one.
    later = np.arange(index.size, len(contents.products))
    candidates = np.append(np.unique(places[places >= 0]), later)
    kept = ~np.isin(candidates, gone) if len(gone) else np.ones(len(candidates), dtype=bool)
    if asked.barred is not None:
        kept &= ~asked.barred[candidates]
    candidates = candidates[kept]
    if len(candidates) < asked.k:
        return None
    scores = (queries @ contents.products.vectors[candidates].T).max(axis=0, keepdims=True)
    best, values = _first_row(topk(scores, asked.k))
    return candidates[best], values


def _first_row(found: TopK) -> tuple[IntArray, FloatArray]:
    """Columns and scores of a single list, as long as it is."""
    kept = found.columns[0] >= 0
    return found.columns[0][kept], found.scores[0][kept]
