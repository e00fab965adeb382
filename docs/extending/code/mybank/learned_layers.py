"""LightGCN whose weights of layers are learned."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from recsys.arrays import FloatArray
from recsys.models.graph_network import GraphNetwork
from recsys.models.graph_vectors import GraphVectors, LayeredVectors
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.objectives import Objective
from recsys.training.processes import Processes
from recsys.training.propagation import Pair, mean_of_layers, propagate


@dataclass(kw_only=True, eq=False)
class LearnedLayers(GraphNetwork):
    """Settings as in `GraphNetwork` and `Training`."""

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> GraphVectors:
        """The network with these initial vectors [C, dim] and [P, dim]."""
        weights = mean_of_layers(self.layers)
        return _Network(graph, objective, customers, products, self.l2, weights)


class _Network(LayeredVectors):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.logits = nn.Parameter(self.customers.new_zeros(len(self.layer_weights)))

    def propagated(self) -> Pair:
        return propagate(self.graph, self.customers, self.products, self.logits.softmax(0))

    def folding(self) -> FloatArray:
        self.layer_weights = self.logits.softmax(0).tolist()
        return super().folding()

    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        batch = self.objective.batch(examples)
        return self.objective_loss(self.propagated(), batch, processes, generator)
