import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.spectrum import singular_vectors


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def graph_of(matrix: np.ndarray) -> BipartiteGraph:
    return BipartiteGraph.from_matrix(csr_array(matrix))


def random_matrix(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.random((rows, columns)) * (generator.random((rows, columns)) < 0.4)


def test_by_hand() -> None:
    # A customer with both products, and one with the first alone: R'R = [[2, 1], [1, 1]].
    _, singular = singular_vectors(graph_of(np.array([[1.0, 1.0], [1.0, 0.0]])), 2, seeded())
    golden = (1 + np.sqrt(5)) / 2
    np.testing.assert_allclose(singular, [golden, 1 / golden], rtol=1e-12)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 50))
def test_all_of_them_are_the_matrix(rows: int, columns: int, seed: int) -> None:
    matrix = random_matrix(rows, columns, seed)
    rank = min(rows, columns)
    (left, right), singular = singular_vectors(graph_of(matrix), rank, seeded(seed))
    np.testing.assert_allclose(left * singular @ right.T, matrix, atol=1e-9)
    for vectors in (left, right):
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(rank), atol=1e-9)


@pytest.mark.parametrize(("rows", "columns"), [(60, 40), (40, 60)])
def test_the_largest_are_those_of_numpy(rows: int, columns: int) -> None:
    matrix = random_matrix(rows, columns)
    (left, right), singular = singular_vectors(graph_of(matrix), 3, seeded(), iterations=40)
    wanted_left, wanted, wanted_right = np.linalg.svd(matrix)
    np.testing.assert_allclose(singular, wanted[:3], rtol=1e-9)
    best = wanted_left[:, :3] * wanted[:3] @ wanted_right[:3]
    np.testing.assert_allclose(left * singular @ right.T, best, atol=1e-5)


def test_single_precision_stays_single_and_learnable() -> None:
    matrix = random_matrix(30, 20).astype(np.float32)
    (left, right), singular = singular_vectors(graph_of(matrix), 4, seeded())
    assert {left.dtype, right.dtype, singular.dtype} == {torch.float32}
    for vectors in (left, right):
        torch.nn.Parameter(vectors).sum().backward()


def test_a_seed_decides() -> None:
    graph = graph_of(random_matrix(30, 20))
    first, same, other = (singular_vectors(graph, 2, seeded(seed))[0][0] for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_graph_without_edges_has_no_spectrum() -> None:
    (left, right), singular = singular_vectors(graph_of(np.zeros((5, 4))), 2, seeded())
    assert not singular.any()
    assert left.isfinite().all()
    assert right.isfinite().all()
