"""Finds the purposes of products, from a column of theirs or from the graph of journeys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.journeys.purposes.communities import (
    by_weight,
    communities,
    join_the_rest,
    journey_graph,
    usual_gaps,
)
from recsys.journeys.purposes.tree import (
    OTHER,
    Candidate,
    PurposeTree,
    distinct,
    joined_names,
    product_values,
    purpose_names,
)

RESOLUTIONS = (1.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """How purposes are looked for.

    Attributes:
        column: of products, whose values are the purposes; None for the graph of journeys.
        seed: of Leiden's algorithm and of the halves.
        shuffle: seed of a random order of the vertices; None for the order of the ids.
    """

    column: str | None = columns.CATEGORY
    seed: int = 0
    shuffle: int | None = None


def discover(data: Dataset, used: BoolArray, how: Discovery) -> PurposeTree:
    """The purposes of the products of a data set.

    With a column its values are the purposes. Otherwise they are communities of the graph of
    products by time between events of a customer. The gap of the graph and the resolution are
    those whose partitions of two random halves of the customers agree best. Purposes that occur
    together on long journeys form broad ones.

    Args:
        data: events up to a moment.
        used: [E] bool, events that count; they have products.
        how: settings.

    Raises:
        InputError: the table of products lacks the column.
    """
    gaps = usual_gaps(data, used)
    if how.column is not None:
        purpose, names = _by_column(data, used, how.column)
        tried: Sequence[Candidate] = ()
        chosen = None
    else:
        tried = list(_candidates(data, used, gaps, how))
        chosen = max(tried, key=lambda each: each.agreement, default=None)
        purpose, names = _by_graph(data, used, gaps, chosen, how)
    broad = _broad(data, used, purpose, names, gaps, how)
    return PurposeTree(
        purpose=purpose,
        names=names,
        broad=broad,
        broad_names=joined_names(names, broad),
        column=how.column,
        tried=tuple(tried),
        chosen=chosen,
    )


def _by_column(data: Dataset, used: BoolArray, column: str) -> tuple[IntArray, tuple[str, ...]]:
    table = data.side_tables.get("products")
    if table is None or column not in table:
        had = "no table of products" if table is None else ", ".join(map(str, table.columns))
        raise InputError(
            f"column: expected a column of products, got '{column}'; the data have {had}; "
            "column=null finds purposes in the graph"
        )
    values = product_values(data, column)
    code, labels = pd.factorize(values.astype(object).where(values.notna(), OTHER).astype(str))
    often = np.bincount(data.interactions.products[used], minlength=len(code)).astype(float)
    rank = np.argsort(np.argsort(labels.astype(str)))
    numbered = by_weight(code, often, rank[code])
    names = np.empty(len(labels), dtype=object)
    names[numbered] = np.asarray(labels, dtype=object)[code]
    return numbered, tuple(map(str, names))


def _by_graph(
    data: Dataset, used: BoolArray, gaps: Sequence[float], chosen: Candidate | None, how: Discovery
) -> tuple[IntArray, tuple[str, ...]]:
    vertex = np.arange(len(data.products))
    if chosen is None:
        purpose = np.zeros(len(vertex), np.int64)
        return purpose, purpose_names(data, used, purpose, 1)
    graph = journey_graph(data, used, vertex, chosen.gap)
    order = _order(data, how)
    found = communities(graph, order, resolution=chosen.resolution, seed=how.seed)
    found = join_the_rest(found, journey_graph(data, used, vertex, gaps[-1]))
    count = int(found.max()) + 1
    names = purpose_names(data, used, found, count)
    if (found >= 0).all():
        return found, names
    return np.where(found < 0, count, found), distinct([*names, OTHER])


def _candidates(
    data: Dataset, used: BoolArray, gaps: Sequence[float], how: Discovery
) -> Iterator[Candidate]:
    """Partitions of the graph, with how well those of two halves of the customers agree."""
    # Imported late: it takes long.
    from sklearn.metrics import adjusted_rand_score

    order = _order(data, how)
    for gap in gaps:
        graphs = [
            journey_graph(data, used & half, np.arange(len(data.products)), gap)
            for half in halves(data, how.seed)
        ]
        for resolution in RESOLUTIONS:
            one, two = (
                communities(graph, order, resolution=resolution, seed=how.seed) for graph in graphs
            )
            both = (one >= 0) & (two >= 0)
            purposes = len(np.unique(one[both]))
            # A single community agrees with itself whatever the customers do.
            if min(purposes, len(np.unique(two[both]))) > 1:
                agreement = float(adjusted_rand_score(one[both], two[both]))
                yield Candidate(
                    gap=gap, resolution=resolution, purposes=purposes, agreement=agreement
                )


def halves(data: Dataset, seed: int) -> tuple[BoolArray, BoolArray]:
    """[E], [E] bool, the events of two random halves of the customers."""
    drawn = np.random.default_rng(seed).random(len(data.customers)) < 0.5
    first = drawn[data.interactions.customers]
    return first, ~first


def _broad(
    data: Dataset,
    used: BoolArray,
    purpose: IntArray,
    names: tuple[str, ...],
    gaps: Sequence[float],
    how: Discovery,
) -> IntArray:
    """[K] the broad purpose of each purpose: communities of purposes on long journeys."""
    if not gaps:
        return np.arange(len(names))
    graph = journey_graph(data, used, purpose, gaps[-1])
    order = np.argsort(np.argsort(np.array(names, dtype=str), kind="stable"))
    found = communities(graph, order, seed=how.seed)
    alone = np.flatnonzero(found < 0)
    found[alone] = found.max(initial=-1) + 1 + np.arange(len(alone))
    return found


def _order(data: Dataset, how: Discovery) -> IntArray:
    """[P] rank of each product: by its id, or at random."""
    if how.shuffle is not None:
        return np.random.default_rng(how.shuffle).permutation(len(data.products))
    return np.argsort(np.argsort(data.products.ids.astype(str), kind="stable"))
