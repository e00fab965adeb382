"""LightGCN: vectors smoothed over the customer-product graph, and nothing else.

He, Deng, Wang, Li, Zhang and Wang, LightGCN: Simplifying and Powering Graph Convolution Network for
Recommendation (2020). Initial vectors E are the only parameters. A layer computes
`D^-1/2 A D^-1/2 E` with the symmetric graph A and its degrees D (equation 7). Scores are inner
products of the mean over layers 0 to K (equation 4, alpha_k = 1 / (K + 1)).

Deviations: any objective can be used. The paper has `BPR` with l2 = 1e-4, start = "random",
learning_rate = 0.001 and 1,000 epochs. The default here is an exact softmax over all products, for
all of a customer's products at once, which needs a fraction of the epochs; and vectors start from
the singular vectors of the graph. The README has figures for both.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from recsys.models.graph_network import GraphNetwork
from recsys.models.graph_vectors import GraphVectors, LayeredVectors
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.objectives import Objective
from recsys.training.processes import Processes
from recsys.training.propagation import mean_of_layers


@dataclass(kw_only=True, eq=False)
class LightGCN(GraphNetwork):
    """Light graph convolution on the customer-product graph.

    Settings are those of `recsys.models.graph_network.GraphNetwork` (the network) and
    `recsys.training.settings.Training` (epochs, batches, learning rate), given as keywords.
    """

    can_shard: ClassVar[bool] = True

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> GraphVectors:
        """Builds the network from its initial vectors."""
        weights = mean_of_layers(self.layers)
        return _LightGCNNetwork(graph, objective, customers, products, self.l2, weights)


class _LightGCNNetwork(LayeredVectors):
    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        batch = self.objective.batch(examples)
        return self.objective_loss(self.propagated(), batch, processes, generator)
