"""Products added after training by their features, against a model that was trained with them.

The products that customers took in the valid window are divided into parts. Each part in turn is
hidden: the products and all events with them. The queries are the customers who took a hidden
product for the first time. Hidden products are ranked among themselves and among all products.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from benchmarks.fold_in import MODELS
from benchmarks.suite import cell, ends, require_at_least, run_folder
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.queries import Queries, Window
from recsys.data.source import Source
from recsys.data.split import TimeSplit
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError
from recsys.evaluation.full_ranking import Score, rank
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.paired import paired_difference
from recsys.evaluation.per_query import of_relevant
from recsys.exporting.contents import contents_of, vectors_of
from recsys.graph.bipartite import binary, interaction_matrix
from recsys.graph.features import as_of
from recsys.models.base import Recommender
from recsys.ops.whole_file import write_whole
from recsys.serving import Contents, NewProduct
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.new_products import features_of, grown

AMONG, AMONG_ALL = 10, 20
"""Lengths of the lists of hidden products alone, and of those of the whole catalogue."""
METRICS = (f"ndcg@{AMONG}", f"recall@{AMONG}", f"of_all_recall@{AMONG_ALL}", "of_all_places")
CHANCE, CATEGORY = "random", "category"

Values = dict[tuple[str, str], list[FloatArray]]
"""(Who ranks, metric) -> values a query, one array a part."""


class NewProductsSuite:
    """Exportable models with their default settings, on the events before the first cut-off.

    Args:
        data: with a clock, and a products table with features.
        parts: into how many parts the products are divided, one of which is hidden at a time.
        hidden_parts: how many of them are hidden in turn, at most `parts`.
        dim: columns of a factorised filter.
        resamples: of customers.
        models: names among those of the fold-in suite.
    """

    def __init__(
        self,
        *,
        data: Source,
        parts: int = 10,
        hidden_parts: int = 10,
        dim: int = 256,
        resamples: int = 1000,
        models: Sequence[str] = ("als", "graph_filter", "lightgcn", "touchpoint_gnn"),
    ) -> None:
        require_at_least(2, parts=parts)
        require_at_least(1, hidden_parts=hidden_parts, dim=dim, resamples=resamples)
        self.data, self.parts, self.hidden_parts = data, parts, min(hidden_parts, parts)
        self.dim, self.resamples, self.models = dim, resamples, tuple(models)

    def figures(self) -> Mapping[str, float]:
        """NDCG and recall of hidden products, among themselves and among all; writes table.md.

        `of_all_places` is the share of the first ranks that hidden products take; for a model
        trained with them, this is their fair share.
        """
        everything = build(self.data, check_tables(self.data.load()))
        table = everything.side_tables.get("products")
        if table is None or columns.CATEGORY not in table:
            raise InputError(
                f"suite.data={everything.name}: expected a products table with a column "
                f"'{columns.CATEGORY}'; take simulated or complete_journey"
            )
        window = TimeSplit().split(everything, self.data).valid
        taken = _first_taken(window)
        candidates = np.flatnonzero(np.bincount(taken.indices, minlength=taken.shape[1]))
        shuffled = np.random.default_rng(0).permutation(candidates)
        trained = {name: MODELS[name](0).fit(window.past).score for name in self.models}
        values: Values = {}
        customers_of_parts, count = [], 0
        for part in range(self.hidden_parts):
            hidden = np.zeros(len(everything.products), bool)
            hidden[shuffled[part :: self.parts]] = True
            among, of_all = _questions(window, taken, hidden)
            known = without(window.past, hidden)
            customers_of_parts.append(among.customers)
            count += int(hidden.sum())
            rivals = {
                CHANCE: _at_random(part, len(hidden)),
                CATEGORY: _by_category(window.past, known, hidden),
            }
            for name, score in rivals.items():
                _note(values, name, _measured(score, among, None))
            for name in self.models:
                _note(values, f"{name}_trained", _measured(trained[name], among, of_all))
                score = self._added(MODELS[name](0).fit(known), known, window.past, hidden)
                _note(values, name, _measured(score, among, of_all))
        customers = np.concatenate(customers_of_parts)
        sizes = {"hidden": count, "queries": len(customers), "customers": len(np.unique(customers))}
        return sizes | self._report(
            {key: np.concatenate(of) for key, of in values.items()}, customers
        )

    def _added(self, model: Recommender, known: Dataset, past: Dataset, hidden: BoolArray) -> Score:
        """Scores of a model with the hidden products added to its catalogue.

        Products without a known feature cannot be added and rank last.
        """
        contents = contents_of(model, *vectors_of(model, self.dim), known, {})
        ids = SortedIds.build("product", contents.products.ids)
        new, features = _described(contents, past, hidden), features_of(contents)
        is_added = np.array([product.is_described(features) for product in new])
        contents, _ = grown(
            contents, ids, [product for product, is_in in zip(new, is_added, strict=True) if is_in]
        )
        rows = np.flatnonzero(hidden)
        vectors = np.zeros((len(hidden), contents.dim), np.float32)
        vectors[~hidden], vectors[rows[is_added]] = np.split(
            contents.products.vectors, [len(known.products)]
        )

        def score(customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
            scores: FloatArray = contents.customers.vectors[customers] @ vectors.T
            scores[:, rows[~is_added]] = scores.min() - 1
            return scores

        return score

    def _report(
        self, values: Mapping[tuple[str, str], FloatArray], customers: IntArray
    ) -> dict[str, float]:
        intervals = bootstrap(values, customers, resamples=self.resamples)
        figures: dict[str, float] = {}
        for (ranker, metric), interval in intervals.items():
            figures |= ends(f"{ranker}_{metric}", interval)
        lines = [f"| | {' | '.join(METRICS)} |", "|---" * (len(METRICS) + 1) + "|"]
        for ranker in dict.fromkeys(ranker for ranker, _ in values):
            cells = [
                cell(intervals[ranker, metric]) if (ranker, metric) in intervals else ""
                for metric in METRICS
            ]
            lines.append(f"| {ranker} | {' | '.join(cells)} |")
        for name in self.models:
            gains = []
            for metric in METRICS[:2]:
                over = paired_difference(
                    values[name, metric], values[CATEGORY, metric], customers,
                    resamples=self.resamples,
                )  # fmt: skip
                figures |= ends(f"{name}_over_{CATEGORY}_{metric}", over)
                gains.append(f"{cell(over, '+')} {over.verdict}")
            lines.append(f"| {name} - {CATEGORY} | {' | '.join(gains)} | | |")
        write_whole(run_folder() / "table.md", "\n".join(lines) + "\n")
        return figures


def without(data: Dataset, hidden: BoolArray) -> Dataset:
    """The data without the hidden [P] products; customers keep their row numbers."""
    events = data.interactions
    kept = events.select((events.products < 0) | ~hidden[events.products])
    rows = np.append(np.cumsum(~hidden) - 1, -1)[kept.products]
    gone = data.products.ids[hidden]
    return replace(
        data,
        products=Vocabulary(data.products.kind, data.products.ids[~hidden]),
        interactions=replace(kept, products=rows.astype(np.int32)),
        side_tables={
            name: table[~table[columns.PRODUCT].isin(gone)] if columns.PRODUCT in table else table
            for name, table in data.side_tables.items()
        },
    )


def _first_taken(window: Window) -> csr_array:
    """[Q, P] relevant products with which the customer has no event before.

    A new product has no earlier buyers, so earlier events may not help any ranker.
    """
    relevant = window.queries.relevant.astype(np.int8)
    fresh = csr_array(relevant - relevant.multiply(_met(window)))
    fresh.eliminate_zeros()
    return fresh.astype(bool)


def _met(window: Window) -> csr_array:
    """[Q, P] int8, 1 where there is an event before the window, whatever its action."""
    every = interaction_matrix(window.past, actions=dict.fromkeys(columns.ACTIONS, 1.0))
    return binary(every)[window.queries.customers].astype(np.int8)


def _questions(window: Window, taken: csr_array, hidden: BoolArray) -> tuple[Queries, Queries]:
    """Queries of the customers who took a hidden product: over hidden products, and over all."""
    columns_kept = csr_array(
        (np.ones(hidden.sum(), np.int8), np.flatnonzero(hidden), np.append(0, np.cumsum(hidden))),
        shape=(len(hidden),) * 2,
    )
    relevant = csr_array(taken.astype(np.int8) @ columns_kept)
    asking = np.flatnonzero(np.diff(relevant.indptr))
    # Where repeat purchases count, only hidden products must be new to the customer.
    gone = _met(window) if window.past.filter_seen else csr_array(_met(window) @ columns_kept)
    queries = replace(
        window.queries, relevant=relevant.astype(bool), seen=gone.astype(bool), touchpoints=None
    ).select(asking)
    return replace(queries, eligible=queries.eligible & hidden), queries


def _measured(score: Score, among: Queries, of_all: Queries | None) -> dict[str, FloatArray]:
    ranking = rank(score, among, AMONG, progress=False)
    values = dict(of_relevant(ranking, among, [AMONG], ["ndcg", "recall"]))
    if of_all is None:
        return values
    ranking = rank(score, of_all, AMONG_ALL, progress=False)
    recall = of_relevant(ranking, of_all, [AMONG_ALL], ["recall"])[f"recall@{AMONG_ALL}"]
    share = (among.eligible[ranking.columns] & (ranking.columns >= 0)).mean(axis=1)
    return values | {METRICS[2]: recall, METRICS[3]: share}


def _note(values: Values, who: str, measured: Mapping[str, FloatArray]) -> None:
    for metric, of_queries in measured.items():
        values.setdefault((who, metric), []).append(of_queries)


def _at_random(seed: int, products: int) -> Score:
    generator = np.random.default_rng(seed)
    return lambda customers: generator.random((len(customers), products), np.float32)


def _by_category(past: Dataset, known: Dataset, hidden: BoolArray) -> Score:
    """Scores a product by the mean number of customers of known products of its category."""
    customers = interaction_matrix(known).astype(bool).sum(axis=0)
    table = as_of(past.side_tables["products"], columns.PRODUCT, None).set_index(columns.PRODUCT)
    categories = table[columns.CATEGORY].reindex(past.products.ids).astype(object)
    means = pd.Series(customers).groupby(categories[~hidden].to_numpy()).mean()
    counts = categories.map(means).fillna(customers.mean()).to_numpy(np.float32)
    return lambda customer_rows: np.tile(counts, (len(customer_rows), 1))


def _described(contents: Contents, past: Dataset, hidden: BoolArray) -> list[NewProduct]:
    """The hidden products with their features."""
    names = [] if contents.features is None else list(contents.features.terms)
    table = as_of(past.side_tables["products"], columns.PRODUCT, None).set_index(columns.PRODUCT)
    rows = table[names].astype(object).reindex(past.products.ids[hidden])
    rows = rows.where(rows.notna(), None)
    return [
        NewProduct(product_id=product_id, features=dict(zip(names, values, strict=True)))
        for product_id, values in zip(rows.index, rows.to_numpy(dtype=object), strict=True)
    ]
