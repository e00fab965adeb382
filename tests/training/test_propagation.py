"""Propagation over both halves of the graph, forwards and backwards."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from torch import Tensor, tensor
from torch.autograd import gradcheck
from torch_geometric.nn import LGConv

from recsys.errors import InputError
from recsys.graph.bipartite import normalise
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.propagation import Pair, mean_of_layers, propagate

F = Fraction


def graph_of(rows: Any, dtype: Any = np.float64) -> BipartiteGraph:
    return BipartiteGraph.from_matrix(csr_array(np.array(rows, dtype)))


def random_graph(seed: int, customers: int = 6, products: int = 5) -> BipartiteGraph:
    generator = np.random.default_rng(seed)
    matrix = generator.random((customers, products)) * (generator.random((6, 5)) < 0.4)
    return graph_of(matrix)


def vectors(rows: int, seed: int, dim: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, dim, generator=generator, dtype=torch.float64)


def two(seed: int) -> Pair:
    return vectors(6, seed), vectors(5, seed + 1)


def inner(left: Pair, right: Pair) -> float:
    return sum(float((a * b).sum()) for a, b in zip(left, right, strict=True))


def test_two_layers_by_hand() -> None:
    # Customer a has x; b has x and y. Degrees: a 1, b 2; x 2, y 1. The weights 1 / sqrt(d d') are
    # R = [[s, 0], [1/2, s]] with s = sqrt(1/2), so that with products (2, 4) s and customers (1, 0)
    # every other layer is rational:
    # layer 1: customers R (2s, 4s) = (1, s + 2), products R' (1, 0) = (s, 0)
    # layer 2: customers R (s, 0) = (1/2, s/2), products R' (1, s + 2) = (3s/2 + 1, 1/2 + 2s)
    s = 0.5**0.5
    graph = BipartiteGraph.from_matrix(
        normalise(csr_array(np.array([[1.0, 0], [1, 1]])), 0.5, 0.5).astype(np.float64)
    )
    weights = [F(1, 2), F(1, 3), F(1, 6)]
    result = propagate(graph, tensor([[1.0], [0]]).double(), tensor([[2 * s], [4 * s]]).double(),
                      [float(weight) for weight in weights])  # fmt: skip
    by_layer = [
        [(F(1), F(0)), (F(0), F(0)), (F(0), F(2)), (F(0), F(4))],
        [(F(1), F(0)), (F(2), F(1)), (F(0), F(1)), (F(0), F(0))],
        [(F(1, 2), F(0)), (F(0), F(1, 2)), (F(1), F(3, 2)), (F(1, 2), F(2))],
    ]  # as a + b s, of a, b, x and y
    for row, value in enumerate(torch.cat(result)[:, 0].tolist()):
        rational = sum(w * layer[row][0] for w, layer in zip(weights, by_layer, strict=True))
        irrational = sum(w * layer[row][1] for w, layer in zip(weights, by_layer, strict=True))
        assert value == pytest.approx(float(rational) + float(irrational) * s, abs=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_it_is_the_mean_of_lgconv(layers: int, dtype: Any) -> None:
    generator = np.random.default_rng(0)
    pattern = (generator.random((30, 20)) < 0.1).astype(dtype)
    pattern[3], pattern[:, 4] = 0, 0
    graph = BipartiteGraph.from_matrix(normalise(csr_array(pattern), 0.5, 0.5).astype(dtype))
    customers, products = np.nonzero(pattern)
    pairs = torch.from_numpy(np.stack([customers, products + 30]))
    edge_index = torch.cat([pairs, pairs.flip(0)], dim=1)
    nodes = torch.randn(50, 8, dtype=torch.from_numpy(pattern).dtype)
    wanted, layer = nodes.clone(), nodes
    for _ in range(layers):
        layer = LGConv()(layer, edge_index)
        wanted += layer
    result = torch.cat(propagate(graph, nodes[:30], nodes[30:], mean_of_layers(layers)))
    torch.testing.assert_close(result, wanted / (layers + 1), atol=1e-6, rtol=1e-5)


@given(st.integers(0, 2**31), st.integers(0, 4))
def test_it_is_symmetric(seed: int, layers: int) -> None:
    graph, weights = random_graph(seed), [0.5 + k for k in range(layers + 1)]
    left, right = two(seed), two(seed + 2)
    assert inner(propagate(graph, *left, weights), right) == pytest.approx(
        inner(left, propagate(graph, *right, weights)), rel=1e-9, abs=1e-9
    )


@given(st.integers(0, 2**31), st.integers(0, 4))
def test_it_is_the_polynomial_of_the_whole_matrix(seed: int, layers: int) -> None:
    generator = np.random.default_rng(seed)
    half = generator.random((6, 5)) * (generator.random((6, 5)) < 0.4)
    full = torch.from_numpy(np.block([[np.zeros((6, 6)), half], [half.T, np.zeros((5, 5))]]))
    weights = generator.normal(size=layers + 1).tolist()
    stacked = torch.cat(two(seed))
    wanted = sum(w * torch.linalg.matrix_power(full, k) @ stacked for k, w in enumerate(weights))
    result = propagate(graph_of(half), *two(seed), weights)
    torch.testing.assert_close(torch.cat(result), wanted)


@pytest.mark.parametrize("weights", [[1.0], [0.0, 1.0], [0.2, 0.0, -0.7, 1.5]])
def test_gradients_of_vectors(weights: list[float]) -> None:
    graph = random_graph(0)
    pair = [part.requires_grad_() for part in two(0)]
    assert gradcheck(lambda c, p: propagate(graph, c, p, weights), pair)


@pytest.mark.parametrize("weights", [[0.3], [0.4, 0.0, 0.6, -0.2]])
@pytest.mark.parametrize("fixed", [False, True])
def test_gradients_of_weights(weights: list[float], fixed: bool) -> None:
    graph = random_graph(1)
    pair = [part.requires_grad_(not fixed) for part in two(1)]
    learnt = tensor(weights, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda c, p, w: propagate(graph, c, p, w), [*pair, learnt])


def test_gradient_where_only_one_side_is_read() -> None:
    graph = random_graph(2)
    customers, products = (part.requires_grad_() for part in two(2))
    propagate(graph, customers, products, [0.0, 1.0])[0].sum().backward()
    assert customers.grad is not None
    assert not customers.grad.any()
    torch.testing.assert_close(products.grad, graph.to_products @ torch.ones_like(customers))


def test_no_layers_change_nothing() -> None:
    customers, products = two(3)
    result = propagate(random_graph(3), customers, products, mean_of_layers(0))
    assert torch.equal(result[0], customers)
    assert torch.equal(result[1], products)
    result[0].zero_()
    assert customers.any()


def test_inputs_and_gradients_stay_as_they_were() -> None:
    pair = two(4)
    before = [part.clone() for part in pair]
    propagate(random_graph(4), *pair, mean_of_layers(3))
    for part, kept in zip(pair, before, strict=True):
        assert torch.equal(part, kept)
    parts = [part.requires_grad_() for part in pair]
    gradient = two(5)
    kept_gradient = [part.clone() for part in gradient]
    torch.autograd.backward(propagate(random_graph(4), *parts, mean_of_layers(3)), gradient)
    for part, kept in zip(gradient, kept_gradient, strict=True):
        assert torch.equal(part, kept)


def test_isolated_customers_and_products_keep_their_share() -> None:
    graph = graph_of([[1, 0], [0, 0]])
    result = propagate(
        graph, tensor([[1.0], [3]]).double(), tensor([[5.0], [7]]).double(), [0.5, 2]
    )
    assert result[0].tolist() == [[0.5 + 2 * 5], [1.5]]
    assert result[1].tolist() == [[2.5 + 2 * 1], [3.5]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_edges_the_vectors_shrink(dtype: Any) -> None:
    graph = graph_of(np.zeros((2, 3)), dtype)
    customers = torch.ones(2, 4, dtype=graph.to_customers.values.dtype, requires_grad=True)
    products = torch.ones(3, 4, dtype=customers.dtype)
    result = propagate(graph, customers, products, mean_of_layers(3))
    assert torch.equal(result[0], customers / 4)
    assert torch.equal(result[1], products / 4)
    result[0].sum().backward()
    assert torch.equal(customers.grad, torch.full_like(customers, 0.25))


def test_one_product() -> None:
    graph = graph_of([[1], [2], [0]])
    result = propagate(graph, tensor([[1.0], [2], [3]]).double(), tensor([[10.0]]).double(), [0, 1])
    assert result[0].tolist() == [[10], [20], [0]]
    assert result[1].tolist() == [[1 + 4]]


def test_indices_are_int32_and_both_halves_have_the_shape_of_the_matrix() -> None:
    graph = random_graph(0)
    for half in (graph.to_customers, graph.to_products):
        assert half.offsets.dtype == half.columns.dtype == torch.int32
    assert graph.to_customers.shape == (6, 5)
    assert graph.to_products.shape == (5, 6)


def test_the_matrix_may_change_later() -> None:
    matrix = csr_array(np.ones((1, 1)))
    graph = BipartiteGraph.from_matrix(matrix)
    matrix.data[:] = 7
    assert graph.to_customers.values.tolist() == [1]


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_equal_weights_add_up_to_one(layers: int) -> None:
    assert mean_of_layers(layers) == [float(F(1, layers + 1))] * (layers + 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customers": vectors(5, 0)}, r"customers \[6, dim\], got \[5, 3\]"),
        ({"products": vectors(5, 0, dim=4)}, r"products \[5, dim\], got \[5, 4\]"),
        ({"products": vectors(5, 0)[:, 0]}, r"products \[5, dim\], got \[5\]"),
        ({"customers": vectors(6, 0).float()}, r"customers as the graph is.* got torch\.float32"),
        ({"weights": tensor([1.0])}, r"weights as the graph is.* got torch\.float32"),
        ({"weights": []}, r"weights of layers 0 to K"),
        ({"weights": [0.0, 0.0]}, r"not all of them 0, got \[0\.0, 0\.0\]"),
        ({"weights": [0.5, float("nan")]}, r"finite"),
        ({"weights": tensor(1.0).double()}, r"weights of layers 0 to K"),
    ],
)
def test_what_does_not_go_together_is_refused(change: dict[str, Any], message: str) -> None:
    customers, products = two(0)
    given: dict[str, Any] = {"customers": customers, "products": products, "weights": [1.0]}
    with pytest.raises(InputError, match=message):
        propagate(random_graph(0), **{**given, **change})


def test_a_matrix_of_counts_or_of_nan_is_refused() -> None:
    with pytest.raises(InputError, match="expected a float32 or float64 matrix, got int64"):
        graph_of([[1]], np.int64)
    with pytest.raises(InputError, match="got NaN or infinity"):
        graph_of([[np.nan]])


def test_layers_below_none_are_refused() -> None:
    with pytest.raises(InputError, match=r"model\.layers: expected a whole number of at least 0"):
        mean_of_layers(-1)


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu() -> None:
    pattern = csr_array((np.random.default_rng(0).random((300, 200)) < 0.1).astype(np.float32))
    matrix = normalise(pattern, 0.5, 0.5)
    result = []
    for device in ("cpu", "cuda"):
        graph = BipartiteGraph.from_matrix(matrix, device)
        parts = [vectors(rows, 0).float().to(device).requires_grad_() for rows in matrix.shape]
        customers, products = propagate(graph, *parts, mean_of_layers(3))
        (customers.square().sum() + products.sum()).backward()
        result.append([part.cpu() for part in (customers, products, parts[0].grad, parts[1].grad)])
    for cpu, cuda in zip(*result, strict=True):
        torch.testing.assert_close(cpu, cuda)
