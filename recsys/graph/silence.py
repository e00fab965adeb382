"""Silence after contact: the firm called, and the customer did nothing."""

import numpy as np

from recsys.arrays import BoolArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError

_UNANSWERED = ("contact", "ignore")


def met_silence(data: Dataset, days: float) -> BoolArray:
    """[E] contacts that the firm started and that nothing of the customer followed for so long.

    A contact is an event of action `contact` or `ignore` at an outbound touchpoint; anything else
    that the customer does, anywhere, ends the silence. A contact whose days are not over at
    `data.as_of` has not met silence yet.

    Args:
        data: its events; `touchpoints.outbound` says where the firm starts the contact.
        days: positions on a clock of order.

    Raises:
        InputError: there is no clock, or nothing says who starts a contact.
    """
    events = data.interactions
    if events.when is None or data.as_of is None:
        raise InputError(f"model.silence: data={data.name} has no time and no order; set it to 0")
    length = int(days * (DAY if data.clock == "timestamp" else 1))
    unanswered = events.has_action(_UNANSWERED)
    contact = unanswered & _outbound(data)[events.touchpoints]
    asked = np.flatnonzero(contact & (events.when < data.as_of - length))
    if not len(asked):
        return np.zeros(len(events), bool)
    # One number orders answers by customer and time, so that two searches count those in reach;
    # times by their rank, because customers times microseconds do not fit into 64 bits.
    times, rank = np.unique(np.minimum(events.when, data.as_of)[~unanswered], return_inverse=True)
    span, customers = len(times) + 1, events.customers.astype(np.int64)
    answers = np.sort(customers[~unanswered] * span + rank)
    began = customers[asked] * span
    until = np.searchsorted(times, events.when[asked] + length, side="right")
    first = np.searchsorted(answers, began + np.searchsorted(times, events.when[asked]))
    beyond = np.searchsorted(answers, began + until)
    silent = np.zeros(len(events), bool)
    silent[asked[first == beyond]] = True
    return silent


def _outbound(data: Dataset) -> BoolArray:
    """[T + 1] whether the firm starts the contact there; the last stands for unknown."""
    table = data.side_tables.get("touchpoints")
    if table is None or columns.OUTBOUND not in table:
        raise InputError(
            f"model.silence: data={data.name} does not say where the firm starts the contact; add "
            "touchpoints.outbound, or set it to 0"
        )
    found = np.zeros(len(data.touchpoints) + 1, bool)
    started = table[columns.OUTBOUND].fillna(False).to_numpy(bool)
    found[data.touchpoints.rows(table.loc[started, columns.TOUCHPOINT])] = True
    found[-1] = False
    return found
