"""Contacts that the firm started and that the customer did not react to."""

import numpy as np

from recsys.arrays import BoolArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.graph.action_weights import touchpoints_by_outbound
from recsys.ops.temporal_counts import earlier

_UNANSWERED = ("contact", "ignore")


def met_silence(data: Dataset, days: float) -> BoolArray:
    """[E] bool, contacts that the firm started and that the customer did not react to in time.

    A contact is an event of action `contact` or `ignore` at an outbound touchpoint; any other event
    of the customer, at any touchpoint, is a reaction. A contact whose days are not over at
    `data.as_of` does not count yet.

    Args:
        data: its events; `touchpoints.outbound` says where the firm starts the contact.
        days: how long a customer may take to react; positions on a clock of order.

    Raises:
        InputError: there is no clock, or nothing says who starts a contact.
    """
    events = data.interactions
    if events.when is None or data.as_of is None:
        raise InputError(f"model.silence: data={data.name} has no time and no order; set it to 0")
    length = int(days * (DAY if data.clock == "timestamp" else 1))
    unanswered = events.has_action(_UNANSWERED)
    contact = unanswered & _outbound(data)[events.touchpoints]
    contacts = np.flatnonzero(contact & (events.when < data.as_of - length))
    # Reactions from the moment of the contact until `length` later, both included.
    reactions = earlier(
        events.customers[~unanswered],
        np.minimum(events.when, data.as_of)[~unanswered],
        events.customers[contacts],
        events.when[contacts] + length + 1,
        within=length + 1,
    )
    silent = np.zeros(len(events), bool)
    silent[contacts[reactions == 0]] = True
    return silent


def _outbound(data: Dataset) -> BoolArray:
    """[T + 1] whether the firm starts the contact there; the last is for unknown."""
    table = data.side_tables.get("touchpoints")
    if table is None or columns.OUTBOUND not in table:
        raise InputError(
            f"model.silence: data={data.name} does not say where the firm starts the contact; add "
            "touchpoints.outbound, or set it to 0"
        )
    return touchpoints_by_outbound(data, outbound=True)
