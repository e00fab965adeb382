"""Look-alikes and clusters on data sets, judged on valid, and the seconds of nearest customers."""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from benchmarks.similar.buyers import figures as buyer_figures
from benchmarks.similar.buyers import found
from benchmarks.suite import ends, require_at_least, root_of_suite
from recsys.customers.similar.clusters import find_clusters
from recsys.customers.similar.former_names import CLUSTER
from recsys.customers.similar.vectors import CustomerVectors, customer_vectors
from recsys.customers.with_clusters import WithClusters
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.data.queries import Window
from recsys.data.source import Source
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.data.sources.movielens import MovieLens
from recsys.data.sources.starbucks import Starbucks
from recsys.data.split import TimeSplit
from recsys.evaluation.evaluate_model import evaluate
from recsys.evaluation.paired import paired_difference
from recsys.models.als import ALS
from recsys.models.segment import Segment
from recsys.ops.nearest import UnitVectors
from recsys.simulation.source import SimulatedMarket

METRIC = "ndcg@10"


class SimilarSuite:
    """Quality on valid of four data sets, then speed.

    Args:
        root: folder of the public data sets.
        events: of the simulated market.
        things: most categories, or products, whose buyers are found on each set.
        clusters: numbers of clusters that are compared with the built-in segments; 0 for auto.
        customers: whose nearest are found for the speed.
        compared: of them, that scikit-learn finds too.
    """

    def __init__(
        self, *, root: str, events: int, things: int, clusters: list[int], customers: int,
        compared: int,
    ) -> None:  # fmt: skip
        require_at_least(1, things=things)
        require_at_least(1_000, events=events, customers=customers, compared=compared)
        self.root, self.events, self.things = root, events, things
        self.clusters, self.customers, self.compared = clusters, customers, compared

    def figures(self) -> Mapping[str, float]:
        """Keys SET_lookalike_NAME, SET_clusters_NAME, SET_names_NAME and nearest_NAME."""
        made: dict[str, float] = {}
        for name, source in self._sources().items():
            with root_of_suite():
                split = TimeSplit().split(Dataset.from_source(source), source)
            embeddings = ALS(dim=16, device="cpu").fit(split.valid.past).embeddings()
            vectors = customer_vectors(embeddings.customers, embeddings.products, split.valid.past)
            things = found(split.valid, vectors, embeddings, self.things)
            parts = {"lookalike": buyer_figures(things),
                     "clusters": _clusters(split.valid, vectors, self.clusters)}  # fmt: skip
            parts["names"] = _names(source, split.valid.past)
            made |= {f"{name}_{part}_{key}": figure
                     for part, keys in parts.items() for key, figure in keys.items()}  # fmt: skip
        return made | self._speed()

    def _sources(self) -> Mapping[str, Source]:
        with root_of_suite():
            return {
                "complete_journey": CompleteJourney(root=f"{self.root}/complete_journey"),
                "starbucks": Starbucks(root=f"{self.root}/starbucks_offers"),
                "movielens": MovieLens(root=f"{self.root}/movielens_100k"),
                "simulated": SimulatedMarket(events=self.events),
            }

    def _speed(self) -> dict[str, float]:
        """Ten nearest of all random customers, and of some beside scikit-learn."""
        rng = np.random.default_rng(0)
        vectors = rng.standard_normal((self.customers, 64)).astype(np.float32)
        units = UnitVectors.of(vectors, np.arange(len(vectors)))
        some = np.arange(self.compared)
        wall, cpu = perf_counter(), process_time()
        units.nearest(np.arange(len(vectors)), 10)
        made = {"nearest_seconds": perf_counter() - wall,
                "nearest_cpu_seconds": process_time() - cpu}  # fmt: skip
        cpu = process_time()
        ours = units.nearest(some, 10)
        own = process_time() - cpu
        peer = NearestNeighbors(n_neighbors=11, metric="cosine", algorithm="brute").fit(vectors)
        cpu = process_time()
        theirs = peer.kneighbors(vectors[some], return_distance=False)[:, 1:]
        peers = process_time() - cpu
        wall, single = perf_counter(), 20
        for owner in range(single):
            units.nearest(np.array([owner]), 10)
        return made | {
            "nearest_times_faster_than_sklearn": peers / own,
            "nearest_same_as_sklearn": float((ours.columns == theirs).mean()),
            "nearest_one_milliseconds": (perf_counter() - wall) / single * 1e3,
        }


def _names(source: Source, past: Dataset) -> dict[str, float]:
    """Ten clusters at the cut-off and 90 days before: whether customers keep their name."""
    assert past.as_of is not None
    clusters = WithClusters(source=source, model=ALS(dim=16, device="cpu"), clusters=10)
    now, before = (
        clusters.snapshot(past, moment).customers for moment in (past.as_of, past.as_of - 90 * DAY)
    )
    both = now.merge(before, on=columns.CUSTOMER, suffixes=("", "_before"))
    if both.empty:
        return {}
    pair = both[CLUSTER], both[f"{CLUSTER}_before"]
    return {
        "customers_in_both": float(len(both)),
        "keep_their_name": float((pair[0] == pair[1]).mean()),
        "agreement": float(adjusted_rand_score(*pair)),
    }


def _clusters(window: Window, vectors: CustomerVectors, numbers: list[int]) -> dict[str, float]:
    """Popularity within clusters, and within recency, frequency and value, paired by customer."""
    built_in = evaluate(Segment().fit(window.past), window)
    made = ends(f"{METRIC}_built_in", built_in.metrics[METRIC])
    for number in numbers:
        clusters = find_clusters(vectors.vectors, number or None)
        ranked = evaluate(_segment(window, vectors, clusters.labels), window)
        apart = paired_difference(
            ranked.per_query.values[METRIC],
            built_in.per_query.values[METRIC],
            window.queries.customers,
        )
        key = f"{METRIC}_{number or 'auto'}"
        made |= ends(key, ranked.metrics[METRIC]) | ends(f"{key}_apart", apart)
        made |= {f"{number or 'auto'}_count": float(len(clusters)),
                 f"{number or 'auto'}_agreement": clusters.agreement.value}  # fmt: skip
    return made


def _segment(window: Window, vectors: CustomerVectors, labels: object) -> Segment:
    """The baseline `model=segment` on a column of cluster numbers."""
    past = window.past
    table = pd.DataFrame(
        {columns.CUSTOMER: past.customers.ids[vectors.customers], "cluster": labels}
    )
    side = {**past.side_tables, "customers": table.astype({"cluster": str})}
    return Segment(column="cluster").fit(replace(past, side_tables=side, snapshots=None))
