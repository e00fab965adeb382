"""Conjugate gradients of all rows at once, and alternating with them between the sides."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array, csr_matrix, random_array

from recsys.training import least_squares
from recsys.training.alternating import alternate
from recsys.training.bipartite_graph import BipartiteGraph, Half
from recsys.training.exact_least_squares import solved
from recsys.training.least_squares import improved
from recsys.training.row_systems import Entries

L2 = 0.7


def confidence(rows: int = 12, columns: int = 9, seed: int = 0) -> csr_array:
    """[rows, columns] float32 of 1 to 6; the fourth row and the third column are empty."""
    matrix = random_array((rows, columns), density=0.4, rng=seed, dtype=np.float64).toarray()
    matrix[3], matrix[:, 2] = 0, 0
    return csr_array(np.where(matrix > 0, 1 + 5 * matrix, 0).astype(np.float32))


def half(matrix: csr_array, kind: type = np.float64) -> Half:
    return BipartiteGraph.from_matrix(matrix.astype(kind)).to_customers


def fixed(columns: int = 9, dim: int = 4) -> torch.Tensor:
    return torch.randn(columns, dim, generator=torch.Generator().manual_seed(1)).double()


def exactly(matrix: csr_array, vectors: torch.Tensor) -> torch.Tensor:
    entries = Entries.of(matrix.astype(np.float64), torch, "cpu")
    return solved(entries, vectors, L2, torch)


def test_rows_improved_a_few_at_a_time_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, vectors = confidence(), fixed()
    at_once = improved(half(matrix), vectors[:1], vectors, L2)
    monkeypatch.setattr(least_squares, "_NUMBERS_IN_CACHE", 50)
    few = improved(half(matrix), vectors[:1], vectors, L2)
    np.testing.assert_allclose(at_once, few, atol=1e-12)


def test_as_many_gradients_as_dimensions_solve_exactly() -> None:
    matrix, vectors = confidence(), fixed()
    start = torch.ones(matrix.shape[0], 4, dtype=torch.float64)
    found = improved(half(matrix), start, vectors, L2, steps=4)
    np.testing.assert_allclose(found, exactly(matrix, vectors), atol=1e-9)
    # Further steps from the solution change nothing, and are no division by zero.
    again = improved(half(matrix), found, vectors, L2, steps=4)
    np.testing.assert_allclose(again, found, atol=1e-9)


def test_rows_without_entries_have_zero_vectors() -> None:
    matrix, vectors = confidence(), fixed()
    start = torch.ones(matrix.shape[0], 4, dtype=torch.float64)
    found = improved(half(matrix), start, vectors, L2)
    assert not found[3].any()
    assert found[:3].any(dim=1).all()


@pytest.mark.parametrize("epochs", [1, 6])
def test_the_vectors_are_those_of_implicit(epochs: int) -> None:
    from implicit.als import AlternatingLeastSquares

    matrix = confidence(60, 40, seed=5)
    theirs = AlternatingLeastSquares(
        factors=8, regularization=3.0, alpha=1.0, iterations=epochs, random_state=2, num_threads=1
    )
    theirs.fit(csr_matrix(matrix), show_progress=False)
    customers, products = alternate(matrix, dim=8, epochs=epochs, l2=3.0, seed=2, device="cpu")
    np.testing.assert_allclose(products, theirs.item_factors, atol=2e-4)
    exact = theirs.recalculate_user(np.arange(60), csr_matrix(matrix))
    np.testing.assert_allclose(customers, exact, atol=2e-4)


def test_after_is_told_each_epoch_with_its_vectors() -> None:
    told = []
    _, products = alternate(
        confidence(), dim=2, epochs=3, l2=L2, seed=0, device="cpu",
        after=lambda epoch, pair: told.append((epoch, pair[1])),
    )  # fmt: skip
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert torch.equal(told[-1][1], products)
