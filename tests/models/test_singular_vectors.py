"""The two forms of randomised SVD on arrays find the same leading vectors."""

import numpy as np

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
