"""The products at the top of a model's lists, and which of them were taken in a window."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries, Window
from recsys.data.seen_products import pairs_matrix, seen_products
from recsys.evaluation.full_ranking import Score, rank

_CUSTOMERS = 10_000
"""Most queries: a hundred thousand listed products are enough for a curve."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RankedOutcomes:
    """N listed products.

    Attributes:
        customers: [N] rows of customers.
        products: [N] rows of products.
        scores: [N] float32.
        taken: [N] bool, whether the product became relevant in the window.
        lists: how many customers have a list.
        half: [N] bool, the products of a random half of the customers.
    """

    customers: IntArray
    products: IntArray
    scores: FloatArray
    taken: BoolArray
    lists: int
    half: BoolArray


def ranked_outcomes(score: Score, window: Window, k: int) -> RankedOutcomes:
    """The lists of all customers with a past, at most 10,000 of them, and what they took.

    Not only of those of the ranking metrics, who took something in the window: probabilities among
    those alone would be too high.

    Args:
        score: of a model fitted on the past of the window.
        window: whose outcomes count.
        k: length of the lists.
    """
    queries = all_customers(window)
    ranking = rank(score, queries, k)
    rows, ranks = np.nonzero(ranking.columns >= 0)
    return RankedOutcomes(
        customers=queries.customers[rows],
        products=ranking.columns[rows, ranks],
        scores=ranking.scores[rows, ranks],
        taken=ranking.entries[rows, ranks] >= 0,
        lists=len(ranking.columns),
        # Queries are in random order: every second one gives a random half.
        half=rows % 2 == 0,
    )


def all_customers(window: Window) -> Queries:
    """Queries of at most 10,000 customers with a past, in random order (seed 0)."""
    past, queries = window.past, window.queries
    shape = (len(past.customers), len(past.products))
    active = np.flatnonzero(past.history_lengths > 0)
    customers = np.random.default_rng(0).permutation(active)[:_CUSTOMERS].astype(np.int32)
    rows, products = queries.relevant.tocoo().coords
    relevant = pairs_matrix(queries.customers[rows], products, shape)
    seen = seen_products(past, past.as_of_seconds)
    return Queries(
        customers=customers,
        relevant=relevant[customers],
        seen=None if seen is None else seen[customers],
        eligible=queries.eligible,
        history=past.history_lengths[customers],
    )
