"""Vectors of customers, products and touchpoints, and their loss."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recsys.arrays import FloatArray
from recsys.models.graph_vectors import GraphVectors, forecast
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.context_targets import ContextTargets, ContextTargetsBatch
from recsys.training.losses import softmax_over_all, unit
from recsys.training.objectives import Softmax
from recsys.training.processes import Processes
from recsys.training.propagation import Pair
from recsys.training.relations import Nodes, Relations


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkInputs:
    """What the network is about, on its device.

    Attributes:
        relations: see `Relations`.
        features: side -> [n, f]; sides without any are absent.
        known: [C + P] bool as a pair, who has events: only they have a vector of their own.
        active: [A] int64 row numbers of the customers who are learnt from.
        products_asked: which products a customer took, in the context of a place.
        touchpoints_asked: which touchpoint nodes, in the context of a product.
        touchpoint_counts: [N] weight of the events at each touchpoint node.
        places: [K, 1 + m] int64, see `EventContexts.members`.
        contexts: number of context values.
        history: customers and products, normalised and decayed, as fresh events will be.
        calendar: [P] what planned offers add to the logits, see `calendar_lift`; empty for nothing.
    """

    relations: Relations
    features: Nodes
    known: Pair
    active: Tensor
    products_asked: ContextTargets
    touchpoints_asked: ContextTargets
    touchpoint_counts: Tensor
    places: Tensor
    contexts: int
    history: BipartiteGraph
    calendar: Tensor


class TouchpointVectors(GraphVectors):
    """The network; see `TouchpointGNN`.

    Args:
        world: see `NetworkInputs`.
        graph, objective, customers, products, l2: see `GraphVectors`.
        touchpoints: [N, dim] initial vectors.
        layers: of propagation.
        touchpoint_loss: weight of the loss over touchpoints.
    """

    objective: Softmax

    def __init__(
        self,
        world: NetworkInputs,
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
        self.world, self.layers, self.touchpoint_loss = world, layers, touchpoint_loss
        self.relations = world.relations
        # Processes that train together wait for the gradient of all that asks for one.
        self.touchpoints = nn.Parameter(touchpoints, requires_grad=len(touchpoints) > 0)
        # From zero: a circumstance changes nothing until it is seen to.
        values = touchpoints.new_zeros(world.contexts, touchpoints.shape[1])
        self.contexts = nn.Parameter(values, requires_grad=world.contexts > 0)
        self.examples = len(world.active)
        self.of_features = nn.ParameterDict()
        for side, features in world.features.items():
            own = self.customers if side == "customers" else self.products
            self.of_features[side] = nn.Parameter(explained(own.data, features))

    def nodes(self) -> Nodes:
        """Side -> [n, dim] after propagation."""
        return self.relations.mean_of_layers(self._start(), self.layers)

    def _start(self) -> Nodes:
        known_customers, known_products = self.world.known
        nodes: Nodes = {
            "customers": self.customers * known_customers[:, None],
            "products": self.products * known_products[:, None],
            "touchpoints": self.touchpoints,
        }
        for side, weights in self.of_features.items():
            nodes[side] = nodes[side] + self.world.features[side] @ weights
        return nodes

    def propagated(self) -> Pair:
        """See `GraphVectors`."""
        nodes = self.nodes()
        return nodes["customers"], nodes["products"]

    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        """See `Network`."""
        nodes = {side: unit(vectors) for side, vectors in self.nodes().items()}
        nodes["places"] = self._places(nodes["touchpoints"])
        customers = self.world.active[examples]
        loss = self._loss(
            nodes, self.world.products_asked, customers, processes, "places", "products",
            self.objective.bias / self.objective.temperature,
        )  # fmt: skip
        if self.touchpoint_loss and len(self.touchpoints):
            loss = loss + self.touchpoint_loss * self._loss(
                nodes, self.world.touchpoints_asked, customers, processes, "products",
                "touchpoints", self.touchpoint_bias,
            )  # fmt: skip
        return loss + self.l2 * self._penalty(customers) if self.l2 else loss

    def _places(self, touchpoints: Tensor) -> Tensor:
        """[K, dim] vector of each place: its touchpoint node's plus those of its circumstances."""
        if self.world.places.shape[1] == 1:
            return touchpoints
        # Row -1, for unknown, is the zero row at the end.
        node, values = self.world.places[:, 0], self.world.places[:, 1:]
        of_node, of_values = (
            nn.functional.pad(one, (0, 0, 0, 1)) for one in (touchpoints, self.contexts)
        )
        return of_node[node] + of_values[values].sum(dim=1)

    def _penalty(self, customers: Tensor) -> Tensor:
        """Half the squared norms of a pair's vectors; of the whole batch in every process."""
        asked = self.world.products_asked.batch(customers)
        squares = (
            self.customers[asked.customers[asked.rows]].square().sum()
            + self.products[asked.targets].square().sum()
        )
        return squares / 2 / max(len(asked.rows), 1)

    def _loss(
        self, nodes: Nodes, asked: ContextTargets, customers: Tensor, processes: Processes,
        context: str, answer: str, bias: Tensor,
    ) -> Tensor:  # fmt: skip
        """This process's part in the mean over the answers of all these customers."""
        own = asked.batch(customers[processes.share(len(customers))])
        share: Tensor | float = 1.0
        if processes.count > 1:
            whole = asked.batch(customers).weights.sum()
            share = own.weights.sum() * processes.count / torch.where(whole > 0, whole, 1)
        return share * softmax_over_all(
            question_vectors(nodes, own, context),
            nodes[answer],
            own.rows,
            own.targets,
            temperature=self.objective.temperature,
            bias=bias,
            weights=own.weights,
        )

    def folding(self) -> FloatArray:
        """See `GraphVectors`; a forecast of unit vectors, by least squares over all customers."""
        with torch.inference_mode():
            nodes = self._start()
            sides = [nodes["products"]]
            for _ in range(self.layers):
                nodes = self.relations(nodes)
                sides.append(nodes["products"])
            rows = torch.cat(sides, dim=1)
            wanted = unit(self.nodes()["customers"])
            found = forecast(rows, self.world.history.to_customers @ rows, wanted)
        return found.cpu().numpy()

    @property
    def touchpoint_bias(self) -> Tensor:
        """[N] logits of how often each touchpoint node occurs."""
        return self.world.touchpoint_counts.log1p()

    def scored(self) -> tuple[FloatArray, FloatArray]:
        """[C, dim + 2] and [P, dim + 2] float32; see `TouchpointGNN` for the last two columns."""
        with torch.inference_mode():
            customers, products = self.objective.scored(*self.propagated())
            ones, zeros = (
                customers.new_ones(len(customers), 1),
                products.new_zeros(len(products), 1),
            )
            customers = torch.cat([customers, ones], dim=1)
            if len(self.world.calendar):
                products[:, -1] += self.objective.temperature * self.world.calendar
            products = torch.cat([products, zeros], dim=1)
        return customers.cpu().numpy(), products.cpu().numpy()

    def scored_contexts(self) -> FloatArray:
        """[V, dim + 2] float32, of context values; their columns of bias are 0."""
        with torch.inference_mode():
            found = nn.functional.pad(self.contexts, (0, 2))
        return found.cpu().numpy()

    def scored_touchpoints(self) -> FloatArray:
        """[N, dim + 2] float32, of touchpoint nodes."""
        with torch.inference_mode():
            vectors = unit(self.nodes()["touchpoints"])
            bias = self.objective.temperature * self.touchpoint_bias[:, None]
            found = torch.cat([vectors, torch.zeros_like(bias), bias], dim=1)
        return found.cpu().numpy()


def question_vectors(nodes: Nodes, asked: ContextTargetsBatch, context: str) -> Tensor:
    """[Q, dim], the customer's vector plus that of the context, where there is one."""
    there = asked.contexts >= 0
    places = there.nonzero()[:, 0]
    vectors = nodes["customers"][asked.customers]
    return vectors.index_add(0, places, nodes[context][asked.contexts[places]])


def explained(vectors: Tensor, features: Tensor, ridge: float = 1.0) -> Tensor:
    """[f, dim] ridge regression of the vectors on the features, taken out of the vectors in place.

    The sum of both is as before, and who is new starts from the vector that their kind has.

    Args:
        vectors: [n, dim] of layer 0; rows of zeros are neither explained nor changed.
        features: [n, f].
        ridge: weight of squared coefficients, in rows.
    """
    used = vectors.any(dim=1)
    known = features[used]
    gram = known.T @ known
    gram.diagonal().add_(ridge)
    found: Tensor = torch.linalg.solve(gram, known.T @ vectors[used])
    vectors[used] -= known @ found
    return found
