"""Exact least squares of all rows, and alternating with them; in NumPy and in PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from recsys.arrays import FloatArray
from recsys.training import exact_least_squares, near_identity, row_systems
from recsys.training.exact_alternating import alternate_exactly
from recsys.training.exact_least_squares import each_in_threads, solved, thread_count
from recsys.training.row_systems import Entries

L2 = 0.7
ROWS, COLUMNS = 12, 20


@pytest.fixture(params=[np, torch], ids=["numpy", "torch"])
def xp(request: pytest.FixtureRequest) -> Any:
    return request.param


def confidence(seed: int = 0, largest: float = 6.0) -> csr_array:
    """[12, 20] float64 from 1; the first row is full, the fourth and the third column empty."""
    matrix = random_array((ROWS, COLUMNS), density=0.3, rng=seed, dtype=np.float64).toarray()
    matrix[0], matrix[3] = 0.5, 0
    matrix[:, 2] = 0
    return csr_array(np.where(matrix > 0, 1 + (largest - 1) * matrix, 0))


def fixed(dim: int, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((COLUMNS, dim))


def found(xp: Any, matrix: csr_array, vectors: FloatArray, l2: float = L2) -> FloatArray:
    entries = Entries.of(matrix.astype(vectors.dtype), xp, "cpu")
    return np.asarray(solved(entries, xp.asarray(vectors), l2, xp))


def by_normal_equations(matrix: csr_array, vectors: FloatArray, l2: float = L2) -> FloatArray:
    rows = []
    for row in matrix.toarray():
        weight = np.where(row > 0, row, 1.0)
        left = vectors.T @ (weight[:, None] * vectors) + l2 * np.eye(vectors.shape[1])
        rows.append(np.linalg.solve(left, vectors.T @ (weight * (row > 0))))
    return np.array(rows)


@pytest.mark.parametrize("dim", [1, 4, 9, 40])
def test_they_solve_the_normal_equations(xp: Any, dim: int) -> None:
    """With 4 and 9 dimensions some rows have more entries than that, and others fewer."""
    matrix, vectors = confidence(), fixed(dim)
    expected = by_normal_equations(matrix, vectors)
    np.testing.assert_allclose(found(xp, matrix, vectors), expected, atol=1e-10)


@pytest.mark.parametrize("dim", [4, 9, 40])
def test_they_solve_them_without_systems(
    xp: Any, dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_systems, "_LARGEST_SYSTEM", 0)
    monkeypatch.setattr(row_systems.RowSystems, "by_entries", None)
    monkeypatch.setattr(row_systems.RowSystems, "by_dimensions", None)
    matrix, vectors = confidence(), fixed(dim)
    expected = by_normal_equations(matrix, vectors)
    np.testing.assert_allclose(found(xp, matrix, vectors), expected, atol=1e-10)


@pytest.mark.parametrize("dim", [4, 9, 40])
def test_what_too_few_steps_leave_is_solved_by_systems(
    xp: Any, dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_systems, "_LARGEST_SYSTEM", 0)
    monkeypatch.setattr(near_identity, "_STEPS", 1)
    matrix, vectors = confidence(), fixed(dim)
    expected = by_normal_equations(matrix, vectors)
    np.testing.assert_allclose(found(xp, matrix, vectors), expected, atol=1e-10)


@pytest.mark.parametrize("dim", [1, 2])
def test_one_product_by_hand(xp: Any, dim: int) -> None:
    # 3 (1 - 2 x)^2 + 1 x^2: 12 x - 6 + x = 0; by dimensions, and with a further one by entries.
    only, vectors = csr_array(np.array([[3.0]])), np.array([[2.0, 0.0]])[:, :dim]
    np.testing.assert_allclose(found(xp, only, vectors, 1.0)[0], [6 / 13, 0][:dim], atol=1e-15)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    dim=st.integers(1, 30),
    largest=st.floats(1, 1e4),
    l2=st.floats(1e-2, 1e3),
)
def test_float32_is_enough(seed: int, dim: int, largest: float, l2: float) -> None:
    matrix, vectors = confidence(seed, largest), fixed(dim, seed)
    expected = by_normal_equations(matrix, vectors, l2)
    single = found(np, matrix, vectors.astype(np.float32), l2)
    scores, exact = (side @ vectors.T for side in (single, expected))
    np.testing.assert_allclose(scores, exact, atol=2e-3)


@pytest.mark.parametrize("dim", [4, 40])
def test_a_few_rows_and_entries_at_a_time_are_the_same(
    xp: Any, dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = found(xp, confidence(), fixed(dim))
    for name in ("_NUMBERS_IN_CACHE", "_NUMBERS_AT_ONCE"):
        monkeypatch.setattr(exact_least_squares, name, 20)
    np.testing.assert_allclose(found(xp, confidence(), fixed(dim)), at_once, atol=1e-12)


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, vectors = confidence(), fixed(4)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr(exact_least_squares, "_NUMBERS_IN_CACHE", 20)
    with each_in_threads() as each:
        threaded = solved(Entries.of(matrix, np, "cpu"), vectors, L2, np, each)
    np.testing.assert_array_equal(threaded, found(np, matrix, vectors))


def test_rows_without_entries_have_zero_vectors(xp: Any) -> None:
    vectors = found(xp, confidence(), fixed(4))
    assert not vectors[3].any()
    assert vectors[:3].any(axis=1).all()


@pytest.mark.parametrize("vectors", [np.zeros((COLUMNS, 4)), fixed(40)])
def test_a_singular_matrix_is_an_error(xp: Any, vectors: FloatArray) -> None:
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        found(xp, confidence(), vectors, 0.0)


def test_so_little_regularisation_that_rounding_would_rule_is_an_error() -> None:
    vectors = fixed(40).astype(np.float32)
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        found(np, confidence(), vectors, 1e-12)
    assert np.abs(found(np, confidence(), vectors, 1e-5)).max() < 10


def test_each_half_step_lowers_the_loss_and_ends_at_a_fixed_point() -> None:
    matrix, losses = confidence().astype(np.float32), []

    def after(_epoch: int, pair: tuple[FloatArray, FloatArray]) -> None:
        scores, weights = pair[0] @ pair[1].T, np.maximum(matrix.toarray(), 1)
        error = (weights * ((matrix.toarray() > 0) - scores) ** 2).sum()
        losses.append(error + L2 * sum((side**2).sum() for side in pair))

    customers, products = alternate_exactly(matrix, dim=3, epochs=200, l2=L2, seed=0, after=after)
    assert (np.diff(losses) <= 1e-4).all()
    assert losses[0] > losses[4] > losses[-1]
    expected = by_normal_equations(matrix.T.tocsr(), customers.astype(np.float64))
    np.testing.assert_allclose(products, expected, atol=1e-3)


def test_pytorch_gives_the_vectors_of_numpy() -> None:
    matrix = confidence().astype(np.float32)
    pairs = [
        alternate_exactly(matrix, dim=5, epochs=3, l2=L2, seed=2, xp=library)
        for library in (np, torch)
    ]
    for ours, theirs in zip(*pairs, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)


def test_after_is_told_each_epoch_with_its_vectors() -> None:
    told: list[tuple[int, FloatArray]] = []
    _, products = alternate_exactly(
        confidence().astype(np.float32), dim=2, epochs=3, l2=L2, seed=0,
        after=lambda epoch, pair: told.append((epoch, pair[1])),
    )  # fmt: skip
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert np.array_equal(told[-1][1], products)


@pytest.mark.parametrize(
    ("variable", "expected"), [("3", 3), ("4,2", 4), ("0", 5), ("", 5), ("many", 5), (None, 5)]
)
def test_threads_are_those_of_openmp(
    variable: str | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_least_squares.os, "cpu_count", lambda: 5)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert thread_count() == expected
