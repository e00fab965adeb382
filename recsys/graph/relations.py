"""Relations between customers, products, touchpoints and signals, one matrix a kind of edge."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights, signed_weights
from recsys.graph.bipartite import decayed, normalise
from recsys.graph.dayparts import contact_nodes, touchpoint_names
from recsys.graph.offer_calendar import offered_pairs
from recsys.graph.signal_edges import SignalEdges
from recsys.graph.silence import met_silence
from recsys.graph.strength import event_weights

SIDES = ("customers", "products", "touchpoints")
"""Sides of the graph; a touchpoint in a daypart is one node of the last."""

RELATIONS = (("customers", "products"), ("customers", "touchpoints"), ("products", "touchpoints"))

SILENCE, OFFERED, SHOWN = "silence", "offered", "shown"
"""Kinds of edges beside the actions."""

OF_SIGNALS = ("customers", "signals")
"""The relation of customers and the signals that they showed, where there are any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ends:
    """The nodes that events connect, as row numbers; -1 where an event has no such node.

    Attributes:
        rows: side -> [E] int64.
        sizes: side -> number of nodes.
    """

    rows: Mapping[str, IntArray]
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, data: Dataset) -> "Ends":
        """The nodes of all events of a data set."""
        events = data.interactions
        rows = {
            "customers": events.customers.astype(np.int64),
            "products": events.products.astype(np.int64),
            "touchpoints": contact_nodes(data),
        }
        counts = len(data.customers), len(data.products), len(touchpoint_names(data))
        return cls(rows=rows, sizes=dict(zip(SIDES, counts, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Signals:
    """How events and offers become signed edges.

    Attributes:
        actions: weight of each action, below 0 to push away; None for the default of
            `recsys.graph.action_weights`.
        half_life: days (positions of an order) after which an edge counts half; None for no decay.
        durations: power of an event's duration over the usual one, as in `event_weights`.
        silence: weight of a contact without reaction, between customer and touchpoint, and product
            where the contact was about one.
        silence_days: days without reaction.
        offered: weight of an offer of a product at a touchpoint.
        shown: weight of a signal that a customer showed. One about a product joins the customer
            and the product, and shares their relation with the actions; others are a relation of
            their own, whose matrix is multiplied by this weight.
    """

    actions: Mapping[str, float] | None = None
    half_life: float | None = None
    durations: float = 0.0
    silence: float = 0.0
    silence_days: float = 14.0
    offered: float = 0.0
    shown: float = 0.0

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each kind of edge."""
        beside = {SILENCE: self.silence, OFFERED: self.offered, SHOWN: self.shown}
        known = signed_weights(self.actions)
        return known | {name: weight for name, weight in beside.items() if weight}

    def of_events(self, data: Dataset) -> FloatArray:
        """[E] float32 weight of each event of a data set by its action; 0 makes no edge."""
        return event_action_weights(data, self.actions)


def relation_matrices(
    data: Dataset, signals: Signals
) -> dict[tuple[str, str], dict[str, csr_array]]:
    """D^-1/2 R D^-1/2 of each relation and kind of edge, without the sign of its weight.

    An event without a product connects only its customer and its touchpoint.

    Args:
        data: what a model may see.
        signals: which edges there are; the caller applies their signs.

    Returns:
        relation -> action, `SILENCE`, `OFFERED` or `SHOWN` -> float32 CSR, for those that occur in
        it; `OF_SIGNALS` only with a weight of `shown`.
    """
    events, ends = data.interactions, Ends.of(data)
    strength = event_weights(data, signals.half_life, signals.durations)
    counted = signals.of_events(data) != 0
    kinds = {
        action: counted & events.has_action((action,)) for action in signed_weights(signals.actions)
    }
    if signals.silence:
        kinds[SILENCE] = met_silence(data, signals.silence_days)
    matrices: dict[tuple[str, str], dict[str, csr_array]] = {pair: {} for pair in RELATIONS}
    for (left, right), of_kind in matrices.items():
        rows, columns = ends.rows[left], ends.rows[right]
        joined = (rows >= 0) & (columns >= 0) & (strength > 0)
        for kind, chosen in kinds.items():
            used = joined & chosen
            if used.any():
                of_kind[kind] = _normalised(
                    strength[used], rows[used], columns[used], ends.sizes[left], ends.sizes[right]
                )
    if signals.offered:
        matrices["products", "touchpoints"][OFFERED] = _offered(data, signals.half_life, ends)
    if signals.shown:
        _add_shown(matrices, data, signals, ends)
    return matrices


def _add_shown(
    matrices: dict[tuple[str, str], dict[str, csr_array]],
    data: Dataset,
    signals: Signals,
    ends: Ends,
) -> None:
    edges = SignalEdges.of(data)
    strength = _by_age(data, edges.times, signals.half_life)
    alone, about = edges.alone, ~edges.alone
    customers, products = ends.sizes["customers"], ends.sizes["products"]
    if about.any():
        matrices["customers", "products"][SHOWN] = _normalised(
            strength[about], edges.customers[about], edges.products[about], customers, products
        )
    if not alone.any():
        return
    shown = _normalised(
        strength[alone], edges.customers[alone], edges.signals[alone], customers, len(edges.names)
    )
    # A relation with one kind of edges gives it the weight 1.
    matrices[OF_SIGNALS] = {SHOWN: csr_array(shown * np.float32(abs(signals.shown)))}


def _offered(data: Dataset, half_life: float | None, ends: Ends) -> csr_array:
    """Each product and all dayparts of each touchpoint at which it was on offer."""
    products, touchpoints, until = offered_pairs(data)
    parts = ends.sizes["touchpoints"] // len(data.touchpoints)
    nodes = (touchpoints[:, None] * parts + np.arange(parts)).ravel()
    strength = _by_age(data, until, half_life)
    return _normalised(
        np.repeat(strength, parts), np.repeat(products, parts), nodes,
        ends.sizes["products"], ends.sizes["touchpoints"],
    )  # fmt: skip


def _by_age(data: Dataset, when: IntArray, half_life: float | None) -> FloatArray:
    """[n] float32, `decayed` of moments [n]; 1 without a half-life."""
    if half_life is None:
        return np.ones(len(when), np.float32)
    return decayed(data, when, half_life)


def _normalised(
    strength: FloatArray, rows: IntArray, columns: IntArray, height: int, width: int
) -> csr_array:
    matrix = csr_array((strength, (rows, columns)), shape=(height, width))
    matrix.sum_duplicates()
    return normalise(matrix, 0.5, 0.5)
