"""Touchpoint GNN: customers, products and touchpoints x dayparts in one space.

Light graph convolution (He et al., LightGCN, 2020, equations 7 and 4) over three relations instead
of one, customer-product, customer-touchpoint and product-touchpoint. A layer is

    x_s' = sum over relations of s and actions a of w_a D^-1/2 R_a D^-1/2 x_r,

where R_a decays with age. The signed weights w_a of a relation start with absolute values that sum
to 1: a rejection pushes away, and what was never shown has no weight. Layer 0 is `id + features W`,
so that a new customer or product has the vector of its features. Vectors are the mean over layers 0
to K, and each is divided by its length to give u. A score is the symmetric pairwise form

    s(c, p, t) = u_c.u_p + u_c.u_t + u_p.u_t + b_p + b_t,

which is an inner product of exported vectors. With c = [u_c, 1, 1], p = [u_p, b_p, 0] and
t = [u_t, 0, b_t], the sum of what is given times the table of what is ranked, (c + t) P',
(c + p) T' or (p + t) C', has each bias once, up to a constant per row. Context values of an event
(`contexts`) are further vectors x of the sum: (c + t + x) P'.

The loss is the exact softmax of s / temperature over all products, for customers at each touchpoint
node and at none, plus `touchpoint_loss` times the softmax over all touchpoint nodes, for customers
with each product and with none. A target weighs as much as its events with a weight above 0; a
product target also by action and age (`loss_half_life`).

b_p is `popularity` x log(1 + customers of p), plus the effect of planned offers if there is a
`horizon` (`recsys.graph.offer_calendar`); b_t is log(1 + events at t); both times the temperature.
A customer is folded in by their products, with coefficients fitted by least squares over all
customers. W starts as the ridge regression of the initial vectors on the features, ids as its
residuals.

Signals that customers showed (`signals`) are a fourth relation, to a node a signal: customers that
show the same are near each other, for as long as its edges have not decayed.

Deviations: signs, features and the softmax are not in LightGCN. Negative actions are normalised
like the others, by their own degrees (Derr, Ma and Tang, Signed Graph Convolutional Networks, 2018,
have two vectors per node).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.action_weights import signed_weights
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.graph.dayparts import touchpoint_names
from recsys.graph.relations import Signals
from recsys.graph.signal_edges import require_signals
from recsys.models.base import EventWeights, Validate, require_half_life, require_range
from recsys.models.touchpoint_gnn.event_contexts import context_names
from recsys.models.touchpoint_gnn.inputs import features_of, network_inputs, touchpoints_of_nodes
from recsys.models.touchpoint_gnn.network import TouchpointVectors
from recsys.models.touchpoint_gnn.scores import TouchpointScores
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.objectives import Objective, Softmax
from recsys.training.sampling import Positives

_LENGTH = 0.1
"""Root mean square of the entries of a touchpoint's initial vector."""


@dataclass(kw_only=True, eq=False)
class TouchpointGNN(TouchpointScores):
    """A graph network that ranks products, touchpoints and customers.

    Further settings are those of `recsys.models.graph_network.GraphNetwork` (the network) and
    `recsys.training.settings.Training` (epochs, batches, learning rate), given as keywords.

    Attributes:
        actions: weight of each action, below 0 to push away; None for the default of
            `recsys.graph.action_weights`. Events of actions above 0 are the targets.
        learn_actions: whether each relation learns its own weights, starting from `actions`.
        half_life: days (positions of an order) after which an edge counts half; None for never.
        durations: power of an event's duration over the usual one in its weight; 0 for none.
        silence: weight of a contact without reaction; 0 for none.
        silence_days: days without reaction after which a contact counts as silence.
        offered: weight of an offer of a product at a touchpoint; 0 for none.
        signals: weight of a signal that a customer showed (`data.signals_as=edges`); 0 for none.
        loss_half_life: days (positions of an order) after which an event counts half in the loss;
            None for never.
        features: whether the columns of customers and products are used.
        contexts: whether the columns `context_*` of interactions are used.
        horizon: days after the cut-off that products are ranked for, so that products with a
            planned offer rank higher; None for no calendar.
        touchpoint_loss: weight of the loss over touchpoints.
        node_vectors: [N, dim + 2] float32 vectors of touchpoint x daypart after the fit.
        node_names: names of these nodes.
        context_vectors: [V, dim + 2] float32 vectors of context values after the fit.
        context_names: names of these values.
        action_weights: weights in use after the fit, by relation and action.
        columns_used: how each column of the tables was used, see `UsesColumns`.

    Raises:
        InputError: a setting is out of range, or the objective is not `Softmax`.
    """

    can_shard: ClassVar[bool] = True

    learning_rate: float = 0.05
    objective: Objective = field(default_factory=lambda: Softmax(temperature=0.2, popularity=1.0))
    learn_actions: bool = False
    half_life: float | None = None
    loss_half_life: float | None = None
    durations: float = 0.0
    silence: float = 0.0
    silence_days: float = 14.0
    offered: float = 0.0
    signals: float = 0.0
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
        require_range("signals", self.signals, 0, 16)
        for name in ("loss_half_life", "horizon"):
            value = getattr(self, name)
            if value is not None:
                require_range(name, value, 0, open_low=True)
        if not isinstance(self.objective, Softmax):
            raise InputError(
                "model.objective: expected softmax, which touchpoints are trained by too, got "
                f"{type(self.objective).__name__}"
            )

    @property
    def event_weights(self) -> EventWeights:
        """How the events count that a customer is folded in by: those of actions above 0."""
        return EventWeights(actions=self._liked, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Trains on the events of `data`, and stops after the epoch that is best on `validate`.

        Raises:
            InputError: `data` lack what a setting needs; the message names the setting.
        """
        if self.loss_half_life is not None and data.clock is None:
            raise InputError(
                f"model.loss_half_life: data={data.name} has no time and no order; set it to null"
            )
        if self.contexts and not data.contexts:
            raise InputError(
                f"model.contexts: data={data.name} has no usable column context_* in interactions; "
                "set it to false"
            )
        if self.signals:
            require_signals(data)
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
            network = self._train_with_fallback(positives, validate)
        finally:
            del self._data, self._features
        assert isinstance(network, TouchpointVectors)
        self._keep(network)
        self.node_vectors = network.scored_touchpoints()
        self.node_names = touchpoint_names(data)
        self.context_vectors: FloatArray = network.scored_contexts()
        self.context_names = context_names(data) if self.contexts else []
        self.touchpoint_vectors = touchpoints_of_nodes(
            self.node_vectors,
            network.inputs.touchpoint_counts.cpu().numpy(),
            len(data.touchpoints),
            network.objective.temperature,
        )
        self.action_weights: dict[str, float] = network.relations.by_name()
        return self.remember(data)

    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> TouchpointVectors:
        """Builds the network from its initial vectors."""
        assert isinstance(objective, Softmax)
        device = customers.device
        inputs = network_inputs(
            self._data,
            self._signals,
            device,
            graph.processes,
            history=normalise(self._counted, 0.5, 0.5),
            learnt=self.learn_actions,
            loss_half_life=self.loss_half_life,
            features=self._features,
            contexts=self.contexts,
            horizon=self.horizon,
        )
        generator = torch.Generator().manual_seed(self.seed + 1)
        counts = inputs.touchpoint_counts
        touchpoints = _LENGTH * torch.randn(len(counts), self.dim, generator=generator).to(device)
        return TouchpointVectors(
            inputs,
            graph,
            objective,
            customers,
            products,
            (touchpoints * (counts > 0)[:, None])[inputs.shards["touchpoints"].own],
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
            shown=self.signals,
        )

    def _identity(self) -> dict[str, Any]:
        return {**super()._identity(), "events and features": self._digest}


def _above_zero(actions: Mapping[str, float] | None) -> dict[str, float]:
    return {name: weight for name, weight in signed_weights(actions).items() if weight > 0}


def _require_targets(data: Dataset, liked: Mapping[str, float]) -> None:
    for action in data.targets:
        if action not in liked:
            raise InputError(
                f"model.actions: gives no weight above 0 to {action}, a target of data={data.name} "
                "(data.targets); add it"
            )


def _of_contexts(data: Dataset) -> dict[str, str]:
    """How the columns of context were used, see `UsesColumns`."""
    used = {name: f"{len(values):,} values" for name, values in data.contexts.items()}
    uses = {**used, **data.contexts_left_out}
    return {f"{columns.CONTEXT_PREFIX}{name}": use for name, use in uses.items()}


def _digest(data: Dataset) -> str:
    """Digest of all inputs; that of `GraphNetwork` covers customers and products only."""
    # The fingerprint covers the tables, the moment which of their rows count.
    digest = hashlib.sha256(f"{data.fingerprint} {data.as_of}".encode())
    for name, array in vars(data.interactions).items():
        digest.update(name.encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
