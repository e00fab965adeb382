"""The three relations between customers, products and touchpoints, with one matrix an action."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import normalise, time_decay
from recsys.graph.touchpoints import contact_nodes, touchpoint_names

SIDES = ("customers", "products", "touchpoints")
"""Touchpoints stand for touchpoints x dayparts, see `recsys.graph.touchpoints`."""

RELATIONS = (("customers", "products"), ("customers", "touchpoints"), ("products", "touchpoints"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Ends:
    """What events join, as row numbers; -1 where an event has no such end.

    Attributes:
        rows: side -> [E] int64.
        sizes: side -> number of nodes.
    """

    rows: Mapping[str, IntArray]
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, data: Dataset) -> "Ends":
        """Those of all events of a data set."""
        events = data.interactions
        rows = {
            "customers": events.customers.astype(np.int64),
            "products": events.products.astype(np.int64),
            "touchpoints": contact_nodes(data),
        }
        counts = len(data.customers), len(data.products), len(touchpoint_names(data))
        return cls(rows=rows, sizes=dict(zip(SIDES, counts, strict=True)))


def relation_matrices(
    data: Dataset, actions: Mapping[str, float], half_life: float | None = None
) -> dict[tuple[str, str], dict[str, csr_array]]:
    """D^-1/2 R D^-1/2 of each relation and action, without the sign of the action.

    An event weighs `weight x 2^(-(as_of - when) / half_life)`; an event without a product joins
    its customer and its touchpoint alone.

    Args:
        data: what a model may see.
        actions: those wanted, see `signed_weights`; which sign they have is left to the caller.
        half_life: days (positions of an order); None for no decay.

    Returns:
        relation -> action -> float32 CSR, for actions that occur in the relation.
    """
    events, ends = data.interactions, Ends.of(data)
    strength = event_weights(data, half_life)
    found: dict[tuple[str, str], dict[str, csr_array]] = {relation: {} for relation in RELATIONS}
    for (left, right), of_action in found.items():
        rows, columns = ends.rows[left], ends.rows[right]
        joined = (rows >= 0) & (columns >= 0) & (strength > 0)
        for action in actions:
            used = joined & events.has_action((action,))
            if used.any():
                matrix = csr_array(
                    (strength[used], (rows[used], columns[used])),
                    shape=(ends.sizes[left], ends.sizes[right]),
                )
                matrix.sum_duplicates()
                of_action[action] = normalise(matrix, 0.5, 0.5)
    return found


def event_weights(data: Dataset, half_life: float | None) -> FloatArray:
    """[E] float32 weight of each event: its own, decayed."""
    given = data.interactions.weights
    own = np.ones(len(data.interactions)) if given is None else np.nan_to_num(given, nan=1.0)
    decay = 1.0 if half_life is None else time_decay(data, half_life)
    return (own * decay).astype(np.float32)


def signed_weights(actions: Mapping[str, float] | None) -> dict[str, float]:
    """Weight of each action other than 0; below 0 pushes away.

    Raises:
        InputError: an action is unknown, or its weight no finite number.
    """
    if actions is None:
        return {action: 1.0 for action in ACTIONS if action not in ("reject", "ignore")}
    for action, weight in actions.items():
        if action not in ACTIONS:
            raise InputError(
                f"model.actions: no action '{action}'; actions are {', '.join(ACTIONS)}"
            )
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not (number and np.isfinite(weight)):
            raise InputError(f"model.actions.{action}: expected a finite number, got {weight}")
    return {action: float(weight) for action, weight in actions.items() if weight}
