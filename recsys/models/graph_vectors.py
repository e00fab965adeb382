"""Networks of customer and product vectors on the graph, and how histories fold in."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recsys.arrays import FloatArray
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.loop import Network
from recsys.training.objectives import Batch, Objective
from recsys.training.processes import ALONE, Processes
from recsys.training.propagation import Pair, propagate
from recsys.training.shards import Table, table


class GraphVectors(Network):
    """A network with one vector per customer and per product, propagated over their graph.

    Where several processes share the graph, each holds the vectors of its own rows, C and P are
    their numbers, and the fitted arrays are gathered in the first process.

    Args:
        graph: the customer-product graph on the device.
        objective: prepared for the same device.
        customers: [C, dim] float32 initial vectors.
        products: [P, dim] float32 initial vectors.
        l2: weight of half the squared norms of a pair's vectors.
    """

    sharded = frozenset({"customers", "products"})

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
        self.holders = graph.processes

    @abstractmethod
    def propagated(self) -> Pair:
        """Vectors [C, dim] and [P, dim] after propagation, as scores use them."""

    @abstractmethod
    def folding(self) -> FloatArray:
        """Rows [P, dim] float32 whose sum over a customer's normalised events is its vector."""

    def objective_loss(
        self, vectors: Pair, batch: Batch, processes: Processes, generator: torch.Generator
    ) -> Tensor:
        """This process's part of the objective plus L2, as `Network.forward` returns it."""
        customers = processes.share(len(batch.customers))
        share = len(batch.of(customers).rows) * processes.count / len(batch.rows)
        loss = share * self.objective.loss(*self.tables(vectors), batch, customers, generator)
        if not self.l2:
            return loss
        # Every process takes the whole batch, so that the mean over processes is the same.
        owners = batch.customers[batch.rows]
        of_customers, of_products = self.tables((self.customers, self.products))
        squares = of_customers[owners].square().sum() + of_products[batch.products].square().sum()
        return loss + self.l2 / 2 * squares / len(owners)

    def tables(self, vectors: Pair) -> tuple[Table, Table]:
        """The vectors of all customers and products, from those that this process holds."""
        customers, products = vectors
        return table(customers, self.graph.customers), table(products, self.graph.products)

    def scored(self) -> tuple[FloatArray, FloatArray]:
        """Vectors [C, dim + 1] and [P, dim + 1] float32 whose inner products are the scores.

        Where several processes hold parts, all of them have to call it; the first gets all rows
        and the others none.
        """
        with torch.inference_mode():
            customers, products = self.propagated()
            pair = self.graph.customers.gathered(customers), self.graph.products.gathered(products)
            if self.holders.first:
                pair = self.with_biases(*pair)
        return pair[0].cpu().numpy(), pair[1].cpu().numpy()

    def with_biases(self, customers: Tensor, products: Tensor) -> Pair:
        """Vectors [C, dim + 1] and [P, dim + 1] as scores use them, from all propagated ones."""
        return self.objective.scored(customers, products)


class LayeredVectors(GraphVectors):
    """A network whose vectors are a weighted sum of the layers of light propagation.

    Args:
        graph, objective, customers, products, l2: as for `GraphVectors`.
        layer_weights: weights of layers 0 to K.
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
        """Vectors [C, dim] and [P, dim]: the weighted sum of the layers."""
        return propagate(self.graph, self.customers, self.products, self.layer_weights)

    def folding(self) -> FloatArray:
        """Rows [P, dim] float32 whose sum over a customer's normalised events is its vector.

        Layer k of a customer is the sum over layer k - 1 of its products. Layer 0 is a parameter of
        the customer, and is predicted from the same sums, or from those of the products' own
        parameters if there is no layer, by least squares over all customers.
        """
        with torch.inference_mode():
            pair: Pair = self.customers, self.products
            sides = [pair[1]]
            for _ in self.layer_weights[2:]:
                pair = self.graph.to_customers @ pair[1], self.graph.to_products @ pair[0]
                sides.append(pair[1])
            summed = sum(
                (
                    weight * side
                    for weight, side in zip(self.layer_weights[1:], sides, strict=False)
                ),
                torch.zeros_like(self.products),
            )
            if self.layer_weights[0]:
                stacked = torch.cat(sides, dim=1)
                sums = self.graph.to_customers @ stacked
                summed = summed + self.layer_weights[0] * forecast(
                    stacked, sums, self.customers, self.holders
                )
            summed = self.graph.products.gathered(summed)
        rows: FloatArray = summed.cpu().numpy()
        return rows


def forecast(rows: Tensor, sums: Tensor, targets: Tensor, processes: Processes = ALONE) -> Tensor:
    """Combinations [P, d] of product rows whose sums over histories come closest to the targets.

    Least squares over all customers, with a small ridge against collinear rows.

    Args:
        rows: [P, m] of products.
        sums: [C, m] sums of the rows over the customers' histories.
        targets: [C, d].
        processes: that hold a part of the customers and products each.
    """
    exact = sums.double()
    gram = processes.total(exact.T @ exact)
    gram.diagonal().add_(1e-6 * gram.trace() / len(gram))
    coefficients: Tensor = torch.linalg.solve(gram, processes.total(exact.T @ targets.double()))
    return rows @ coefficients.to(rows.dtype)
