"""The two forms of randomised SVD on arrays find the same leading vectors."""

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array
from sklearn.utils.extmath import randomized_svd

from recsys.models import sparse_products
from recsys.models.own_history import OwnHistory
from recsys.models.singular_vectors import of_filtered_history, of_matrix
from recsys.testing.data import market


def exact_values(matrix: np.ndarray, rank: int) -> np.ndarray:
    return np.linalg.svd(matrix.astype(np.float64), compute_uv=False)[:rank]


def test_both_forms_reach_the_largest_singular_values() -> None:
    data = market()
    model = OwnHistory().fit(data)
    matrix = model.history.toarray()
    rank = min(5, *matrix.shape)
    for vectors in (
        of_matrix(model.history, rank, seed=0),
        of_filtered_history(model, rank, seed=0, iterations=4),
    ):
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(rank), atol=1e-5)
        reached = np.linalg.norm(matrix @ vectors, axis=0)
        np.testing.assert_allclose(reached, exact_values(matrix, rank), rtol=2e-2)


def test_a_seed_gives_the_same_vectors_again() -> None:
    model = OwnHistory().fit(market())
    for form in (
        lambda seed: of_matrix(model.history, 3, seed),
        lambda seed: of_filtered_history(model, 3, seed, iterations=1),
    ):
        np.testing.assert_array_equal(form(1), form(1))


def sparse(seed: int, rows: int, columns: int, density: float = 0.2) -> csr_array:
    draw = np.random.default_rng(seed)
    shape = (rows, columns)
    return csr_array(random_array(shape, density=density, rng=draw, dtype=np.float32))


def same_vectors(vectors: np.ndarray, expected: np.ndarray, atol: float) -> None:
    """Orthonormal, and equal up to the sign of each."""
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(vectors.shape[1]), atol=1e-5)
    signs = np.sign((vectors * expected).sum(axis=0))
    np.testing.assert_allclose(vectors * signs, expected, atol=atol)


@pytest.mark.parametrize("shape", [(900, 60), (60, 900), (200, 200)])
def test_the_vectors_are_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    matrix = sparse(0, *shape)
    _, _, expected = randomized_svd(matrix, 12, n_iter=3, random_state=3)
    same_vectors(of_matrix(matrix, 12, seed=3), expected.T, 1e-3)


@pytest.mark.parametrize("shape", [(900, 60), (60, 900)])
def test_blocks_of_rows_give_the_same_vectors(shape: tuple[int, int]) -> None:
    matrix = sparse(1, *shape)
    same_vectors(of_matrix(matrix, 12, 3, rows_at_once=7), of_matrix(matrix, 12, 3), 1e-4)


@pytest.mark.parametrize("shape", [(80, 40), (40, 80)])
def test_all_vectors_there_are_span_the_rows(shape: tuple[int, int]) -> None:
    matrix = sparse(2, *shape)
    vectors = of_matrix(matrix, 40, seed=0)
    projected = (matrix @ vectors) @ vectors.T
    np.testing.assert_allclose(projected, matrix.toarray(), atol=1e-3)


def test_very_unequal_singular_values_keep_the_vectors_orthonormal() -> None:
    # A Cholesky factor of such a basis is useless in float32.
    scale = np.geomspace(1, 1e-3, 50, dtype=np.float32)
    matrix = csr_array(sparse(3, 50, 300, 0.5).multiply(scale[:, None]))
    vectors = of_matrix(matrix, 8, seed=0)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(8), atol=1e-5)
    reached = np.linalg.norm(matrix @ vectors, axis=0)
    np.testing.assert_allclose(reached, exact_values(matrix.toarray(), 8), rtol=2e-2)


@pytest.mark.parametrize("is_wide", [False, True])
def test_vectors_beyond_the_rank_are_zero(is_wide: bool) -> None:
    matrix = csr_array(np.outer(np.arange(1, 31), [1, 2, 2]).astype(np.float32))
    expected = np.array([1, 2, 2]) / 3
    if is_wide:
        matrix = matrix.T.tocsr()
        expected = np.arange(1, 31) / np.linalg.norm(np.arange(1, 31))
    vectors = of_matrix(matrix, 3, seed=0)
    np.testing.assert_allclose(np.abs(vectors[:, 0]), expected, rtol=1e-4)
    assert not vectors[:, 1:].any()


@pytest.mark.parametrize("shape", [(30, 3), (3, 30), (3, 3)])
def test_of_nothing_all_vectors_are_zero(shape: tuple[int, int]) -> None:
    vectors = of_matrix(csr_array(shape, dtype=np.float32), 2, seed=0)
    np.testing.assert_array_equal(vectors, np.zeros((shape[1], 2), np.float32))


def test_without_mkl_the_vectors_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = sparse(4, 70, 150)
    expected = of_matrix(matrix, 10, seed=0)
    monkeypatch.setattr(sparse_products, "has_mkl", lambda: False)
    same_vectors(of_matrix(matrix, 10, seed=0), expected, 1e-4)
