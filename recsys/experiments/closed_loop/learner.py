"""P(accept | customer, offer, touchpoint), learned from what an arm has logged.

One ridge logistic regression for all arms; they differ in what they may look at:

- popularity: the touchpoint, the message, the category, and how often customers looked at the
  product lately;
- segment: also the customer's segment, with an effect for each category;
- one_to_one: also what this customer did: events in the category (last 30 days, ever) and with the
  product.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.interactions import SECOND
from recsys.data.vocabulary import Vocabulary
from recsys.experiments.closed_loop.market import LoopData, Opportunities
from recsys.graph.features import as_of
from recsys.ops.temporal_counts import EventHistory

Look = Literal["popularity", "segment", "one_to_one"]
_LOOKS: tuple[Look, ...] = ("popularity", "segment", "one_to_one")
_RECENT = 30 * 86_400 * SECOND


@dataclass(frozen=True, kw_only=True, eq=False)
class Regressors:
    """What the arms may look at, for any opportunity and offer, as known just before it.

    Attributes:
        categories: [O] code of each offer's category, G in all.
        variants: [O] code of each offer's message, V in all.
        segments: [C] code of each customer's segment, S in all.
        touchpoints: number of touchpoints.
        products: [O] product of each offer.
        of_products: events by product; of_own_category and of_own_product: by customer too.
        product_count: number of products.
    """

    categories: IntArray
    variants: IntArray
    segments: IntArray
    touchpoints: int
    products: IntArray
    product_count: int
    of_products: EventHistory
    of_own_category: EventHistory
    of_own_product: EventHistory

    @classmethod
    def of(cls, loop: LoopData, segment: str) -> "Regressors":
        """Regressors of a market.

        Args:
            loop: its events.
            segment: column of the table of customers.
        """
        data, offers = loop.data, loop.tables.offers
        assert offers is not None
        category = _codes(loop.tables.products, columns.PRODUCT, columns.CATEGORY, data.products)
        events = data.interactions.select(data.interactions.products >= 0)
        assert events.when is not None
        people, products = events.customers.astype(np.int64), events.products.astype(np.int64)
        groups = int(category.max()) + 1
        return cls(
            categories=category[loop.offer_products],
            variants=pd.factorize(offers[columns.VARIANT])[0],
            segments=_codes(loop.tables.customers, columns.CUSTOMER, segment, data.customers),
            touchpoints=len(data.touchpoints),
            products=loop.offer_products.astype(np.int64),
            product_count=len(data.products),
            of_products=EventHistory(products, events.when),
            of_own_category=EventHistory(people * groups + category[products], events.when),
            of_own_product=EventHistory(people * len(data.products) + products, events.when),
        )

    def matrix(self, chances: Opportunities, offers: IntArray, look: Look) -> csr_array:
        """[n, F] float64 CSR of offers [n], one an opportunity; F depends on the arm alone."""
        group, when = self.categories[offers], chances.when * SECOND
        groups, product = int(self.categories.max()) + 1, self.products[offers]
        counts = [self.touchpoints, int(self.variants.max()) + 1, groups]
        flags = [chances.touchpoints, self.variants[offers], group]
        measures = [np.log1p(self.of_products.count(product, when, _RECENT))]
        if look != "popularity":
            counts.append(groups * (int(self.segments.max()) + 1))
            flags.append(self.segments[chances.customers] * groups + group)
        if look == "one_to_one":
            own = chances.customers * groups + group
            with_product = chances.customers * self.product_count + product
            measures += [
                np.log1p(self.of_own_category.count(own, when, _RECENT)),
                np.log1p(self.of_own_category.count(own, when)),
                np.log1p(self.of_own_product.count(with_product, when)),
            ]
        return _rows(flags, counts, measures)


@dataclass(frozen=True, kw_only=True, eq=False)
class Learner:
    """A fitted regression.

    Attributes:
        look: what it looks at.
        weights: [F]; intercept: log odds.
    """

    look: Look
    weights: FloatArray
    intercept: float

    @classmethod
    def fit(cls, look: Look, matrix: csr_array, accepted: BoolArray) -> "Learner":
        """Fits N logged decisions.

        The penalty is half the squared length of the weights; the intercept is free. If all
        decisions have the same outcome, only the rate is learned, as (accepted + 1) / (N + 2).

        Args:
            look: what it looks at.
            matrix: [N, F] of `Regressors.matrix`.
            accepted: [N].
        """
        # Imported late: it takes long.
        from sklearn.linear_model import LogisticRegression

        if not accepted.any() or accepted.all():
            rate = (accepted.sum() + 1) / (len(accepted) + 2)
            return cls(
                look=look,
                weights=np.zeros(matrix.shape[1]),
                intercept=float(np.log(rate / (1 - rate))),
            )
        model = LogisticRegression(C=1.0, solver="newton-cg").fit(matrix, accepted)
        return cls(look=look, weights=model.coef_[0], intercept=float(model.intercept_[0]))

    def probability(self, matrix: csr_array) -> FloatArray:
        """[n] probability of acceptance."""
        return np.asarray(0.5 * (1 + np.tanh(0.5 * (matrix @ self.weights + self.intercept))))


def looks() -> tuple[Look, ...]:
    """All arms' looks, from the poorest to the richest."""
    return _LOOKS


def _rows(flags: list[IntArray], counts: list[int], measures: list[FloatArray]) -> csr_array:
    """CSR with one 1 for each flag, counted from the end of the flags before, then the measures."""
    starts = np.cumsum([0, *counts])
    size, width = len(flags[0]), len(flags) + len(measures)
    positions = [flag + start for flag, start in zip(flags, starts[:-1], strict=True)]
    positions += [np.full(size, starts[-1] + number) for number in range(len(measures))]
    values = [np.ones(size)] * len(flags) + measures
    return csr_array(
        (
            np.stack(values, axis=1).ravel(),
            np.stack(positions, axis=1).ravel(),
            np.arange(size + 1) * width,
        ),
        shape=(size, int(starts[-1]) + len(measures)),
    )


def _codes(table: pd.DataFrame | None, key: str, column: str, ids: Vocabulary) -> IntArray:
    """[n] code of a column's value by row number; a code of its own where it is not known."""
    codes = np.full(len(ids), -1, np.int64)
    if table is not None and column in table:
        known = as_of(table, key, None)
        codes[ids.rows(known[key])] = pd.factorize(known[column])[0]
    return np.where(codes < 0, codes.max() + 1, codes)
