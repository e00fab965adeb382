"""SimpleX: a customer's vector with the vectors of what the customer had, and a contrastive loss.

Mao, Zhu, Wang, Dai, Dong, Xiao and He, SimpleX: A Simple and Strong Baseline for Collaborative
Filtering (2021). A customer c with the products N(c) is ranked for by the cosine of a product with

    h_c = g x_c + (1 - g) V p_c    (equation 3),

where p_c pools the vectors y_j of N(c), by their mean or by self-attention,

    p_c = sum_j a_j y_j / sum_j a_j,  a_j = exp(q . tanh(W y_j + b))    (equations 4 and 5).

Trained by the cosine contrastive loss, `recsys.training.losses.cosine_contrastive`. Without history
(`history_weight=0`) this is the paper's MF-CCL.

Deviations: any objective can be used, and negatives are drawn for a batch (objective
`SharedCosineContrastive`; `CosineContrastive` draws them for each pair, as the paper); the mean and
the sums count a product as often as the customer's events weigh, and all of them, where the paper
cuts long histories; vectors start from the singular vectors of the graph and V from the identity.
`layers` of propagation may be added; the paper has none.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.graph.bipartite import normalise
from recsys.models.base import FoldIn, require_range
from recsys.models.graph_network import GraphNetwork
from recsys.models.graph_vectors import GraphVectors, LayeredVectors, forecast
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.objectives import Objective, SharedCosineContrastive
from recsys.training.processes import Processes
from recsys.training.propagation import Pair, mean_of_layers, propagate
from recsys.training.shards import replicated
from recsys.training.shards.graph import shared_graph

_ONE_LAYER = (0.0, 1.0)


@dataclass(kw_only=True, eq=False)
class SimpleX(GraphNetwork):
    """Customer vectors with a pooled history, by cosine.

    Further settings are those of `recsys.models.graph_network.GraphNetwork` (the network) and
    `recsys.training.settings.Training` (epochs, batches, learning rate), given as keywords.

    Attributes:
        history_weight: 1 - g, share of the pooled history in a customer's vector.
        pooling: "mean", or "attention" for products weighted by what their vectors say.
    """

    can_shard: ClassVar[bool] = True

    layers: int = 0
    objective: Objective = field(default_factory=SharedCosineContrastive)
    learning_rate: float = 0.005
    history_weight: float = 0.5
    pooling: Literal["mean", "attention"] = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("history_weight", self.history_weight, 0, 1)
        if self.pooling not in ("mean", "attention"):
            raise InputError(f"model.pooling: expected mean or attention, got {self.pooling!r}")

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> GraphVectors:
        """Builds the network from its initial vectors."""
        means = normalise(self._counted, 1.0, 0.0)
        histories = shared_graph(means, customers.device, graph.processes)
        return _SimpleXNetwork(graph, objective, customers, products, self, histories)

    def fold_in(self) -> FoldIn | None:
        """How events become a customer vector; exact if history_weight is 1."""
        return FoldIn(
            history=normalise(self._counted, 1.0, 0.0),
            products=self._folding,
            exponent=1.0,
            unit=self.objective.cosine,
        )


class _SimpleXNetwork(LayeredVectors):
    def __init__(
        self,
        graph: BipartiteGraph,
        objective: Objective,
        customers: Tensor,
        products: Tensor,
        settings: SimpleX,
        histories: BipartiteGraph,
    ) -> None:
        weights = mean_of_layers(settings.layers)
        super().__init__(graph, objective, customers, products, settings.l2, weights)
        self.histories, self.share = histories, settings.history_weight
        dim, device = settings.dim, customers.device
        self.of_history = nn.Parameter(torch.eye(dim, device=device))
        self.attention: nn.ParameterList | None = None
        if settings.pooling == "attention":
            # All products count alike at first, because q is 0.
            shapes = torch.eye(dim), torch.zeros(dim), torch.zeros(dim)
            self.attention = nn.ParameterList([part.to(device) for part in shapes])

    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        batch = self.objective.batch(examples)
        return self.objective_loss(self.propagated(), batch, processes, generator)

    def propagated(self) -> Pair:
        """Vectors [C, dim] h and [P, dim]."""
        customers, products = super().propagated()
        sums, weights = self._pooled(self._weighted(products))
        pooled = sums / torch.where(weights > 0, weights, 1)
        projection = replicated(self.of_history, self.holders)
        return (1 - self.share) * customers + self.share * (pooled @ projection).float(), products

    def _weighted(self, products: Tensor) -> Tensor:
        """[P, dim + 1] a_j y_j and a_j."""
        if self.attention is None:
            return torch.cat([products, products.new_ones(len(products), 1)], dim=1)
        matrix, shift, query = (replicated(part, self.holders) for part in self.attention)
        weights = (torch.tanh(products @ matrix.T + shift) @ query).float().exp()[:, None]
        return torch.cat([weights * products, weights], dim=1)

    def _pooled(self, weighted: Tensor) -> Pair:
        """Sums over each customer's history, [C, dim] of vectors and [C, 1] of their weights."""
        nothing = weighted.new_zeros(len(self.customers), weighted.shape[1])
        sums, _ = propagate(self.histories, nothing, weighted, _ONE_LAYER)
        return sums[:, :-1], sums[:, -1:]

    def folding(self) -> FloatArray:
        """Rows [P, dim] float32 whose mean over a customer's events is its vector, up to a factor.

        The customer's own vector is predicted from the same sums, as in `LayeredVectors.folding`.
        With attention the factor is the mean of the weights a_j.
        """
        with torch.inference_mode():
            customers, products = super().propagated()
            weighted = self._weighted(products)
            sums, weights = self._pooled(weighted)
            rows = weighted[:, :-1]
            folded = self.share * (rows @ self.of_history)
            if self.share < 1:
                own = forecast(rows, sums, customers * weights, self.holders)
                folded = folded + (1 - self.share) * own
            folded = self.graph.products.gathered(folded)
        array: FloatArray = folded.cpu().numpy()
        return array
