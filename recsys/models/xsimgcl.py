"""XSimGCL: LightGCN with noise in its layers and a contrastive loss between two of them.

Yu, Xia, Chen, Cui, Hung and Yin, XSimGCL: Towards Extremely Simple Graph Contrastive Learning for
Recommendation (2023). Every layer adds to each propagated vector e a random vector of length
`noise` in the orthant of e, `noise * sign(e) * u / |u|` with u uniform on [0, 1). Scores use the
mean of layers 1 to K, without noise. One pass yields both views of a node: its final vector and its
vector after layer `contrast_layer`. The loss is that of the objective plus `contrast` x InfoNCE
between the views, of the batch's customers and products (equation 11).

Deviations: objective and start can be set, as in LightGCN (the paper: `BPR` with l2 = 1e-4, start =
"random", learning_rate = 0.001, batch_size = 2048). InfoNCE takes at most `nodes` customers and as
many products of a batch, drawn at random, because a batch of customers with all their products
contains nearly the whole catalogue.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from recsys.errors import InputError
from recsys.models.base import require_range
from recsys.models.graph_network import GraphNetwork
from recsys.models.graph_vectors import GraphVectors, LayeredVectors
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.losses import info_nce
from recsys.training.objectives import Batch, Objective
from recsys.training.processes import Processes
from recsys.training.propagation import Pair, propagate
from recsys.training.shards import Shard

_ONE_LAYER = (0.0, 1.0)


@dataclass(kw_only=True, eq=False)
class XSimGCL(GraphNetwork):
    """Contrastive graph convolution on the customer-product graph.

    Further settings are those of `recsys.models.graph_network.GraphNetwork` (the network) and
    `recsys.training.settings.Training` (epochs, batches, learning rate), given as keywords.

    Attributes:
        noise: length of the random vectors (epsilon in the paper).
        contrast: weight of InfoNCE (lambda).
        contrast_temperature: temperature of InfoNCE (tau).
        contrast_layer: layer that is contrasted with the final vectors (l*), from 1 to layers.
        nodes: largest number of customers, and of products, per batch in InfoNCE.
    """

    can_shard: ClassVar[bool] = True

    noise: float = 0.1
    contrast: float = 0.1
    contrast_temperature: float = 0.2
    contrast_layer: int = 1
    nodes: int = 1024

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("layers", self.layers, 1, 16)
        require_range("noise", self.noise, 0)
        require_range("contrast", self.contrast, 0)
        require_range("contrast_temperature", self.contrast_temperature, 0, open_low=True)
        require_range("nodes", self.nodes, 1)
        if not 1 <= self.contrast_layer <= self.layers:
            raise InputError(
                f"model.contrast_layer: expected 1 to model.layers={self.layers}, got "
                f"{self.contrast_layer}"
            )

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> GraphVectors:
        """Builds the network from its initial vectors."""
        return _XSimGCLNetwork(graph, objective, customers, products, self)


class _XSimGCLNetwork(LayeredVectors):
    def __init__(
        self,
        graph: BipartiteGraph,
        objective: Objective,
        customers: Tensor,
        products: Tensor,
        settings: XSimGCL,
    ) -> None:
        weights = [0.0] + [1 / settings.layers] * settings.layers
        super().__init__(graph, objective, customers, products, settings.l2, weights)
        self.settings = settings

    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        batch = self.objective.batch(examples)
        layers = self._noisy_layers(generator)
        customers, products = (torch.stack(side).mean(dim=0) for side in zip(*layers, strict=True))
        loss = self.objective_loss((customers, products), batch, processes, generator)
        if not self.settings.contrast:
            return loss
        # Every process takes the whole batch, so that the mean over processes is the same.
        contrasted = layers[self.settings.contrast_layer - 1]
        views = zip(self.tables((customers, products)), self.tables(contrasted), strict=True)
        nodes = self._contrasted(batch, generator)
        return loss + self.settings.contrast * sum(
            info_nce(final[rows], other[rows], temperature=self.settings.contrast_temperature)
            for (final, other), rows in zip(views, nodes, strict=True)
        )

    def _noisy_layers(self, generator: torch.Generator) -> list[Pair]:
        """Customers and products after each layer."""
        pair: Pair = self.customers, self.products
        layers = []
        for _ in range(self.settings.layers):
            customers, products = propagate(self.graph, *pair, _ONE_LAYER)
            pair = (
                self._noisy(customers, self.graph.customers, generator),
                self._noisy(products, self.graph.products, generator),
            )
            layers.append(pair)
        return layers

    def _noisy(self, vectors: Tensor, shard: Shard, generator: torch.Generator) -> Tensor:
        random = shard.drawn(
            lambda rows: torch.rand(
                rows, vectors.shape[1], generator=generator, device=vectors.device,
                dtype=vectors.dtype,
            )
        )  # fmt: skip
        return vectors + self.settings.noise * vectors.detach().sign() * normalize(random)

    def _contrasted(self, batch: Batch, generator: torch.Generator) -> list[Tensor]:
        """Distinct customers and products of a batch as row numbers, at most `nodes` of each."""
        sampled = []
        for rows in (batch.customers, batch.products):
            distinct: Tensor = rows.unique()  # type: ignore[no-untyped-call]
            order = torch.randperm(len(distinct), generator=generator, device=rows.device)
            sampled.append(distinct[order[: self.settings.nodes]])
        return sampled
