"""Full ranking: every eligible product for every query, in tiles of fixed size."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_array
from tqdm import tqdm

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.evaluation.relevance import mid_ranks, relevant_entries
from recsys.ops.chunks import even_slices
from recsys.ops.csr import entry_rows
from recsys.ops.topk import TopK, topk

Score: TypeAlias = Callable[[IntArray], FloatArray]
"""Row numbers of customers [n] -> scores [n, P], higher is better; the array may be overwritten."""

TILE = 256
"""Queries scored at once. Fixed, because matrix products round differently for other shapes."""

_SELECTORS = min(4, os.cpu_count() or 1)
"""Threads that rank the rows of a tile, each an equal part of them."""


@dataclass(frozen=True, eq=False)
class Ranking(TopK):
    """The list of each query, and where its relevant products are.

    Attributes:
        columns: [Q, k] int32 row numbers of products, best first, -1 for none.
        scores: [Q, k] float32.
        entries: [Q, k] int64, position of each listed product among the N entries of
            `queries.relevant`; -1 where it is not relevant.
        mid_ranks: [N] float64 rank of each relevant product among all that could be ranked, equal
            scores at their mean rank; nan for one that could not. None unless ranked in full.
    """

    entries: IntArray
    mid_ranks: FloatArray | None


def rank(
    score: Score, queries: Queries, k: int, progress: bool = True, in_full: bool = False
) -> Ranking:
    """Ranks all eligible, unseen products for every query; never a sample of them.

    Queries are scored in tiles of `TILE` rows, the last one padded, so that the size of a batch
    changes scores by rounding alone. Equal scores are ordered by row number, which carries no
    meaning because ids are shuffled when they are coded.

    Args:
        score: of the model.
        queries: the customers, their relevant products, and what may be ranked for them.
        k: length of the lists.
        progress: draw a bar on a terminal where it takes long.
        in_full: also rank the relevant products below the k-th, which takes a sort of each row.

    Raises:
        ValueError: a score is NaN, or the score array has the wrong shape.
    """
    count, width = queries.relevant.shape
    k = min(k, width)
    ranking = Ranking(
        columns=np.empty((count, k), np.int32),
        scores=np.empty((count, k), np.float32),
        entries=np.empty((count, k), np.int64),
        mid_ranks=np.full(queries.relevant.nnz, np.nan) if in_full else None,
    )
    with ThreadPoolExecutor(_SELECTORS) as pool:
        pending: list[Future[None]] = []
        tiles = tqdm(
            range(0, count, TILE), desc="evaluate", unit="tile", delay=3,
            disable=None if progress else True,
        )  # fmt: skip
        for start in tiles:
            rows = slice(start, min(start + TILE, count))
            tile = scored(score, queries, rows)
            for part in pending:
                part.result()
            # Selection of one tile overlaps with the scoring of the next.
            pending = [
                pool.submit(_rank_into, ranking, start + part.start, tile[part], queries)
                for part in even_slices(len(tile), -(-len(tile) // _SELECTORS))
            ]
        for part in pending:
            part.result()
    return ranking


def scored(score: Score, queries: Queries, rows: slice) -> FloatArray:
    """Scores [n, P] of the queries of a tile, which is padded to `TILE` rows for the model.

    Raises:
        ValueError: the score array has the wrong shape.
    """
    customers = queries.customers[rows]
    padded = np.concatenate([customers, np.full(TILE - len(customers), customers[-1])])
    tile = score(padded)
    if tile.shape != (TILE, queries.relevant.shape[1]):
        raise ValueError(f"score returned shape {tile.shape} for {TILE} customers")
    return tile[: len(customers)]


def _rank_into(ranking: Ranking, start: int, tile: FloatArray, queries: Queries) -> None:
    rows = slice(start, start + len(tile))
    mask(tile, queries.eligible, None if queries.seen is None else queries.seen[rows])
    best = topk(tile, ranking.columns.shape[1])
    ranking.columns[rows], ranking.scores[rows] = best.columns, best.scores
    relevant = queries.relevant[rows]
    first = queries.relevant.indptr[rows.start]
    entries = relevant_entries(best.columns, relevant)
    ranking.entries[rows] = np.where(entries >= 0, entries + first, -1)
    if ranking.mid_ranks is not None:
        ranking.mid_ranks[first : first + relevant.nnz] = mid_ranks(tile, relevant)


def mask(scores: FloatArray, eligible: BoolArray, seen: csr_array | None) -> None:
    """Sets scores [n, P] to -inf, in place, where not eligible [P] or seen [n, P]."""
    if not eligible.all():
        scores[:, ~eligible] = -np.inf
    if seen is not None:
        scores[entry_rows(seen.indptr), seen.indices] = -np.inf
