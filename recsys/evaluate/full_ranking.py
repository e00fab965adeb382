"""Full ranking: every eligible product for every query, in tiles of fixed size."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_array
from tqdm import tqdm

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.evaluate.topk import TopK, topk

Score: TypeAlias = Callable[[IntArray], FloatArray]
"""Row numbers of customers [n] -> scores [n, P], higher is better; the array may be overwritten."""

TILE = 256
"""Queries scored at once. Fixed, because matrix products round differently for other shapes."""


def rank(score: Score, queries: Queries, k: int, progress: bool = True) -> TopK:
    """Ranks all eligible, unseen products for every query; never a sample of them.

    Queries are scored in tiles of `TILE` rows, the last one padded, so that a query's scores depend
    on its neighbours only through the rounding of one and the same matrix product. Equal scores
    are ordered by row number, which carries no meaning because ids are shuffled when coded.

    Raises:
        ValueError: a score is NaN, or the score array has the wrong shape.
    """
    count, width = queries.relevant.shape
    k = min(k, width)
    products = np.empty((count, k), np.int32)
    scores = np.empty((count, k), np.float32)
    with ThreadPoolExecutor(1) as pool:
        pending = None
        tiles = tqdm(
            _tiles(count), total=-(-count // TILE), desc="evaluate", unit="tile", delay=3,
            disable=None if progress else True,
        )  # fmt: skip
        for rows in tiles:
            tile = _scored(score, queries, rows)
            if pending is not None:
                pending.result()
            # Selection of one tile overlaps with the scoring of the next.
            pending = pool.submit(_select_into, products, scores, rows, tile, queries, k)
        if pending is not None:
            pending.result()
    return TopK(products, scores)


def _tiles(count: int) -> Iterator[IntArray]:
    for start in range(0, count, TILE):
        yield np.arange(start, min(start + TILE, count))


def _scored(score: Score, queries: Queries, rows: IntArray) -> FloatArray:
    customers = queries.customers[rows]
    padded = np.concatenate([customers, np.full(TILE - len(rows), customers[-1])])
    tile = score(padded)
    if tile.shape != (TILE, queries.relevant.shape[1]):
        raise ValueError(f"score returned shape {tile.shape} for {TILE} customers")
    return tile[: len(rows)]


def _select_into(
    products: IntArray,
    scores: FloatArray,
    rows: IntArray,
    tile: FloatArray,
    queries: Queries,
    k: int,
) -> None:
    mask(tile, queries.eligible, None if queries.seen is None else queries.seen[rows])
    found = topk(tile, k)
    products[rows] = found.columns
    scores[rows] = found.scores


def mask(scores: FloatArray, eligible: BoolArray, seen: csr_array | None) -> None:
    """Sets scores [n, P] to -inf, in place, where not eligible [P] or seen [n, P]."""
    if not eligible.all():
        scores[:, ~eligible] = -np.inf
    if seen is not None:
        scores[np.repeat(np.arange(len(scores)), np.diff(seen.indptr)), seen.indices] = -np.inf
