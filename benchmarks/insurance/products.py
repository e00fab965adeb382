"""The first question: which of the products is bought at the end of a journey."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_array

from benchmarks.insurance.journeys import InsuranceJourneys
from benchmarks.insurance.known import ARMS, Known, arm_of
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES, Interactions
from recsys.data.vocabulary import Vocabulary
from recsys.models.base import EmbeddingRecommender, FilterRecommender
from recsys.models.fresh_history import scores_of_history
from recsys.models.next_step import Multinomial, shares
from recsys.models.touchpoint_gnn import TouchpointGNN

Graph: TypeAlias = Mapping[str, FilterRecommender | EmbeddingRecommender]
"""Name -> model of customers and products, which here are journeys and what is known of them."""


def plain_scores(
    journeys: InsuranceJourneys, known: Known, queries: IntArray, prior: float
) -> Iterator[tuple[str, FloatArray]]:
    """Name and scores [n, P] of what only counts, anew just before every purchase.

    Popularity; the customer's own products, then popularity; segments and Markov chains, which are
    popularity within the cells of `Known.segments` and `Known.chains`.

    Args:
        journeys: all of them.
        known: [J] just before each purchase.
        queries: [n] journeys.
        prior: weight of popularity in a cell, in purchases.
    """
    steps, everybody = journeys.purchase_steps, np.zeros(len(journeys.numbers), np.int64)
    popularity = shares(steps, everybody, queries, 1.0, 1 / steps.answers.shape[1])
    yield "popularity", popularity
    yield "own_history", known.products[queries] + popularity
    for arm, touchpoints in ARMS.items():
        for name, cells in (
            ("segment", known.segments(touchpoints)),
            ("markov", known.chains(touchpoints)),
        ):
            yield arm_of(name, arm), shares(steps, cells, queries, prior, popularity)


def learned_scores(
    journeys: InsuranceJourneys,
    known: Known,
    queries: IntArray,
    learned: IntArray,
    logistic: Multinomial,
    graph: Graph,
) -> Iterator[tuple[str, FloatArray]]:
    """Name and scores [n, P] of models that were fitted once, asked with what is known by now.

    The graph of `graph` has journeys on one side and, on the other, products bought, products owned
    before and what is known of touchpoints; a journey that is asked has all but what is bought.

    Args:
        journeys: all of them.
        known: [J] just before each purchase.
        queries: [n] journeys.
        learned: [L] journeys to learn from.
        logistic: regression on `Known.features`.
        graph: see `Graph`.
    """
    width = journeys.bought.shape[1]
    for arm, touchpoints in ARMS.items():
        features, nodes = known.features(touchpoints), known.nodes(touchpoints)
        logistic.fit(features.select(learned), journeys.bought[learned])
        yield arm_of("logistic", arm), logistic.probabilities(features.select(queries))
        past = _as_graph(journeys, learned, nodes[learned])
        nothing_bought = np.zeros((len(queries), width), bool)
        history = csr_array(np.hstack([nothing_bought, nodes[queries]]).astype(np.float32))
        for name, model in graph.items():
            model.fit(past)
            yield arm_of(name, arm), scores_of_history(model, history)[:, :width]


def network_scores(
    networks: Mapping[str, TouchpointGNN],
    journeys: InsuranceJourneys,
    known: Known,
    queries: IntArray,
) -> Iterator[tuple[str, FloatArray]]:
    """Of the network by arm; with touchpoints it is asked at the last one before the purchase.

    It knows a customer as of its fit, and has no vector for who came later.
    """
    customers = journeys.customers[queries]
    last = known.latest[queries, 0]
    for arm, touchpoints in ARMS.items():
        scores = networks[arm].score(customers, last if touchpoints else None)
        yield arm_of("touchpoint_gnn", arm), scores


def _as_graph(journeys: InsuranceJourneys, learned: IntArray, nodes: BoolArray) -> Dataset:
    """Journeys as customers, with all that they led to and all that was known before as products.

    What was known is no target, so that no model takes it for popular.
    """
    bought = journeys.bought[learned]
    rows, columns = np.nonzero(np.hstack([bought, nodes]))
    is_target = columns < bought.shape[1]
    events = Interactions(
        customers=rows.astype(np.int32),
        products=columns.astype(np.int32),
        touchpoints=np.full(len(rows), -1, np.int32),
        actions=np.where(is_target, ACTION_CODES["purchase"], ACTION_CODES["view"]).astype(np.int8),
    )
    return replace(
        journeys.data,
        customers=Vocabulary("customer", journeys.numbers[learned]),
        products=Vocabulary("product", np.arange(bought.shape[1] + nodes.shape[1])),
        interactions=events,
        clock=None,
        as_of=None,
    )
