"""Alternating least squares by conjugate gradients, on any device of PyTorch.

The steps are those of `implicit` on the CPU, from the same initial vectors, so that both give the
same vectors up to rounding.
"""

from collections.abc import Callable

import torch
from scipy.sparse import csr_array

from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.exact_least_squares import solved
from recsys.training.initial_vectors import initial_vectors
from recsys.training.least_squares import improved
from recsys.training.propagation import Pair
from recsys.training.row_systems import Entries


def alternate(
    confidence: csr_array,
    *,
    dim: int,
    epochs: int,
    l2: float,
    seed: int,
    device: torch.device | str,
    after: Callable[[int, Pair], None] | None = None,
) -> Pair:
    """Vectors of customers and products after some alternations, customers solved exactly at last.

    Args:
        confidence: [C, P] float32, entries of at least 1.
        dim: length of the vectors.
        epochs: number of alternations.
        l2: weight of the squared norms.
        seed: of the initial vectors.
        device: where all is computed.
        after: called after each epoch, from 1, with the current vectors.

    Returns:
        Customers [C, dim] and products [P, dim] float32 on the device.

    Raises:
        numpy.linalg.LinAlgError: `l2` is too small to solve for these confidences.
        torch.OutOfMemoryError: the memory of the device is too small.
    """
    customers, products = (
        torch.from_numpy(vectors).to(device)
        for vectors in initial_vectors(confidence.shape, dim, seed)
    )
    graph = BipartiteGraph.from_matrix(confidence, device)
    for epoch in range(1, epochs + 1):
        customers = improved(graph.to_customers, customers, products, l2)
        products = improved(graph.to_products, products, customers, l2)
        if after is not None:
            after(epoch, (customers, products))
    return solved(Entries.of(confidence, torch, device), products, l2, torch), products
