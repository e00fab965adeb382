from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of
from scipy.sparse import csr_array

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.models import ease
from recsys.models.ease import EASE
from recsys.testing import FilterContract, PersonalisedContract
from recsys.testing.data import close, everyone, market


class TestEASE(PersonalisedContract, FilterContract):
    def make(self, **change: Any) -> EASE:
        return EASE(**change)


class TestEASEInFloat64(TestEASE):
    """An l2 so small that float32 would not do, and actions weighted."""

    def make(self, **change: Any) -> EASE:
        return EASE(**{"l2": 0.01, "actions": {"purchase": 2, "view": 1}, **change})


def by_regression(data: Dataset, l2: float) -> np.ndarray:
    """What the paper minimises, product by product: ridge regression on all other products."""
    history = interaction_matrix(data).toarray().astype(np.float64)
    count = history.shape[1]
    weights = np.zeros((count, count))
    for product in range(count):
        others = np.delete(np.arange(count), product)
        left = history[:, others]
        gram = left.T @ left + l2 * np.eye(len(others))
        weights[others, product] = np.linalg.solve(gram, left.T @ history[:, product])
    return weights


def test_the_closed_form_by_hand() -> None:
    # X'X + I = [[3, 1], [1, 2]], its inverse [[2, -1], [-1, 3]] / 5.
    data = dataset_of({"customer_id": list("aab"), "product_id": list("xyx")})
    weights = EASE(l2=1).fit(data).filter
    order = np.argsort(data.products.ids)
    np.testing.assert_allclose(weights[np.ix_(order, order)], [[0, 1 / 3], [1 / 2, 0]], rtol=1e-6)


@pytest.mark.parametrize("l2", [0.01, 1, 500])
@pytest.mark.parametrize("shape", [(6, 11), (11, 6)])
def test_both_sides_of_the_inverse_agree(shape: tuple[int, int], l2: float) -> None:
    weights = csr_array(np.random.default_rng(0).integers(0, 2, shape).astype(np.float64))
    by_products, by_customers = ease._by_products(weights, l2), ease._by_customers(weights, l2)
    off_diagonal = ~np.eye(shape[1], dtype=bool)
    np.testing.assert_allclose(
        by_products[off_diagonal], by_customers[off_diagonal], rtol=1e-9, atol=1e-12
    )


def test_fewer_customers_than_products_are_solved_on_their_side(monkeypatch: Any) -> None:
    data = dataset_of({"customer_id": list("aaab"), "product_id": list("xyzx")})
    wanted = by_regression(data, 1)
    monkeypatch.setattr(ease, "_by_products", None)
    close(EASE(l2=1).fit(data).filter, wanted, 1e-6)


@pytest.mark.parametrize("l2", [0.01, 1, 500])
def test_each_product_is_regressed_on_the_others(l2: float) -> None:
    data = market()
    model = EASE(l2=l2).fit(data)
    close(model.filter, by_regression(data, l2), 1e-5)
    assert (model.filter.diagonal() == 0).all()
    assert model.filter.dtype == np.float32
    close(model.score(everyone(data)), model.history @ by_regression(data, l2) + model.bias, 1e-5)


def test_float64_is_taken_where_float32_would_not_do() -> None:
    history = interaction_matrix(market())
    assert ease._precision(history, 500) is np.float32
    assert ease._precision(history, 0.01) is np.float64


def test_an_l2_below_all_rounding_is_refused() -> None:
    with pytest.raises(InputError, match=r"model.l2: expected at least .*e-.* got 1e-20") as caught:
        EASE(l2=1e-20).fit(market())
    assert "\n" not in str(caught.value)


def test_what_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(InputError, match=r"model.l2: too small"):
        ease._invert(-np.eye(3))


@pytest.mark.parametrize("block", [1, 3, 7])
def test_the_size_of_a_block_changes_nothing(block: int, monkeypatch: Any) -> None:
    data = market()
    wanted = EASE(l2=2).fit(data).filter
    monkeypatch.setattr(ease, "_BLOCK", block)
    np.testing.assert_array_equal(EASE(l2=2).fit(data).filter, wanted)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_the_inverse_is_made_in_place(precision: Any) -> None:
    generator = np.random.default_rng(3)
    square = generator.standard_normal((20, 20))
    matrix = (square @ square.T + np.eye(20)).astype(precision)
    wanted = np.linalg.inv(matrix.astype(np.float64))
    assert ease._invert(matrix) is None
    close(matrix, wanted, 1e-3 if precision is np.float32 else 1e-10)
    np.testing.assert_array_equal(matrix, matrix.T)


def test_a_catalogue_that_is_too_large_is_refused_with_its_size() -> None:
    products = [f"p{number}" for number in range(1_500)]
    data = dataset_of({"customer_id": ["a"] * len(products), "product_id": products})
    # 1,500 x 1,500 x 4 bytes = 9 MB.
    words = r"model.memory_gb: .*1,500 x 1,500 products, 0.009 GB, and 0.008 GB are allowed"
    with pytest.raises(InputError, match=words) as caught:
        EASE(memory_gb=0.008).fit(data)
    assert "\n" not in str(caught.value)
    EASE(memory_gb=0.01)._require_memory(len(products))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"l2": 0}, r"model.l2: expected a number > 0, got 0"),
        ({"memory_gb": 0}, r"model.memory_gb: expected a number > 0"),
        ({"half_life": 0}, r"model.half_life: expected a number > 0"),
    ],
)
def test_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        EASE(**settings)
