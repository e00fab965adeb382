"""Customers folded in after training, against a model that was trained with them.

The best that a fold-in can reach is the overlap between two trainings with different seeds.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from benchmarks.suite import require_at_least
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.seen_products import seen_products
from recsys.data.source import Source
from recsys.data.split import TimeSplit
from recsys.exporting.contents import contents_of, vectors_of
from recsys.graph.bipartite import interaction_matrix
from recsys.models.als import ALS
from recsys.models.base import Recommender
from recsys.models.graph_filter import GraphFilter
from recsys.models.lightgcn import LightGCN
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.models.xsimgcl import XSimGCL
from recsys.ops.topk import topk
from recsys.serving import Artifact

MODELS: Mapping[str, Callable[[int], Recommender]] = {
    "als": lambda seed: ALS(seed=seed),
    "graph_filter": lambda seed: GraphFilter(seed=seed),
    "lightgcn": lambda seed: LightGCN(seed=seed),
    "xsimgcl": lambda seed: XSimGCL(seed=seed),
    "touchpoint_gnn": lambda seed: TouchpointGNN(seed=seed),
}


class FoldInSuite:
    """Every exportable model with its default settings, on the events before the first cut-off.

    Args:
        data: with a clock.
        hidden: how many customers with events are hidden from training, at most half of all.
        folds: number of parts, each hidden from its own training. A model misses what the hidden
            customers would have taught it; this is little only where they are few.
        dim: columns of a factorised filter.
        k: length of the lists compared.
        models: names among `MODELS`.
    """

    def __init__(
        self,
        *,
        data: Source,
        hidden: int = 1_000,
        folds: int = 1,
        dim: int = 1_000,
        k: int = 20,
        models: Sequence[str] = tuple(MODELS),
    ) -> None:
        require_at_least(1, hidden=hidden, folds=folds, dim=dim, k=k)
        self.data, self.hidden, self.folds, self.dim, self.k = data, hidden, folds, dim, k
        self.models = tuple(models)

    def figures(self) -> Mapping[str, float]:
        """For each model: overlaps, their ratio, recalls, their ratio and milliseconds.

        overlap_of_others is that of customers who were in both trainings, with and without the
        hidden customers: it shows what the hidden customers taught, which no fold-in can know.
        """
        everything = build(self.data, check_tables(self.data.load()))
        split = TimeSplit().split(everything, self.data)
        past, end = split.valid.past, int(split.test.past.as_of or 0)
        bought = _bought_later(everything, past, end)
        active = np.flatnonzero((past.history_lengths > 0) & (np.diff(bought.indptr) > 0))
        count = min(self.hidden, len(active) // 2)
        hidden = np.random.default_rng(0).permutation(active)[:count]
        parts = [np.sort(part) for part in np.array_split(hidden, self.folds)]
        results: dict[str, float] = {"hidden": count, "customers": len(past.customers)}
        for name in self.models:
            figures = self._model(MODELS[name], past, parts, bought)
            results |= {f"{name}_{key}": value for key, value in figures.items()}
        return results

    def _model(
        self,
        make: Callable[[int], Recommender],
        past: Dataset,
        parts: Sequence[IntArray],
        bought: csr_array,
    ) -> dict[str, float]:
        hidden = np.concatenate(parts)
        seen = seen_products(past, past.as_of_seconds)
        trained = make(0).fit(past)
        with_them = self._best(trained.score(hidden), seen, hidden)
        other_seed = self._best(make(1).fit(past).score(hidden), seen, hidden)
        lists, milliseconds, moved = [], [], []
        for part in parts:
            without = past.select(~np.isin(past.interactions.customers, part))
            model = make(0).fit(without)
            artifact = self._artifact(model, without)
            vectors, taken = _folded(artifact, past, part)
            lists.append(self._best(vectors @ artifact.contents.products.vectors.T, seen, part))
            milliseconds += taken
            stayed = _others(past, hidden, len(part))
            moved.append(
                _overlap(
                    *(self._best(fitted.score(stayed), seen, stayed) for fitted in (trained, model))
                )
            )
        folded = np.concatenate(lists)
        seeds, overlap = _overlap(with_them, other_seed), _overlap(with_them, folded)
        recalls = [_recall(best, bought[hidden].toarray() > 0) for best in (with_them, folded)]
        return {
            "overlap_of_seeds": seeds,
            "overlap": overlap,
            "overlap_over_seeds": overlap / seeds,
            "overlap_of_others": float(np.mean(moved)),
            "recall_trained": recalls[0],
            "recall": recalls[1],
            "recall_over_trained": recalls[1] / recalls[0],
            "p50_ms": float(np.median(milliseconds)),
            "max_ms": max(milliseconds),
        }

    def _artifact(self, model: Recommender, data: Dataset) -> Artifact:
        return Artifact.of(contents_of(model, *vectors_of(model, self.dim), data, {}))

    def _best(self, scores: FloatArray, seen: csr_array | None, customers: IntArray) -> IntArray:
        if seen is not None:
            scores = np.where(seen[customers].toarray(), -np.inf, scores)
        return topk(scores.astype(np.float32), self.k).columns


def _bought_later(everything: Dataset, past: Dataset, end: int) -> csr_array:
    """[C, P] sparse, products of the target actions between the past and the end of valid."""
    events, start = everything.interactions, int(past.as_of or 0)
    assert events.when is not None
    inside = everything.is_target & (events.when >= start) & (events.when < end)
    later = interaction_matrix(everything.select(inside))
    seen = seen_products(past, past.as_of_seconds)
    if seen is not None:
        later = later - later.multiply(seen)
        later.eliminate_zeros()
    return csr_array(later)


def _folded(artifact: Artifact, past: Dataset, hidden: IntArray) -> tuple[FloatArray, list[float]]:
    """Vectors [n, d] of the hidden customers from what they did, and how long each took."""
    counts, ids = interaction_matrix(past), artifact.contents.products.ids
    vectors, milliseconds = [], []
    with threadpool_limits(1):
        for row in hidden:
            entries = slice(counts.indptr[row], counts.indptr[row + 1])
            events = list(
                zip(
                    ids[counts.indices[entries]].tolist(),
                    counts.data[entries].tolist(),
                    strict=True,
                )
            )
            start = time.perf_counter()
            vectors.append(artifact.fold_in(events))
            milliseconds.append(1000 * (time.perf_counter() - start))
    return np.stack(vectors), milliseconds


def _others(past: Dataset, hidden: IntArray, count: int) -> IntArray:
    """[n] customers with events who are never hidden, at most `count`."""
    active = np.setdiff1d(np.flatnonzero(past.history_lengths > 0), hidden)
    return np.sort(np.random.default_rng(1).permutation(active)[:count])


def _overlap(lists: IntArray, other_lists: IntArray) -> float:
    shared = [np.isin(a[a >= 0], b).mean() for a, b in zip(lists, other_lists, strict=True)]
    return float(np.mean(shared))


def _recall(best: IntArray, bought: BoolArray) -> float:
    hits = [bought[row, columns[columns >= 0]].sum() for row, columns in enumerate(best)]
    return float(np.mean(np.array(hits) / bought.sum(axis=1)))
