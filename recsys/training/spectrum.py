"""The leading singular vectors of the customer-product graph, on its own device."""

import torch
from torch import Tensor

from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.propagation import Pair

_OVERSAMPLING = 10


def singular_vectors(
    graph: BipartiteGraph, rank: int, generator: torch.Generator, iterations: int = 5
) -> tuple[Pair, Tensor]:
    """R = U diag(s) V', its `rank` largest singular values, by random projection.

    Halko, Martinsson and Tropp, Finding Structure with Randomness: Probabilistic Algorithms for
    Constructing Approximate Matrix Decompositions (2011), algorithm 4.4 and stage B by algorithm
    5.1. Every iteration is a product with each half of the graph; the error of a direction shrinks
    as (s_rank / s)^(2 x iterations + 1).

    Args:
        graph: R, [C, P].
        rank: from 1 to min(C, P).
        generator: on the CPU, so that all devices start from the same projection.
        iterations: of the power method.

    Returns:
        U [C, rank] and V [P, rank] with orthonormal columns, of the type of the graph, and
        s [rank] in descending order. Signs are arbitrary.
    """
    to_customers, to_products = graph.to_customers, graph.to_products
    width = min(rank + _OVERSAMPLING, *to_customers.shape)
    values = to_customers.values
    start = torch.randn(to_customers.width, width, generator=generator, dtype=values.dtype)
    with torch.inference_mode():
        basis = _orthonormal(to_customers @ start.to(values.device))
        for _ in range(iterations):
            basis = _orthonormal(to_customers @ _orthonormal(to_products @ basis))
        # The SVD of a small square matrix: LAPACK does the same, cuSOLVER is slow on a tall one.
        tall, square = torch.linalg.qr(to_products @ basis)
        left, singular, right = torch.linalg.svd(square)
        pair = basis @ right.mT[:, :rank], tall @ left[:, :rank]
    return (pair[0].clone(), pair[1].clone()), singular[:rank].clone()


def _orthonormal(vectors: Tensor) -> Tensor:
    basis: Tensor = torch.linalg.qr(vectors).Q
    return basis
