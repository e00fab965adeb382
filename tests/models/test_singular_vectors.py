"""The two forms of randomised SVD on arrays find the same leading vectors."""

import numpy as np
from scipy.sparse import csr_array, random_array

from recsys.models.own_history import OwnHistory
from recsys.models.singular_vectors import of_filtered_history, of_matrix, of_tall
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


def test_blocks_of_rows_give_the_vectors_of_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    matrix = csr_array(random_array((900, 60), density=0.2, rng=draw, dtype=np.float32))
    expected = of_matrix(matrix, 12, seed=3)
    # 22 columns: 100 rows at a time.
    vectors = of_tall(matrix, 12, seed=3, at_once=2_200)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(12), atol=1e-5)
    # The same up to the sign of each.
    signs = np.sign((vectors * expected).sum(axis=0))
    np.testing.assert_allclose(vectors * signs, expected, atol=1e-4)


def test_vectors_beyond_the_rank_are_zero() -> None:
    matrix = csr_array(np.outer(np.arange(1, 31), [1, 2, 2]).astype(np.float32))
    vectors = of_tall(matrix, 3, seed=0)
    np.testing.assert_allclose(np.abs(vectors[:, 0]), [1 / 3, 2 / 3, 2 / 3], rtol=1e-5)
    assert not vectors[:, 1:].any()
