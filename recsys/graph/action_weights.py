"""Weights of events by their action, and by who started the contact.

| action | weight by default |
|---|---|
| view, click, cart, accept, purchase | 1, wherever it happens |
| contact | 1 at a touchpoint where the customer starts it, which `touchpoints.outbound` = false \
says; else 0 |
| reject, ignore | 0 |

What the firm starts says nothing about what the customer likes, so a contact counts only where it
is known that the customer started it. Weights that a user sets hold at every touchpoint.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray
from recsys.data import columns
from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError

CONTACT = "contact"

BY_DEFAULT: Mapping[str, float] = {
    action: 0.0 if action in ("reject", "ignore") else 1.0 for action in ACTIONS
}
"""Weight of each action; a contact has it only where the customer started it, else 0."""


def event_action_weights(data: Dataset, actions: Mapping[str, float] | None) -> FloatArray:
    """[E] float32 weight of each event of a data set by its action and touchpoint.

    Args:
        data: its events; `touchpoints.outbound` says who starts a contact.
        actions: as for `weight_table`.

    Raises:
        InputError: as `weight_table`.
    """
    events = data.interactions
    return np.asarray(weight_table(data, actions)[events.actions, events.touchpoints])


def weight_table(data: Dataset, actions: Mapping[str, float] | None) -> FloatArray:
    """[A, T + 1] float32 weight of an action at a touchpoint; the last column is for unknown.

    Args:
        data: `touchpoints.outbound` says who starts a contact.
        actions: weight of each action, also below 0, others 0; None for the default of the module.

    Raises:
        InputError: an action is unknown, or its weight is not a finite number.
    """
    return weights_at(data.touchpoints, data.side_tables.get("touchpoints"), actions)


def weights_at(
    touchpoints: Vocabulary, table: pd.DataFrame | None, actions: Mapping[str, float] | None
) -> FloatArray:
    """As `weight_table`, from what it reads of a data set.

    Args:
        touchpoints: T of them.
        table: of touchpoints; None if there is none.
        actions: as for `weight_table`.

    Raises:
        InputError: as `weight_table`.
    """
    named = signed_weights(actions)
    of_action = np.array([named.get(action, 0.0) for action in ACTIONS], np.float32)
    weights = np.repeat(of_action[:, None], len(touchpoints) + 1, axis=1)
    if actions is None:
        weights[ACTIONS.index(CONTACT), ~_by_outbound(touchpoints, table, False)] = 0
    return weights


def touchpoints_by_outbound(data: Dataset, *, outbound: bool) -> BoolArray:
    """[T + 1] where `touchpoints.outbound` has this value; False where it is not known.

    Args:
        data: its table of touchpoints.
        outbound: True for touchpoints where the firm starts the contact, False where the customer
            does. The last position stands for an unknown touchpoint and is always False.
    """
    return _by_outbound(data.touchpoints, data.side_tables.get("touchpoints"), outbound)


def _by_outbound(touchpoints: Vocabulary, table: pd.DataFrame | None, outbound: bool) -> BoolArray:
    mask = np.zeros(len(touchpoints) + 1, bool)
    if table is None or columns.OUTBOUND not in table:
        return mask
    rows = table[columns.OUTBOUND].eq(outbound).to_numpy(bool)
    mask[touchpoints.rows(table.loc[rows, columns.TOUCHPOINT])] = True
    mask[-1] = False
    return mask


def action_weights(actions: Mapping[str, float] | None) -> FloatArray:
    """[A] float32 weight of an event of which only the action is known; none is below 0.

    By default a contact weighs 0 here, because who started it is not known.

    Raises:
        InputError: an action is unknown, or its weight is negative or not finite.
    """
    require_weights(actions)
    named = {**BY_DEFAULT, CONTACT: 0.0} if actions is None else actions
    return np.array([named.get(action, 0.0) for action in ACTIONS], np.float32)


def signed_weights(actions: Mapping[str, float] | None) -> dict[str, float]:
    """Weight of each action other than 0; below 0 pushes away; None for `BY_DEFAULT`.

    Raises:
        InputError: an action is unknown, or its weight is not a finite number.
    """
    given = BY_DEFAULT if actions is None else actions
    for action, weight in given.items():
        _require_action(action)
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not (number and np.isfinite(weight)):
            raise InputError(f"model.actions.{action}: expected a finite number, got {weight}")
    return {action: float(weight) for action, weight in given.items() if weight}


def require_weights(actions: Mapping[str, float] | None) -> None:
    """Raises `InputError` where an action is unknown, or a weight negative or not finite."""
    for action, weight in (actions or {}).items():
        _require_action(action)
        if not 0 <= weight < np.inf:
            raise InputError(f"model.actions.{action}: expected a finite weight >= 0, got {weight}")


def _require_action(action: str) -> None:
    if action not in ACTIONS:
        raise InputError(f"model.actions: no action '{action}'; actions are {', '.join(ACTIONS)}")
