"""LightGCN: vectors smoothed over the customer-product graph, and nothing else.

He, Deng, Wang, Li, Zhang and Wang, LightGCN: Simplifying and Powering Graph Convolution Network for
Recommendation (2020). From initial vectors E, the only parameters, a layer takes
`D^-1/2 A D^-1/2 E` of the symmetric graph A with degrees D (equation 7), and the vectors that are
scored are the mean over layers 0 to K (equation 4, alpha_k = 1 / (K + 1)).

Deviations: the objective is free (the paper: `BPR` with l2 = 1e-4, start = random, learning_rate =
0.001, 1,000 epochs). The default is a softmax over all products, whose exact gradient a step gets
for all of a customer's products at once; it needs a fraction of the epochs. Vectors start from the
singular vectors of the graph. Both are measured in the README.
"""

from dataclasses import dataclass

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
    """Light graph convolution; settings as in `GraphNetwork` and `Training`."""

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> GraphVectors:
        """See `GraphNetwork`."""
        weights = mean_of_layers(self.layers)
        return _LightGCNNetwork(graph, objective, customers, products, self.l2, weights)


class _LightGCNNetwork(LayeredVectors):
    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        batch = self.objective.batch(examples)
        return self.objective_loss(self.propagated(), batch, processes, generator)
