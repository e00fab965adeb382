"""Vectors of customers and products on the graph, and what a history of products says of one."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from recsys.arrays import FloatArray
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.loop import Network
from recsys.training.objectives import Batch, Objective
from recsys.training.processes import Processes
from recsys.training.propagation import Pair, propagate


class GraphVectors(Network):
    """One vector a customer and a product, and the graph that they are propagated over.

    Args:
        graph: see `BipartiteGraph`.
        objective: prepared.
        customers: [C, dim] initial vectors.
        products: [P, dim].
        l2: weight of half the squared norms of a pair's vectors.
    """

    def __init__(
        self,
        graph: BipartiteGraph,
        objective: Objective,
        customers: Tensor,
        products: Tensor,
        l2: float,
    ) -> None:
        super().__init__()
        self.graph, self.objective, self.l2 = graph, objective, l2
        self.customers, self.products = nn.Parameter(customers), nn.Parameter(products)
        self.examples = objective.examples

    @abstractmethod
    def propagated(self) -> Pair:
        """[C, dim] and [P, dim], as they are scored."""

    @abstractmethod
    def folding(self) -> FloatArray:
        """[P, dim] float32 rows that a customer's normalised events sum up to its vector."""

    def objective_loss(
        self, vectors: Pair, batch: Batch, processes: Processes, generator: torch.Generator
    ) -> Tensor:
        """This process's part of the objective with L2, see `Network.forward`."""
        own = processes.share(len(batch.customers))
        share = len(batch.of(own).rows) * processes.count / len(batch.rows)
        loss = share * self.objective.loss(*vectors, batch, own, generator)
        if not self.l2:
            return loss
        # In every process of the whole batch, so that the mean over processes is the same.
        owners = batch.customers[batch.rows]
        squares = (
            self.customers[owners].square().sum() + self.products[batch.products].square().sum()
        )
        return loss + self.l2 / 2 * squares / len(owners)

    def scored(self) -> tuple[FloatArray, FloatArray]:
        """[C, dim + 1] and [P, dim + 1] float32, whose inner products are the scores."""
        with torch.inference_mode():
            customers, products = self.objective.scored(*self.propagated())
        return customers.cpu().numpy(), products.cpu().numpy()


class LayeredVectors(GraphVectors):
    """Vectors that are a weighted sum of the layers of light propagation.

    Args:
        graph, objective, customers, products, l2: see `GraphVectors`.
        layer_weights: of layers 0 to K.
    """

    def __init__(
        self,
        graph: BipartiteGraph,
        objective: Objective,
        customers: Tensor,
        products: Tensor,
        l2: float,
        layer_weights: Sequence[float],
    ) -> None:
        super().__init__(graph, objective, customers, products, l2)
        self.layer_weights = layer_weights

    def propagated(self) -> Pair:
        """See `GraphVectors`."""
        return propagate(self.graph, self.customers, self.products, self.layer_weights)

    def folding(self) -> FloatArray:
        """See `GraphVectors`.

        Layer k of a customer is the sum over layer k - 1 of its products. Its own layer 0 is what
        the same sums foretell by least squares over all who have events.
        """
        with torch.inference_mode():
            pair: Pair = self.customers, self.products
            sides: list[Tensor] = []
            for _ in self.layer_weights[1:]:
                sides.append(pair[1])
                pair = self.graph.to_customers @ pair[1], self.graph.to_products @ pair[0]
            if not sides:
                return np.zeros(self.products.shape, np.float32)
            summed = sum(
                (weight * side for weight, side in zip(self.layer_weights[1:], sides, strict=True)),
                torch.zeros_like(self.products),
            )
            if self.layer_weights[0]:
                stacked = torch.cat(sides, dim=1)
                told = self.graph.to_customers @ stacked
                summed = summed + self.layer_weights[0] * forecast(stacked, told, self.customers)
        folding: FloatArray = summed.cpu().numpy()
        return folding


def forecast(rows: Tensor, told: Tensor, wanted: Tensor) -> Tensor:
    """[P, d] combinations of the rows [P, m] whose sums over a history come nearest to the wanted.

    Args:
        rows: [P, m] of products.
        told: [C, m] their sums over the histories of customers.
        wanted: [C, d]; least squares over all customers, with a ridge against rows that are alike.
    """
    sums = told.double()
    gram = sums.T @ sums
    gram.diagonal().add_(1e-6 * gram.trace() / len(gram))
    found: Tensor = rows @ torch.linalg.solve(gram, sums.T @ wanted.double()).to(rows.dtype)
    return found
