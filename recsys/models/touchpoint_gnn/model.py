"""Touchpoint GNN: customers, products and touchpoints x dayparts in one space.

Light graph convolution (He et al., LightGCN, 2020, equations 7 and 4) over three relations instead
of one, customer-product, customer-touchpoint and product-touchpoint. A layer is

    x_s' = sum over relations of s and actions a of w_a D^-1/2 R_a D^-1/2 x_r,

where R_a decays with age and the signed w_a of a relation start from a sum of 1 in absolute value;
what was rejected pushes away, what was never shown weighs nothing. Layer 0 is `id + features W`, so
that who is new has the vector of their kind. The mean over layers 0 to K is taken, and each vector
u of it brought to length 1 once. A score is the symmetric pairwise form

    s(c, p, t) = u_c.u_p + u_c.u_t + u_p.u_t + b_p + b_t,

an inner product of exported vectors: with c = [u_c, 1, 1], p = [u_p, b_p, 0], t = [u_t, 0, b_t] the
sum of what is known times the table of what is asked, (c + t) P', (c + p) T' or (p + t) C', has
each bias once, up to what is the same for a whole row. Circumstances of an event (`contexts`) are
further vectors of the sum: (c + t + x) P'.

Trained is the exact softmax of s / temperature over all products, for customers at each touchpoint
node and at none, plus `touchpoint_loss` times that over all touchpoint nodes, for customers with
each product and with none. An answer weighs as much as its events of actions above 0; those with a
product by their action and age (`loss_half_life`) too.

b_p is `popularity` x log(1 + customers of p), with a `horizon` plus what planned offers do to
products (`recsys.graph.offer_calendar`), b_t is log(1 + events at t), times the temperature.
Who is folded in gets what a history of products says of the customer's vector, learnt by least
squares over all customers.

W starts as the ridge regression of the initial vectors, ids as what it leaves.

Deviations: signs, features and the softmax are not in LightGCN. Negative actions are normalised
like the others, by their own degrees (Derr, Ma and Tang, Signed Graph Convolutional Networks, 2018,
keep two vectors a node).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.action_weights import signed_weights
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.graph.relations import Signals
from recsys.graph.touchpoints import touchpoint_names
from recsys.models.base import Embeddings, EventWeights, Validate, require_half_life, require_range
from recsys.models.graph_network import GraphNetwork
from recsys.models.touchpoint_gnn.event_contexts import context_names
from recsys.models.touchpoint_gnn.inputs import features_of, touchpoints_of_nodes, world_of
from recsys.models.touchpoint_gnn.network import TouchpointVectors
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.objectives import Objective, Softmax
from recsys.training.sampling import Positives

_LENGTH = 0.1
"""Of an entry of a touchpoint's initial vector, as of the others' in `graph_network`."""


@dataclass(kw_only=True, eq=False)
class TouchpointGNN(GraphNetwork):
    """The network; further settings as in `GraphNetwork` and `Training`.

    Attributes:
        actions: weight of each action, below 0 to push away; None for the default of
            `recsys.graph.action_weights`. Those above 0 are what is learnt to predict.
        learn_actions: whether each relation learns its own weights, from these.
        half_life, durations, silence, silence_days, offered: see `Signals`.
        loss_half_life: days (positions of an order) after which an event counts half in the loss.
        features: whether the columns of customers and products are used.
        contexts: whether the columns of context of interactions are.
        horizon: days from the cut-off on that lists are made for, so that what the firm plans to
            offer in them ranks higher; None asks no calendar.
        touchpoint_loss: weight of the loss over touchpoints.
    """

    learning_rate: float = 0.05
    objective: Objective = field(default_factory=lambda: Softmax(temperature=0.2, popularity=1.0))
    learn_actions: bool = False
    half_life: float | None = None
    loss_half_life: float | None = None
    durations: float = 0.0
    silence: float = 0.0
    silence_days: float = 14.0
    offered: float = 0.0
    features: bool = True
    contexts: bool = False
    horizon: float | None = None
    touchpoint_loss: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_half_life(self.half_life)
        require_range("touchpoint_loss", self.touchpoint_loss, 0)
        require_range("durations", self.durations, 0, 4)
        require_range("silence", self.silence, -16, 16)
        require_range("silence_days", self.silence_days, 0, open_low=True)
        require_range("offered", self.offered, 0, 16)
        for name in ("loss_half_life", "horizon"):
            value = getattr(self, name)
            if value is not None:
                require_range(name, value, 0, open_low=True)
        if not isinstance(self.objective, Softmax):
            raise InputError(
                "model.objective: expected softmax, as touchpoints are trained by it too, got "
                f"{type(self.objective).__name__}"
            )

    @property
    def event_weights(self) -> EventWeights:
        """See `WeighsEvents`: of the actions above 0, which are what a customer is folded in by."""
        return EventWeights(actions=self._liked, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """See `Recommender`."""
        if self.loss_half_life is not None and data.clock is None:
            raise InputError(
                f"model.loss_half_life: data={data.name} has no time and no order; set it to null"
            )
        if self.contexts and not data.contexts:
            raise InputError(
                f"model.contexts: data={data.name} has no usable column context_* in interactions; "
                "set it to false"
            )
        _require_targets(data, _above_zero(self.actions))
        liked = self._liked
        positives = Positives.of(data, liked)
        self._counted = interaction_matrix(data, actions=liked, half_life=self.half_life)
        self._data, self._digest = data, _digest(data)
        self._features, of_tables = features_of(data) if self.features else ({}, {})
        self.columns_used: Mapping[str, Mapping[str, str]] = {
            **of_tables, "interactions": _of_contexts(data) if self.contexts else {},
        }  # fmt: skip
        try:
            network = self._trained_somewhere(positives, validate)
        finally:
            del self._data, self._features
        assert isinstance(network, TouchpointVectors)
        self._keep(network)
        self.node_vectors: FloatArray = network.scored_touchpoints()
        self.node_names = touchpoint_names(data)
        self.context_vectors: FloatArray = network.scored_contexts()
        self.context_names = context_names(data) if self.contexts else []
        self.touchpoint_vectors: FloatArray = touchpoints_of_nodes(
            self.node_vectors,
            network.world.touchpoint_counts.cpu().numpy(),
            len(data.touchpoints),
            network.objective.temperature,
        )
        self.action_weights: dict[str, float] = network.relations.by_name()
        return self.remember(data)

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> TouchpointVectors:
        """See `GraphNetwork`."""
        assert isinstance(objective, Softmax)
        device = customers.device
        world = world_of(
            self._data,
            self._signals,
            device,
            history=normalise(self._counted, 0.5, 0.5),
            learnt=self.learn_actions,
            loss_half_life=self.loss_half_life,
            features=self._features,
            contexts=self.contexts,
            horizon=self.horizon,
        )
        generator = torch.Generator().manual_seed(self.seed + 1)
        counts = world.touchpoint_counts
        touchpoints = _LENGTH * torch.randn(len(counts), self.dim, generator=generator).to(device)
        return TouchpointVectors(
            world,
            graph,
            objective,
            customers,
            products,
            touchpoints * (counts > 0)[:, None],
            l2=self.l2,
            layers=self.layers,
            touchpoint_loss=self.touchpoint_loss,
        )

    @property
    def _liked(self) -> Mapping[str, float] | None:
        # By default not every contact counts, which names alone do not say.
        return None if self.actions is None else _above_zero(self.actions)

    @property
    def _signals(self) -> Signals:
        return Signals(
            actions=self.actions,
            half_life=self.half_life,
            durations=self.durations,
            silence=self.silence,
            silence_days=self.silence_days,
            offered=self.offered,
        )

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`; -1 is no touchpoint in particular."""
        asked = self.customer_vectors[customers]
        if touchpoints is not None:
            asked = asked + _rows(self.touchpoint_vectors, touchpoints, "touchpoint")
        found: FloatArray = asked @ self.product_vectors.T
        return found

    def score_touchpoints(self, customers: IntArray, products: IntArray) -> FloatArray:
        """[Q, N] scores of all touchpoint nodes (`node_names`); -1 is no product in particular."""
        asked = self.customer_vectors[customers] + _rows(self.product_vectors, products, "product")
        found: FloatArray = asked @ self.node_vectors.T
        return found

    def score_customers(
        self, products: IntArray, touchpoints: IntArray | None = None
    ) -> FloatArray:
        """[Q, C] scores of all customers for an offer of a product, maybe at a touchpoint."""
        asked = self.product_vectors[products]
        if touchpoints is not None:
            asked = asked + _rows(self.touchpoint_vectors, touchpoints, "touchpoint")
        found: FloatArray = asked @ self.customer_vectors.T
        return found

    def embeddings(self) -> Embeddings:
        """See `EmbeddingRecommender`.

        Serving knows touchpoints, not dayparts: a touchpoint is the mean of its nodes by share,
        with the bias of all its events. `node_vectors` keep the dayparts.
        """
        return Embeddings(
            customers=self.customer_vectors,
            products=self.product_vectors,
            touchpoints=self.touchpoint_vectors if len(self.touchpoint_vectors) else None,
            default_customer=self._nobody(),
        )

    def _identity(self) -> dict[str, Any]:
        return {**super()._identity(), "events and features": self._digest}


def _above_zero(actions: Mapping[str, float] | None) -> dict[str, float]:
    return {name: weight for name, weight in signed_weights(actions).items() if weight > 0}


def _require_targets(data: Dataset, liked: Mapping[str, float]) -> None:
    for action in data.targets:
        if action not in liked:
            raise InputError(
                f"model.actions: gives no weight above 0 to {action}, which data={data.name} asks "
                "for (data.targets); add it"
            )


def _of_contexts(data: Dataset) -> dict[str, str]:
    """What became of the columns of context, see `UsesColumns`."""
    used = {name: f"{len(values):,} values" for name, values in data.contexts.items()}
    every = {**used, **data.contexts_left_out}
    return {f"{columns.CONTEXT_PREFIX}{name}": said for name, said in every.items()}


def _rows(vectors: FloatArray, rows: IntArray, word: str) -> FloatArray:
    """[Q, d], zero for -1."""
    if len(rows) and not (rows.min() >= -1 and rows.max() < len(vectors)):
        raise InputError(
            f"score: expected {word} row numbers below {len(vectors)}, or -1 for none, got "
            f"{rows.min()} to {rows.max()}"
        )
    padded = np.vstack([vectors, np.zeros((1, vectors.shape[1]), vectors.dtype)])
    found: FloatArray = padded[rows]
    return found


def _digest(data: Dataset) -> str:
    """Of all that the network is about; that of `GraphNetwork` covers customers and products."""
    # The tables are in the fingerprint; which of their rows count, in the moment.
    digest = hashlib.sha256(f"{data.fingerprint} {data.as_of}".encode())
    for name, array in vars(data.interactions).items():
        digest.update(name.encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
