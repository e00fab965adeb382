"""Products that were not there at training, added by their features, against a model with them.

A part of the products that customers took in the valid window is hidden: all events with them and
the products themselves, until every such product was hidden once. Who took a hidden product that
they had not met before asks; the hidden products are ranked among themselves and among all.
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
from recsys.serving.artifact.new_products import features_of, grown, is_described

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

        `of_all_places` is the share of the first places of all lists that hidden products take: of
        a model trained with them, what they deserve.
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
        asked, count = [], 0
        for part in range(self.hidden_parts):
            hidden = np.zeros(len(everything.products), bool)
            hidden[shuffled[part :: self.parts]] = True
            among, of_all = _questions(window, taken, hidden)
            known = without(window.past, hidden)
            asked.append(among.customers)
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
        customers = np.concatenate(asked)
        sizes = {"hidden": count, "queries": len(customers), "customers": len(np.unique(customers))}
        return sizes | self._report(
            {key: np.concatenate(of) for key, of in values.items()}, customers
        )

    def _added(self, model: Recommender, known: Dataset, past: Dataset, hidden: BoolArray) -> Score:
        """Scores of the model whose catalogue the hidden products were put behind.

        Products of which no feature says anything cannot be added, and rank last.
        """
        contents = contents_of(model, *vectors_of(model, self.dim), known, {})
        ids = SortedIds.build("product", contents.products.ids)
        new, features = _described(contents, past, hidden), features_of(contents)
        is_added = np.array([is_described(features, one) for one in new])
        contents, _ = grown(
            contents, ids, [one for one, is_in in zip(new, is_added, strict=True) if is_in]
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
        found = bootstrap(values, customers, resamples=self.resamples)
        figures: dict[str, float] = {}
        for (who, metric), interval in found.items():
            figures |= ends(f"{who}_{metric}", interval)
        lines = [f"| | {' | '.join(METRICS)} |", "|---" * (len(METRICS) + 1) + "|"]
        for who in dict.fromkeys(who for who, _ in values):
            cells = [cell(found[who, one]) if (who, one) in found else "" for one in METRICS]
            lines.append(f"| {who} | {' | '.join(cells)} |")
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
    """The same world in which products [P] were never heard of; customers keep their rows."""
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
    """[Q, P] what became relevant to somebody without any event with it before.

    A new product has no earlier buyers, so none of those who rank here may use that.
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
    """Who took a hidden product, asked about the hidden ones alone, and about all."""
    columns_kept = csr_array(
        (np.ones(hidden.sum(), np.int8), np.flatnonzero(hidden), np.append(0, np.cumsum(hidden))),
        shape=(len(hidden),) * 2,
    )
    relevant = csr_array(taken.astype(np.int8) @ columns_kept)
    asking = np.flatnonzero(np.diff(relevant.indptr))
    # Where people buy again, only products that are to be new are asked for the first time.
    gone = _met(window) if window.past.filter_seen else csr_array(_met(window) @ columns_kept)
    queries = replace(
        window.queries, relevant=relevant.astype(bool), seen=gone.astype(bool), touchpoints=None
    ).select(asking)
    return replace(queries, eligible=queries.eligible & hidden), queries


def _measured(score: Score, among: Queries, of_all: Queries | None) -> dict[str, FloatArray]:
    ranking = rank(score, among, AMONG, progress=False)
    found = dict(of_relevant(ranking, among, [AMONG], ["ndcg", "recall"]))
    if of_all is None:
        return found
    ranking = rank(score, of_all, AMONG_ALL, progress=False)
    recall = of_relevant(ranking, of_all, [AMONG_ALL], ["recall"])[f"recall@{AMONG_ALL}"]
    places = (among.eligible[ranking.columns] & (ranking.columns >= 0)).mean(axis=1)
    return found | {METRICS[2]: recall, METRICS[3]: places}


def _note(values: Values, who: str, measured: Mapping[str, FloatArray]) -> None:
    for metric, of_queries in measured.items():
        values.setdefault((who, metric), []).append(of_queries)


def _at_random(seed: int, products: int) -> Score:
    generator = np.random.default_rng(seed)
    return lambda customers: generator.random((len(customers), products), np.float32)


def _by_category(past: Dataset, known: Dataset, hidden: BoolArray) -> Score:
    """A product counts as many customers as known ones of its category have in the mean."""
    customers = interaction_matrix(known).astype(bool).sum(axis=0)
    table = as_of(past.side_tables["products"], columns.PRODUCT, None).set_index(columns.PRODUCT)
    categories = table[columns.CATEGORY].reindex(past.products.ids).astype(object)
    means = pd.Series(customers).groupby(categories[~hidden].to_numpy()).mean()
    counts = categories.map(means).fillna(customers.mean()).to_numpy(np.float32)
    return lambda asked: np.tile(counts, (len(asked), 1))


def _described(contents: Contents, past: Dataset, hidden: BoolArray) -> list[NewProduct]:
    """The hidden products, as somebody who launches them describes them."""
    names = [] if contents.features is None else list(contents.features.places)
    table = as_of(past.side_tables["products"], columns.PRODUCT, None).set_index(columns.PRODUCT)
    rows = table[names].astype(object).reindex(past.products.ids[hidden])
    rows = rows.where(rows.notna(), None)
    return [
        NewProduct(product_id=one, features=dict(zip(names, values, strict=True)))
        for one, values in zip(rows.index, rows.to_numpy(dtype=object), strict=True)
    ]
