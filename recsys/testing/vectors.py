"""What models that can be exported keep to: inner products, or a filter of the history."""

from typing import ClassVar

import numpy as np

from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.models.base import EmbeddingRecommender, FilterRecommender, FoldIn
from recsys.models.factorise import factorise
from recsys.testing.data import IDLE, close, everyone
from recsys.testing.models import ModelContract


class EmbeddingContract(ModelContract):
    """For models whose scores are inner products; see `EmbeddingRecommender`.

    Attributes:
        folds_in: whether `fold_in` gives a formula; False where it returns None.
        folds_in_exactly: whether the formula gives the vectors of training; False where a part of
            them is forecast, so that both only point the same way (mean cosine above 0.8).
    """

    folds_in: ClassVar[bool] = True
    folds_in_exactly: ClassVar[bool] = True

    def fitted(self, data: Dataset) -> EmbeddingRecommender:
        """The model, fitted, with the methods of `EmbeddingRecommender`."""
        model = self.make().fit(data)
        assert isinstance(model, EmbeddingRecommender), (
            f"an exportable model needs 'embeddings' and 'fold_in'; "
            f"{type(model).__name__} lacks {_lacks(model, 'embeddings', 'fold_in')}"
        )
        return model

    def test_inner_products_are_the_scores(self, data: Dataset) -> None:
        """`score(customers) == embeddings().customers @ embeddings().products.T`."""
        model = self.fitted(data)
        vectors = model.embeddings()
        for name in ("customers", "products"):
            matrix, count = getattr(vectors, name), len(getattr(data, name))
            assert matrix.dtype == np.float32, f"embeddings.{name}: expected float32"
            assert len(matrix) == count, f"embeddings.{name}: expected {count} rows, one an id"
        close(
            vectors.customers @ vectors.products.T, model.score(everyone(data)), 1e-4,
            "embeddings: customers @ products.T differs from score; put a bias into two more "
            "columns, 1 for customers and the bias for products",
        )  # fmt: skip

    def test_nobody_has_a_vector_that_scores_as_a_customer_without_events(
        self, data: Dataset
    ) -> None:
        """`default_customer` is the vector of a customer of whom nothing is known."""
        model = self.fitted(data)
        vectors = model.embeddings()
        assert vectors.default_customer is not None, (
            "embeddings.default_customer: expected a vector [d] that ranks by popularity, got None"
        )
        assert vectors.default_customer.dtype == np.float32
        assert vectors.default_customer.shape == vectors.products.shape[1:]
        expected = model.score(np.array([data.customers.row(IDLE)]))[0]
        close(
            vectors.products @ vectors.default_customer, expected, 1e-5,
            "embeddings.default_customer scores otherwise than a customer without events",
        )  # fmt: skip

    def test_folding_in_gives_the_stored_vectors(self, data: Dataset) -> None:
        """The formula of `FoldIn`, applied to the events of training, gives the same vectors."""
        model = self.fitted(data)
        fold_in = model.fold_in()
        if not self.folds_in:
            assert fold_in is None, "fold_in gives a formula: set folds_in = True in the test class"
            return
        assert fold_in is not None, (
            "fold_in returned None: return a FoldIn, or set folds_in = False in the test class"
        )
        has_events = np.diff(fold_in.history.indptr) > 0
        assert not has_events.all()
        computed, vectors = folded_all(fold_in)[has_events], model.embeddings().customers
        stored, rest = np.split(vectors[has_events], [fold_in.products.shape[1]], axis=1)
        assert (rest == rest[:1]).all(), (
            f"fold_in.products has {stored.shape[1]} columns, and later columns of "
            "embeddings().customers differ between customers; they have to be the same for all"
        )
        if self.folds_in_exactly:
            message = "fold_in: its formula does not give the vectors of embeddings().customers"
            close(computed, stored, 1e-3, message)
            return
        lengths = np.linalg.norm(computed) * np.linalg.norm(stored)
        cosine = float((computed * stored).sum()) / max(float(lengths), 1e-30)
        assert cosine > 0.8, (
            f"fold_in: its formula gives vectors that point elsewhere than those of training "
            f"(cosine {cosine:.2f}, expected above 0.8)"
        )


class FilterContract(ModelContract):
    """For models that apply a filter to a customer's history; see `FilterRecommender`."""

    def filtering(self, data: Dataset) -> FilterRecommender:
        """The model, fitted, with the methods of `FilterRecommender`."""
        model = self.make().fit(data)
        assert isinstance(model, FilterRecommender), (
            f"a model with a filter needs 'apply_filter', 'apply_transposed_filter', 'history' and "
            f"'bias'; {type(model).__name__} lacks "
            + _lacks(model, "apply_filter", "apply_transposed_filter", "history", "bias")
        )
        return model

    def test_the_history_is_spread(self, data: Dataset) -> None:
        """`score == history @ filter + bias`, and the transposed filter is its transpose."""
        model = self.filtering(data)
        identity = np.eye(len(data.products), dtype=np.float32)
        matrix = model.apply_filter(identity)
        assert matrix.dtype == np.float32, f"apply_filter: expected float32, got {matrix.dtype}"
        assert model.bias.dtype == np.float32, f"bias: expected float32, got {model.bias.dtype}"
        close(
            model.history @ matrix + model.bias, model.score(everyone(data)), 1e-4,
            "history @ apply_filter(identity) + bias differs from score",
        )  # fmt: skip
        close(
            model.apply_transposed_filter(identity), matrix.T, 1e-5,
            "apply_transposed_filter(identity) is not the transpose of apply_filter(identity)",
        )  # fmt: skip

    def test_nobody_has_a_vector_that_scores_by_popularity(self, data: Dataset) -> None:
        """Factorised for export, a customer without events is ranked by `bias` alone."""
        model = self.filtering(data)
        vectors = factorise(model, 8).embeddings
        assert vectors.default_customer is not None
        np.testing.assert_array_equal(vectors.products @ vectors.default_customer, model.bias)
        idle = vectors.customers[data.customers.row(IDLE)]
        np.testing.assert_array_equal(idle, vectors.default_customer)

    def test_a_spread_may_be_overwritten(self, data: Dataset) -> None:
        """`apply_filter` returns a fresh array."""
        model = self.filtering(data)
        identity = np.eye(len(data.products), dtype=np.float32)
        model.apply_filter(identity)[:] = np.nan
        np.testing.assert_array_equal(
            identity, np.eye(len(data.products)), "apply_filter returned a view of its argument"
        )


def folded(fold_in: FoldIn, customer: int) -> FloatArray:
    """[d] float64 vector of a stored customer by the formula of `FoldIn`.

    Args:
        fold_in: of a fitted model.
        customer: row number.
    """
    weights = fold_in.history[[customer]].toarray()[0].astype(np.float64)
    products = fold_in.products.astype(np.float64)
    right: FloatArray = weights @ products
    if fold_in.gram is None:
        return right / max(float(np.linalg.norm(right)), 1e-30) if fold_in.unit else right
    rows = np.flatnonzero(weights)
    more = products[rows].T @ ((weights[rows] - 1)[:, None] * products[rows])
    solved: FloatArray = np.linalg.solve(fold_in.gram.astype(np.float64) + more, right)
    return solved


def folded_all(fold_in: FoldIn) -> FloatArray:
    """[C, d] float64 vectors of all stored customers; see `folded`."""
    return np.stack([folded(fold_in, row) for row in range(fold_in.history.shape[0])])


def _lacks(model: object, *names: str) -> str:
    return " and ".join(f"'{name}'" for name in names if not hasattr(model, name))
