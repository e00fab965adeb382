"""The network of customer, product and touchpoint vectors, and its loss."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recsys.arrays import FloatArray
from recsys.models.graph_vectors import GraphVectors, forecast
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.context_targets import ContextTargets, ContextTargetsBatch
from recsys.training.losses import softmax_over_all, unit
from recsys.training.objectives import Softmax
from recsys.training.processes import ALONE, Processes
from recsys.training.propagation import Pair
from recsys.training.relations import Nodes, Relations
from recsys.training.shards import Shard, Table, replicated, table, whole

Tables = Mapping[str, Table]
"""Side -> [n, dim], of all processes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkInputs:
    """The data that the network is trained on, on its device.

    Where several processes hold parts, C, P, N, S and n of vectors and features are those of this
    process; targets, counts, contexts and the calendar are of all.

    Attributes:
        relations: the graphs and weights of actions that vectors are propagated by.
        shards: side -> its nodes that this process holds.
        features: side -> [n, f]; sides without features are absent.
        known: [C] and [P] bool, which customers and products have events; only they have a vector
            of their own.
        active: [A] int64 row numbers of the customers with targets.
        product_targets: the products of a customer, each in an event context or in none.
        touchpoint_targets: the touchpoint nodes of a customer, each with a product or with none.
        touchpoint_counts: [N] weight of the events at each touchpoint node.
        contexts: [K, 1 + m] int64, the `members` of `EventContexts`.
        context_value_count: V, number of context values.
        history: graph of the normalised, decayed history that customers are folded in by.
        calendar: [P] effect of planned offers on the logits, see `calendar_lift`; empty for none.
    """

    relations: Relations
    shards: Mapping[str, Shard]
    features: Nodes
    known: Pair
    active: Tensor
    product_targets: ContextTargets
    touchpoint_targets: ContextTargets
    touchpoint_counts: Tensor
    contexts: Tensor
    context_value_count: int
    history: BipartiteGraph
    calendar: Tensor


class TouchpointVectors(GraphVectors):
    """The network of `TouchpointGNN`.

    Args:
        inputs: the data that the network is trained on.
        graph, objective, customers, products, l2: as for `GraphVectors`.
        touchpoints: [N, dim] initial vectors.
        layers: number of layers of propagation.
        touchpoint_loss: weight of the loss over touchpoints.
    """

    objective: Softmax
    sharded = frozenset({"customers", "products", "touchpoints", "signals"})

    def __init__(
        self,
        inputs: NetworkInputs,
        graph: BipartiteGraph,
        objective: Softmax,
        customers: Tensor,
        products: Tensor,
        touchpoints: Tensor,
        *,
        l2: float,
        layers: int,
        touchpoint_loss: float,
    ) -> None:
        super().__init__(graph, objective, customers, products, l2)
        self.inputs, self.layers, self.touchpoint_loss = inputs, layers, touchpoint_loss
        self.relations = inputs.relations
        # Processes that train together wait for the gradient of every trainable parameter.
        self.touchpoints = nn.Parameter(touchpoints, requires_grad=len(touchpoints) > 0)
        # Vectors [V, dim] of context values start from zero, so that they change nothing at first.
        values = touchpoints.new_zeros(inputs.context_value_count, touchpoints.shape[1])
        self.contexts = nn.Parameter(values, requires_grad=inputs.context_value_count > 0)
        # As do those [S, dim] of signals, which learn what customers with a signal have in common.
        own = inputs.shards["signals"].own
        shown = touchpoints.new_zeros(own.stop - own.start, touchpoints.shape[1])
        self.signals = nn.Parameter(shown, requires_grad=len(shown) > 0 and layers > 0)
        self.examples = len(inputs.active)
        self.of_features = nn.ParameterDict()
        for side, features in inputs.features.items():
            vectors = self.customers if side == "customers" else self.products
            self.of_features[side] = nn.Parameter(explained(vectors.data, features, self.holders))

    def nodes(self) -> Nodes:
        """Vectors [n, dim] of each side after propagation."""
        return self.relations.mean_of_layers(self._start(), self.layers)

    def _start(self) -> Nodes:
        known_customers, known_products = self.inputs.known
        nodes: Nodes = {
            "customers": self.customers * known_customers[:, None],
            "products": self.products * known_products[:, None],
            "touchpoints": self.touchpoints,
            "signals": self.signals,
        }
        for side, weights in self.of_features.items():
            of_all = replicated(weights, self.holders)
            nodes[side] = nodes[side] + self.inputs.features[side] @ of_all
        return nodes

    def propagated(self) -> Pair:
        """Vectors [C, dim] and [P, dim] after propagation."""
        nodes = self.nodes()
        return nodes["customers"], nodes["products"]

    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        """This process's part of the loss of a batch, as `Network.forward` returns it."""
        nodes = {
            side: table(unit(vectors), self.inputs.shards[side])
            for side, vectors in self.nodes().items()
        }
        nodes["contexts"] = self._context_vectors(nodes["touchpoints"])
        customers = self.inputs.active[examples]
        loss = self._loss(
            nodes, self.inputs.product_targets, customers, processes, "contexts", "products",
            self.objective.bias / self.objective.temperature,
        )  # fmt: skip
        if self.touchpoint_loss and len(nodes["touchpoints"]):
            loss = loss + self.touchpoint_loss * self._loss(
                nodes, self.inputs.touchpoint_targets, customers, processes, "products",
                "touchpoints", self.touchpoint_bias,
            )  # fmt: skip
        return loss + self.l2 * self._penalty(customers) if self.l2 else loss

    def _context_vectors(self, touchpoints: Table) -> Table:
        """[K, dim] vector of each event context: its touchpoint node plus its context values."""
        if self.inputs.contexts.shape[1] == 1:
            return touchpoints
        # Row -1, for unknown, is the zero row at the end.
        touchpoints = whole(touchpoints)
        node, values = self.inputs.contexts[:, 0], self.inputs.contexts[:, 1:]
        of_node, of_values = (
            nn.functional.pad(vectors, (0, 0, 0, 1)) for vectors in (touchpoints, self.contexts)
        )
        return of_node[node] + of_values[values].sum(dim=1)

    def _penalty(self, customers: Tensor) -> Tensor:
        """Half the mean squared norms of target pairs, over the whole batch in every process."""
        batch = self.inputs.product_targets.batch(customers)
        customers_table, products_table = self.tables((self.customers, self.products))
        squares = (
            customers_table[batch.customers[batch.rows]].square().sum()
            + products_table[batch.targets].square().sum()
        )
        return squares / 2 / max(len(batch.rows), 1)

    def _loss(
        self, nodes: Tables, targets: ContextTargets, customers: Tensor, processes: Processes,
        context: str, answer: str, bias: Tensor,
    ) -> Tensor:  # fmt: skip
        """This process's part of the mean over the targets of all these customers."""
        batch = targets.batch(customers[processes.share(len(customers))])
        share: Tensor | float = 1.0
        if processes.count > 1:
            total = targets.batch(customers).weights.sum()
            share = batch.weights.sum() * processes.count / torch.where(total > 0, total, 1)
        return share * softmax_over_all(
            query_vectors(nodes, batch, context),
            nodes[answer],
            batch.rows,
            batch.targets,
            temperature=self.objective.temperature,
            bias=bias,
            weights=batch.weights,
        )

    def folding(self) -> FloatArray:
        """Rows [P, dim] float32 whose sum over a history predicts a customer's unit vector.

        Coefficients are fitted by least squares over all customers.
        """
        with torch.inference_mode():
            nodes = self._start()
            sides = [nodes["products"]]
            for _ in range(self.layers):
                nodes = self.relations(nodes)
                sides.append(nodes["products"])
            rows = torch.cat(sides, dim=1)
            targets = unit(self.nodes()["customers"])
            sums = self.inputs.history.to_customers @ rows
            forecasts = forecast(rows, sums, targets, self.holders)
            forecasts = self.graph.products.gathered(forecasts)
        return forecasts.cpu().numpy()

    @property
    def touchpoint_bias(self) -> Tensor:
        """[N] bias of each touchpoint node: the logarithm of 1 + its events."""
        return self.inputs.touchpoint_counts.log1p()

    def with_biases(self, customers: Tensor, products: Tensor) -> Pair:
        """Vectors [C, dim + 2] and [P, dim + 2]; the last two columns hold the biases."""
        customers, products = super().with_biases(customers, products)
        ones, zeros = customers.new_ones(len(customers), 1), products.new_zeros(len(products), 1)
        if len(self.inputs.calendar):
            lift = self.objective.temperature * self.inputs.calendar
            products[:, -1] += lift.to(products.device)
        return torch.cat([customers, ones], dim=1), torch.cat([products, zeros], dim=1)

    def scored_contexts(self) -> FloatArray:
        """Vectors [V, dim + 2] float32 of context values; their columns of bias are 0."""
        with torch.inference_mode():
            vectors = nn.functional.pad(self.contexts, (0, 2))
        return vectors.cpu().numpy()

    def scored_touchpoints(self) -> FloatArray:
        """Vectors [N, dim + 2] float32 of touchpoint nodes."""
        with torch.inference_mode():
            touchpoints = unit(self.nodes()["touchpoints"])
            vectors = whole(table(touchpoints, self.inputs.shards["touchpoints"]))
            bias = self.objective.temperature * self.touchpoint_bias[:, None]
            vectors = torch.cat([vectors, torch.zeros_like(bias), bias], dim=1)
        return vectors.cpu().numpy()


def query_vectors(nodes: Tables, batch: ContextTargetsBatch, context: str) -> Tensor:
    """Vectors [Q, dim] of the queries of a batch.

    Args:
        nodes: vectors [n, dim] of each side.
        batch: Q queries, each a customer and maybe a context.
        context: side of the contexts; a query's vector is the customer's plus that of its context.
    """
    with_context = (batch.contexts >= 0).nonzero()[:, 0]
    vectors = nodes["customers"][batch.customers]
    return vectors.index_add(0, with_context, nodes[context][batch.contexts[with_context]])


def explained(
    vectors: Tensor, features: Tensor, processes: Processes = ALONE, ridge: float = 1.0
) -> Tensor:
    """Splits vectors into a ridge regression on features and residuals.

    The sum of both is as before, so that a new row starts from the vector its features predict.

    Args:
        vectors: [n, dim] of layer 0, replaced by the residuals in place; rows of zeros stay.
        features: [n, f].
        processes: that hold a part of the rows each.
        ridge: weight of squared coefficients, in rows.

    Returns:
        Coefficients [f, dim].
    """
    used = vectors.any(dim=1)
    known = features[used]
    gram = processes.total(known.T @ known)
    gram.diagonal().add_(ridge)
    right = processes.total(known.T @ vectors[used])
    coefficients: Tensor = torch.linalg.solve(gram, right)
    vectors[used] -= known @ coefficients
    return coefficients
