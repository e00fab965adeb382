"""UltraGCN: vectors trained as if layers of propagation had converged, without propagation.

Mao, Zhu, Xiao, Lu, Wang and He, UltraGCN: Ultra Simplification of Graph Convolutional Networks for
Recommendation (2021). What infinitely many layers would do is left to the loss,

    L = L_O + lambda L_C + gamma L_I    (equation 13).

L_O and L_C are the cross-entropy of observed pairs and of negatives, plain and weighted by degrees:
the objective `recsys.training.objectives.Logistic`. L_I draws a customer to the products i' that
are bought with its product i,

    L_I = -sum_(c,i) sum_(i' near i) w_ii' log sigmoid(x_c . y_i'),
    w_ii' = G_ii' / (g_i - G_ii) sqrt(g_i / g_i')    (equation 10),

for G = A'A of the pairs A, its row sums g, and the K products i' with the largest w_ii'.

Deviations: any objective can be used; negatives are drawn for a batch (see `Logistic`); vectors
start from the singular vectors of the graph, and batches are customers with all their products. The
paper has start = "random", learning_rate = 0.0001 and hundreds of epochs. `layers` of propagation
may be added; the paper has none.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn.functional import softplus

from recsys.graph.bipartite import binary
from recsys.models.base import require_range
from recsys.models.graph_network import GraphNetwork
from recsys.models.graph_vectors import GraphVectors, LayeredVectors
from recsys.models.neighbours import nearest, row_blocks
from recsys.ops.csr import entry_rows
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.losses import pair_scores
from recsys.training.objectives import Batch, Logistic, Objective
from recsys.training.processes import Processes
from recsys.training.propagation import Pair, mean_of_layers


@dataclass(kw_only=True, eq=False)
class UltraGCN(GraphNetwork):
    """Customer and product vectors, constrained by degrees and by near products.

    Further settings are those of `recsys.models.graph_network.GraphNetwork` (the network) and
    `recsys.training.settings.Training` (epochs, batches, learning rate), given as keywords.

    Attributes:
        neighbours: near products of each product, K.
        neighbour_weight: weight of the loss on them, gamma.
    """

    can_shard: ClassVar[bool] = True

    layers: int = 0
    objective: Objective = field(default_factory=Logistic)
    batch_size: int = 256
    learning_rate: float = 0.01
    neighbours: int = 10
    neighbour_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("neighbours", self.neighbours, 1)
        require_range("neighbour_weight", self.neighbour_weight, 0)

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> GraphVectors:
        """Builds the network from its initial vectors."""
        near = near_products(self._counted, self.neighbours)
        return _UltraGCNNetwork(graph, objective, customers, products, self, near)


class _UltraGCNNetwork(LayeredVectors):
    def __init__(
        self,
        graph: BipartiteGraph,
        objective: Objective,
        customers: Tensor,
        products: Tensor,
        settings: UltraGCN,
        near: csr_array,
    ) -> None:
        weights = mean_of_layers(settings.layers)
        super().__init__(graph, objective, customers, products, settings.l2, weights)
        self.neighbour_weight = settings.neighbour_weight
        # [P, K] row numbers and weights; a product with fewer has weights of 0.
        position = np.arange(near.nnz) - near.indptr[entry_rows(near.indptr)]
        shape = near.shape[0], max(int(np.diff(near.indptr).max(initial=0)), 1)
        self.near = torch.zeros(shape, dtype=torch.int64)
        self.strength = torch.zeros(shape)
        where = torch.from_numpy(entry_rows(near.indptr)), torch.from_numpy(position)
        self.near[where] = torch.from_numpy(near.indices.astype(np.int64))
        self.strength[where] = torch.from_numpy(near.data)
        device = customers.device
        self.near, self.strength = self.near.to(device), self.strength.to(device)

    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        batch, vectors = self.objective.batch(examples), self.propagated()
        loss = self.objective_loss(vectors, batch, processes, generator)
        if not self.neighbour_weight:
            return loss
        return loss + self.neighbour_weight * self._near_loss(vectors, batch)

    def _near_loss(self, vectors: Pair, batch: Batch) -> Tensor:
        """L_I over the pairs of the batch; the mean, where the paper has the sum."""
        # Every process takes the whole batch, so that the mean over processes is the same.
        customers, products = self.tables(vectors)
        owners = customers[batch.customers[batch.rows]]
        scores = pair_scores(owners, products[self.near[batch.products]]).float()
        total = (self.strength[batch.products] * softplus(-scores)).sum()
        return total / max(len(batch.rows), 1)


def near_products(pairs: csr_array, neighbours: int) -> csr_array:
    """[P, P] float32 CSR, row i holding the largest w_ii' of product i.

    Args:
        pairs: [C, P], an entry of any value for a customer who has a product.
        neighbours: most entries of a row; ties go to the lower row number.
    """
    by_customer = binary(pairs).astype(np.float64)
    by_product = by_customer.T.tocsr()
    own = by_product.sum(axis=1)
    total = by_product @ by_customer.sum(axis=1)
    others = np.where(total > own, total - own, np.inf)
    safe = np.where(total > 0, total, 1)

    def weights(rows: slice) -> csr_array:
        block: csr_array = (by_product[rows] @ by_customer).tocsr()
        of_row = (np.sqrt(total) / others)[rows][entry_rows(block.indptr)]
        block.data *= of_row / np.sqrt(safe[block.indices])
        return block

    return nearest(weights, row_blocks(by_product, by_customer), neighbours)
