from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.models.factorise import factorise
from recsys.models.graph_filter import GraphFilter
from recsys.models.own_history import OwnHistory
from recsys.testing.data import close, everyone, market
from recsys.testing.vectors import folded_all


@pytest.fixture(scope="module", params=["graph_filter", "own_history"])
def model(request: Any) -> Any:
    made = {
        "graph_filter": GraphFilter(low_pass=0.3, self_weight=0.05, dim=6),
        "own_history": OwnHistory(),
    }
    return made[request.param].fit(market())


def test_nothing_is_lost_at_full_rank(model: Any) -> None:
    data = market()
    embeddings = factorise(model, 100).embeddings
    close(embeddings.customers @ embeddings.products.T, model.score(everyone(data)), 1e-4)
    assert embeddings.customers.dtype == embeddings.products.dtype == np.float32


@pytest.mark.parametrize("dim", [1, 3, 8])
def test_at_a_lower_rank_as_good_as_the_exact_decomposition(model: Any, dim: int) -> None:
    data = market()
    embeddings = factorise(model, dim).embeddings
    assert embeddings.customers.shape == (len(data.customers), dim + 1)
    assert embeddings.products.shape == (len(data.products), dim + 1)
    exact = model.score(everyone(data)).astype(np.float64) - model.bias
    left, values, right = np.linalg.svd(exact, full_matrices=False)
    best = np.linalg.norm(exact - (left[:, :dim] * values[:dim]) @ right[:dim])
    kept = embeddings.customers[:, :-1].astype(np.float64) @ embeddings.products[:, :-1].T
    assert np.linalg.norm(exact - kept) <= 1.01 * best + 1e-6


def test_the_largest_directions_are_found_among_many_of_like_size() -> None:
    # A random history has a flat spectrum, where one pass over the matrix is not enough.
    generator = np.random.default_rng(3)
    customers, products = np.nonzero(generator.random((150, 120)) < 0.3)
    data = dataset_of({"customer_id": customers, "product_id": products})
    model = OwnHistory().fit(data)
    embeddings = factorise(model, 10).embeddings
    exact = model.history.toarray().astype(np.float64)
    best = np.sqrt((np.linalg.svd(exact, compute_uv=False)[10:] ** 2).sum())
    kept = embeddings.customers[:, :-1].astype(np.float64) @ embeddings.products[:, :-1].T
    assert np.linalg.norm(exact - kept) <= 1.01 * best


def test_the_bias_is_kept_exactly(model: Any) -> None:
    embeddings = factorise(model, 2).embeddings
    column = embeddings.customers[:, -1]
    assert (column == column[0]).all()
    np.testing.assert_array_equal(column[0] * embeddings.products[:, -1], model.bias)


@pytest.mark.parametrize("dim", [2, 100])
def test_folding_in_gives_the_stored_vectors_but_for_the_bias(model: Any, dim: int) -> None:
    data = market()
    embeddings, fold_in = factorise(model, dim)
    assert fold_in.gram is None
    close(folded_all(fold_in), embeddings.customers[:, :-1], 1e-4)
    assert len(embeddings.customers) == len(data.customers)


def test_the_seed_settles_the_vectors(model: Any) -> None:
    first, same = (factorise(model, 4, seed=0).embeddings for _ in range(2))
    np.testing.assert_array_equal(first.customers, same.customers)
    np.testing.assert_array_equal(first.products, same.products)
