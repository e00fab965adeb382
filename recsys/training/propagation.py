"""Light graph convolution over customers and products, the same in both directions of autograd.

He, Deng, Wang, Li, Zhang and Wang, LightGCN: Simplifying and Powering Graph Convolution Network for
Recommendation (2020), equations 3, 4 and 8.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from recsys.errors import InputError
from recsys.training.bipartite_graph import BipartiteGraph

Pair: TypeAlias = tuple[Tensor, Tensor]


def mean_of_layers(layers: int) -> list[float]:
    """[layers + 1] equal weights, alpha_k = 1 / (K + 1) of the paper; [1.0] for no layers.

    Raises:
        InputError: layers below 0.
    """
    if layers < 0:
        raise InputError(f"model.layers: expected a whole number of at least 0, got {layers}")
    return [1 / (layers + 1)] * (layers + 1)


def propagate(
    graph: BipartiteGraph, customers: Tensor, products: Tensor, weights: Sequence[float] | Tensor
) -> Pair:
    """Sum over k of w_k A^k x, where x stacks the vectors of customers and products.

    A layer is E_C' = R E_P and E_P' = R' E_C. The sum M x of all of them is symmetric, M = M', so
    that dL/dx = M g and dL/dw_k = <x, A^k g> for a gradient g: backward is the same operation, and
    no layer is kept from forward. Weights (0, 1) are one plain layer, for models that change
    vectors in between. Isolated rows keep w_0 x.

    Args:
        graph: R on the device of the vectors, of their type.
        customers: [C, dim]; those of this process, where several share the graph.
        products: [P, dim]; as above.
        weights: [K + 1] w_0 ... w_K, numbers or a tensor, which may be learnt; those of the paper
            are `mean_of_layers(K)`.

    Returns:
        Customers [C, dim] and products [P, dim], new tensors. Once differentiable.

    Raises:
        InputError: shapes, types or devices do not match, or weights are out of range.
    """
    _check(graph, customers, products, weights)
    # Sparse products do not support half precision on the CPU, and lose too much by it elsewhere.
    with torch.autocast(customers.device.type, enabled=False):
        pair: Pair = _Propagation.apply(  # type: ignore[no-untyped-call]
            graph, customers, products, weights
        )
    return pair


class _Propagation(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        graph: BipartiteGraph,
        customers: Tensor,
        products: Tensor,
        weights: Sequence[float] | Tensor,
    ) -> Pair:
        ctx.graph, ctx.weights = graph, _numbers(weights)
        if ctx.needs_input_grad[3]:
            ctx.save_for_backward(customers, products)
        return _weighted_sum(_layers(graph, (customers, products), ctx.weights), ctx.weights)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        customers, products = gradient
        layers: Iterable[Pair] = _layers(ctx.graph, (customers, products), ctx.weights)
        of_weights = None
        if ctx.needs_input_grad[3]:
            layers = list(layers)
            parts = [_inner(ctx.saved_tensors, layer) for layer in layers]
            of_weights = ctx.graph.processes.total(torch.stack(parts))
        return None, *_weighted_sum(layers, ctx.weights), of_weights


def _layers(graph: BipartiteGraph, pair: Pair, weights: Sequence[float]) -> Iterator[Pair]:
    """X, A x, ..., A^K x, computed lazily."""
    yield pair
    for _ in weights[1:]:
        customers, products = pair
        pair = graph.to_customers @ products, graph.to_products @ customers
        yield pair


def _weighted_sum(layers: Iterable[Pair], weights: Sequence[float]) -> Pair:
    used = ((pair, weight) for pair, weight in zip(layers, weights, strict=True) if weight)
    (first_customers, first_products), weight = next(used)
    customers, products = first_customers * weight, first_products * weight
    for (more_customers, more_products), weight in used:
        customers.add_(more_customers, alpha=weight)
        products.add_(more_products, alpha=weight)
    return customers, products


def _inner(left: Pair, right: Pair) -> Tensor:
    return (left[0] * right[0]).sum() + (left[1] * right[1]).sum()


def _numbers(weights: Sequence[float] | Tensor) -> list[float]:
    return weights.tolist() if isinstance(weights, Tensor) else list(weights)


def _check(
    graph: BipartiteGraph, customers: Tensor, products: Tensor, weights: Sequence[float] | Tensor
) -> None:
    tensors = {"customers": customers, "products": products}
    dims = customers.shape[1:]
    for (name, vectors), rows in zip(tensors.items(), graph.to_customers.shape, strict=True):
        if vectors.dim() != 2 or len(vectors) != rows or vectors.shape[1:] != dims:
            raise InputError(
                f"propagate: expected {name} [{rows}, dim], got {list(vectors.shape)}; customers "
                f"{list(customers.shape)} and products {list(products.shape)} need one dim"
            )
    if isinstance(weights, Tensor):
        tensors["weights"] = weights
    values = graph.to_customers.values
    for name, tensor in tensors.items():
        if (tensor.dtype, tensor.device) != (values.dtype, values.device):
            raise InputError(
                f"propagate: expected {name} as the graph is, {values.dtype} on {values.device}, "
                f"got {tensor.dtype} on {tensor.device}; call .to()"
            )
    numbers = torch.as_tensor(weights)
    if numbers.dim() != 1 or not numbers.isfinite().all() or not numbers.any():
        raise InputError(
            "propagate: expected weights of layers 0 to K, finite and not all of them 0, got "
            f"{numbers.tolist()}; use mean_of_layers"
        )
