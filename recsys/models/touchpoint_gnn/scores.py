"""What the fitted vectors of customers, products and touchpoints answer, and give to serving."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.graph.dayparts import DAYPARTS
from recsys.models.base import Embeddings
from recsys.models.graph_network import GraphNetwork


class TouchpointScores(GraphNetwork):
    """A graph network that ranks products, touchpoints and customers by what it has fitted.

    Attributes:
        touchpoint_vectors: [T, dim + 2] float32 vectors of touchpoints after the fit.
        node_vectors: [N, dim + 2] float32 vectors of touchpoint x daypart after the fit.
    """

    touchpoint_vectors: FloatArray
    node_vectors: FloatArray

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of all products.

        Args:
            customers: [Q] customer row numbers.
            touchpoints: [Q] touchpoint row numbers, -1 for none; None for none at all.

        Raises:
            InputError: a row number is out of range.
        """
        queries = self.customer_vectors[customers]
        if touchpoints is not None:
            queries = queries + _rows(self.touchpoint_vectors, touchpoints, "touchpoint")
        scores: FloatArray = queries @ self.product_vectors.T
        return scores

    def score_touchpoints(self, customers: IntArray, products: IntArray) -> FloatArray:
        """Scores [Q, N] float32 of all touchpoint nodes, in the order of `node_names`.

        Args:
            customers: [Q] customer row numbers.
            products: [Q] product row numbers, -1 for none.

        Raises:
            InputError: a row number is out of range.
        """
        customer_rows = self.customer_vectors[customers]
        queries = customer_rows + _rows(self.product_vectors, products, "product")
        scores: FloatArray = queries @ self.node_vectors.T
        return scores

    def score_customers(
        self, products: IntArray, touchpoints: IntArray | None = None
    ) -> FloatArray:
        """Scores [Q, C] float32 of all customers, for offers of products.

        Args:
            products: [Q] product row numbers.
            touchpoints: [Q] touchpoint row numbers, -1 for none; None for none at all.

        Raises:
            InputError: a touchpoint is out of range.
        """
        queries = self.product_vectors[products]
        if touchpoints is not None:
            queries = queries + _rows(self.touchpoint_vectors, touchpoints, "touchpoint")
        scores: FloatArray = queries @ self.customer_vectors.T
        return scores

    def embeddings(self) -> Embeddings:
        """The fitted vectors [., dim + 2].

        Serving has touchpoints without dayparts: a touchpoint is the mean of its nodes by share,
        with the bias of all its events. `node_vectors` have the dayparts.
        """
        return Embeddings(
            customers=self.customer_vectors,
            products=self.product_vectors,
            touchpoints=self.touchpoint_vectors if len(self.touchpoint_vectors) else None,
            default_customer=self._default_customer(),
        )

    @property
    def daypart_vectors(self) -> FloatArray | None:
        """[T, 4, dim + 2] float32 vectors of touchpoints in the parts of a customer's own day.

        Parts are in the order of `recsys.graph.dayparts.DAYPARTS`. None where events have no
        time of day.
        """
        touchpoints = len(self.touchpoint_vectors)
        if not touchpoints or len(self.node_vectors) != touchpoints * len(DAYPARTS):
            return None
        return self.node_vectors.reshape(touchpoints, len(DAYPARTS), -1)


def _rows(vectors: FloatArray, rows: IntArray, word: str) -> FloatArray:
    """[Q, d] rows of the vectors; zeros for -1."""
    if len(rows) and not (rows.min() >= -1 and rows.max() < len(vectors)):
        raise InputError(
            f"score: expected {word} row numbers below {len(vectors)}, or -1 for none, got "
            f"{rows.min()} to {rows.max()}"
        )
    padded = np.vstack([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)])
    return padded[rows]
