"""The leading singular vectors of the customer-product graph, on its own device."""

import torch
from torch import Tensor

from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.propagation import Pair
from recsys.training.shards import Shard, ShardedRows

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
        s [rank] in descending order. Signs are arbitrary. Where several processes share the graph,
        U and V have the rows of this one.
    """
    to_customers, to_products = graph.to_customers, graph.to_products
    width = min(rank + _OVERSAMPLING, graph.customers.size, graph.products.size)
    values = to_customers.values
    start = graph.products.drawn(
        lambda rows: torch.randn(rows, width, generator=generator, dtype=values.dtype)
    )
    with torch.inference_mode():
        basis = _orthonormal(to_customers @ start.to(values.device), graph.customers)
        for _ in range(iterations):
            of_products = _orthonormal(to_products @ basis, graph.products)
            basis = _orthonormal(to_customers @ of_products, graph.customers)
        # The SVD of a small square matrix: LAPACK does the same, cuSOLVER is slow on a tall one.
        tall, square = _qr(to_products @ basis, graph.products)
        left, singular, right = torch.linalg.svd(square)
        pair = basis @ right.mT[:, :rank], tall @ left[:, :rank]
    return (pair[0].clone(), pair[1].clone()), singular[:rank].clone()


def _orthonormal(vectors: Tensor, rows: Shard) -> Tensor:
    return _qr(vectors, rows)[0]


def _qr(vectors: Tensor, rows: Shard) -> Pair:
    """Q and R of a tall matrix whose rows may lie in several processes: Q's rows of this one.

    Demmel, Grigori, Hoemmen and Langou, Communication-optimal Parallel and Sequential QR and LU
    Factorizations (2012), TSQR with one level: each process factors its rows, then all of them the
    stacked triangles. Signs are those of one process, see `_signs`.
    """
    basis, triangle = torch.linalg.qr(vectors)
    processes = rows.processes
    if processes.count == 1:
        return basis, triangle
    held, width = len(triangle), vectors.shape[1]
    # Fewer rows than columns make a lower triangle; zeros give all the same shape.
    padded = torch.cat([triangle, triangle.new_zeros(width - held, width)])
    top, square = torch.linalg.qr(processes.stacked(padded).flatten(0, 1))
    start = processes.rank * width
    basis = basis @ top[start : start + held]
    positive = torch.where(square.diagonal() < 0, -1.0, 1.0).to(square)
    basis, square = basis * positive, positive[:, None] * square
    first = ShardedRows(basis, rows)[torch.arange(width, device=basis.device)]
    signs = _signs(first)
    return basis * signs, signs[:, None] * square


def _signs(first: Tensor) -> Tensor:
    """[k] signs of R's diagonal in LAPACK, by the first k rows [k, k] of Q where R's is positive.

    Ballard, Demmel, Grigori, Jacquelin, Nguyen and Solomonik, Reconstructing Householder Vectors
    from Tall-Skinny QR (2014): each reflection takes the sign that cancels nothing.
    """
    left, signs = first.cpu().clone(), torch.ones(len(first), dtype=first.dtype)
    for column in range(len(left)):
        signs[column] = -1.0 if left[column, column] >= 0 else 1.0
        left[column, column] -= signs[column]
        below = left[column + 1 :, column] / left[column, column]
        left[column + 1 :, column + 1 :] -= below[:, None] * left[column, column + 1 :]
    return signs.to(first.device)
