"""Forecasts from the graph of customers and products: what somebody buys says how much he will."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.customers.lifetime_value.lesson import Lesson
from recsys.customers.lifetime_value.observe import Observed
from recsys.customers.lifetime_value.rivals import boosting
from recsys.data.dataset import Dataset

ProductVectors: TypeAlias = Callable[[Dataset], FloatArray]
"""Events -> [P, d] float32 vectors of products that a model of the graph has learned from them."""
_PENALTIES = np.logspace(-2, 4, 13)


def graph_forecasts(
    lesson: Lesson,
    data: Dataset,
    seen: Observed,
    vectors: ProductVectors,
    expected: tuple[FloatArray, FloatArray],
    seed: int = 0,
) -> dict[str, FloatArray]:
    """Three forecasts that learn from the lesson: "graph boosting", "graph ridge", "model + graph".

    The model of the graph has seen only what is before the lesson's cut-off. Both times a customer
    is the mean of the vectors of what he has bought until then, one step of propagation, so that
    both lie in one space. Boosting has it beside recency, frequency, value and age, the ridge has
    it alone, and "model + graph" is a ridge of what a model of repeat purchases leaves.

    Args:
        lesson: before the holdout.
        data: as `observe` has seen them.
        seen: the customers.
        vectors: of products.
        expected: purchases by a model of repeat purchases, of the customers of the lesson and of
            `seen`, each from what was known then.
        seed: of the trees.

    Returns:
        name -> [n] expected purchases; empty where there is no graph, as with a single product.
    """
    from sklearn.linear_model import RidgeCV

    if len(np.unique(_bought(lesson.before, lesson.seen)[1])) < 2:
        return {}
    products = vectors(lesson.before)
    earlier, now = (
        _of_customers(part, those, products)
        for part, those in ((lesson.before, lesson.seen), (data, seen))
    )
    ridge = RidgeCV(alphas=_PENALTIES).fit(earlier, lesson.later)
    left = RidgeCV(alphas=_PENALTIES).fit(earlier, lesson.later - expected[0])
    return {
        "graph boosting": boosting(lesson, seen, seed, (earlier, now)),
        "graph ridge": np.maximum(ridge.predict(now), 0.0),
        "model + graph": np.maximum(expected[1] + left.predict(now), 0.0),
    }


def _bought(data: Dataset, seen: Observed) -> tuple[IntArray, IntArray]:
    """Customers and products of the purchases that have a product."""
    events = data.interactions
    is_bought = events.has_action(seen.actions) & (events.products >= 0)
    return events.customers[is_bought], events.products[is_bought]


def _of_customers(data: Dataset, seen: Observed, products: FloatArray) -> FloatArray:
    """[n, d] float64 mean vector of the purchases of each customer, of length 1; 0 without any."""
    customers, bought = _bought(data, seen)
    shape = (len(data.customers), len(products))
    ones = np.ones(len(bought))
    counts = csr_array((ones, (customers, bought)), shape=shape)
    means: FloatArray = np.asarray(counts @ products.astype(np.float64))[seen.customers]
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    unit: FloatArray = np.divide(means, lengths, out=np.zeros_like(means), where=lengths > 0)
    return unit
