"""A LightGCN training step with our propagation and with two common alternatives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from scipy.sparse import coo_array, csr_array
from torch import Tensor

from benchmarks.suite import published, require_at_least, seconds_in_turn
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.split import GivenSplit
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.losses import bpr, pair_scores
from recsys.training.propagation import Pair, mean_of_layers, propagate

Propagation: TypeAlias = Callable[[Tensor, Tensor], Pair]

_L2 = 1e-4
_LEARNING_RATE = 0.001


class PropagationSuite:
    """One step: propagation, BPR with L2 on a batch, backward, Adam; three ways on the CPU.

    The ways share batch, loss and optimiser and differ in propagation alone: ours; one COO matrix
    with the built-in backward, as gusye1234/LightGCN-PyTorch has it; PyG's LGConv on an edge_index
    with ready-made weights.

    Args:
        root: folder of train.txt and test.txt.
        dim: length of the vectors.
        layers: of propagation; their mean is the output.
        batch_size: observed pairs a step, each with one random product.
        repeats: steps in turn; medians are reported.
    """

    def __init__(
        self,
        *,
        root: str,
        dim: int = 64,
        layers: int = 3,
        batch_size: int = 2_048,
        repeats: int = 3,
    ) -> None:
        require_at_least(1, dim=dim, layers=layers, batch_size=batch_size, repeats=repeats)
        self.source = published(root)
        self.dim, self.layers, self.batch_size = dim, layers, batch_size
        self.repeats = repeats

    def figures(self) -> Mapping[str, float]:
        """Keys of the graph's size, threads, [coo_, edge_index_]step_seconds and their ratios.

        `largest_output_difference` and `largest_gradient_difference` are between ours and either
        of the others, as shares of the largest entry.
        """
        data = build(self.source, check_tables(self.source.load()))
        past = GivenSplit().split(data, self.source).test.past
        matrix = normalise(interaction_matrix(past), 0.5, 0.5)
        batch = _random_batch(matrix, self.batch_size)
        ours, coo, edge_index = (
            _TrainingStep(way, batch, *_vectors(matrix.shape, self.dim))
            for way in (
                _ours(matrix, self.layers),
                _coo(matrix, self.layers),
                _edge_index(matrix, self.layers),
            )
        )
        # Before the timing: compares the first steps and warms up all three.
        output, gradient = (
            max(pair) for pair in zip(ours.compared(coo), ours.compared(edge_index), strict=True)
        )
        seconds = seconds_in_turn(self.repeats, ours.take, coo.take, edge_index.take)
        return {
            "customers": matrix.shape[0],
            "products": matrix.shape[1],
            "edges": matrix.nnz,
            "threads": torch.get_num_threads(),
            "step_seconds": seconds[0],
            "coo_step_seconds": seconds[1],
            "edge_index_step_seconds": seconds[2],
            "speedup_over_coo": seconds[1] / seconds[0],
            "speedup_over_edge_index": seconds[2] / seconds[0],
            "largest_output_difference": output,
            "largest_gradient_difference": gradient,
        }


@dataclass(frozen=True)
class _Batch:
    """Row numbers, [B] each."""

    customers: Tensor
    positives: Tensor
    negatives: Tensor


class _TrainingStep:
    def __init__(
        self, propagation: Propagation, batch: _Batch, customers: Tensor, products: Tensor
    ) -> None:
        self.propagation, self.batch = propagation, batch
        self.parameters = customers.requires_grad_(), products.requires_grad_()
        self.optimizer = torch.optim.Adam(self.parameters, lr=_LEARNING_RATE, fused=True)

    def take(self) -> None:
        self.optimizer.zero_grad()
        self.loss(self.propagation(*self.parameters)).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def loss(self, propagated: Pair) -> Tensor:
        """BPR of the propagated vectors, L2 of the ones below them, as in the paper's eq. 15."""
        customers, positives, negatives = self._rows(propagated)
        loss = bpr(pair_scores(customers, positives), pair_scores(customers, negatives)[:, None])
        squares = sum(rows.square().sum() for rows in self._rows(self.parameters))
        return loss + _L2 / 2 / len(customers) * squares

    def compared(self, other: "_TrainingStep") -> tuple[float, float]:
        """Largest differences of outputs and of gradients before any step is taken."""
        outputs, gradients = zip(self._first(), other._first(), strict=True)
        return _difference(*outputs), _difference(*gradients)

    def _first(self) -> tuple[Tensor, Tensor]:
        propagated = self.propagation(*self.parameters)
        gradient = torch.autograd.grad(self.loss(propagated), self.parameters)
        return torch.cat(propagated).detach(), torch.cat(gradient)

    def _rows(self, pair: Pair) -> tuple[Tensor, Tensor, Tensor]:
        customers, products = pair
        batch = self.batch
        return customers[batch.customers], products[batch.positives], products[batch.negatives]


def _ours(matrix: csr_array, layers: int) -> Propagation:
    graph, weights = BipartiteGraph.from_matrix(matrix), mean_of_layers(layers)
    return lambda customers, products: propagate(graph, customers, products, weights)


def _coo(matrix: csr_array, layers: int) -> Propagation:
    edges, values = _edges(matrix)
    nodes = sum(matrix.shape)
    adjacency = torch.sparse_coo_tensor(
        edges, values, (nodes, nodes), check_invariants=False
    ).coalesce()
    return _mean_of_layers(lambda nodes: torch.sparse.mm(adjacency, nodes), layers)


def _edge_index(matrix: csr_array, layers: int) -> Propagation:
    from torch_geometric.nn import LGConv

    edges, values = _edges(matrix)
    convolution = LGConv(normalize=False)
    return _mean_of_layers(lambda nodes: convolution(nodes, edges, values), layers)


def _mean_of_layers(layer: Callable[[Tensor], Tensor], layers: int) -> Propagation:
    def propagation(customers: Tensor, products: Tensor) -> Pair:
        nodes = [torch.cat([customers, products])]
        for _ in range(layers):
            nodes.append(layer(nodes[-1]))
        mean = torch.stack(nodes, dim=1).mean(dim=1)
        return mean[: len(customers)], mean[len(customers) :]

    return propagation


def _edges(matrix: csr_array) -> tuple[Tensor, Tensor]:
    """[2, 2 E] node numbers in both directions, customers first, and [2 E] weights."""
    edges = coo_array(matrix)
    pair = np.stack([edges.row, edges.col + matrix.shape[0]]).astype(np.int64)
    both = np.concatenate([pair, pair[::-1]], axis=1)
    return torch.from_numpy(both), torch.from_numpy(np.tile(edges.data, 2))


def _random_batch(matrix: csr_array, size: int) -> _Batch:
    generator = np.random.default_rng(0)
    edges = coo_array(matrix)
    taken = generator.integers(edges.nnz, size=size)
    return _Batch(
        torch.from_numpy(edges.row[taken].astype(np.int64)),
        torch.from_numpy(edges.col[taken].astype(np.int64)),
        torch.from_numpy(generator.integers(matrix.shape[1], size=size)),
    )


def _vectors(shape: tuple[int, int], dim: int) -> Pair:
    generator = torch.Generator().manual_seed(0)
    customers, products = (torch.randn(rows, dim, generator=generator) * 0.1 for rows in shape)
    return customers, products


def _difference(ours: Tensor, other: Tensor) -> float:
    return float((ours - other).abs().max() / other.abs().max())
