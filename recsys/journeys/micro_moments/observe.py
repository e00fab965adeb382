"""Sessions of a data set, and the moment that each of them was."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER, SECOND
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest
from recsys.ops.session_events import PURCHASE, STEPS, SessionEvents
from recsys.ops.session_features import BOUGHT, HELP, IN_CART, session_kinds
from recsys.ops.temporal_counts import EventHistory
from recsys.ops.until import DAY

KNOW, BUY, DO = "know", "buy", "do"
"""To find out, to buy, and to get something done: the moments of sessions without other labels."""
OUTCOME = "outcome"
"""The label that says of a session what it led to."""
SOON = 14 * DAY
"""Seconds: a purchase so soon after a session about the same group is what it led to."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Observed:
    """Sessions that customers started, and what they were for.

    Attributes:
        events: of all customers.
        names: [K] of the moments, in alphabetical order.
        labels: [S] position in `names` of each session, -1 where unknown.
    """

    events: SessionEvents
    names: Sequence[str]
    labels: IntArray


def observe(data: Dataset, label: str) -> Observed:
    """The sessions of a data set with their labels.

    Args:
        data: with timestamps.
        label: "outcome", or a column `context_LABEL` of interactions that is filled in past
            sessions, by tags or a survey; a session has the label of its first event that has one.

    Raises:
        InputError: there are no timestamps, no such column, or no session.
    """
    if label != OUTCOME and label not in data.contexts:
        known = [*data.contexts, OUTCOME]
        raise InputError(
            f"label: expected a column context_{label} of interactions with two values or more; "
            f"{nearest(label, known, f'there is {OUTCOME}')}"
        )
    events, rows = session_events(data)
    if not len(events):
        raise InputError(
            f"interactions: expected some of the actions {', '.join(STEPS)}, which make sessions, "
            "got none"
        )
    if label == OUTCOME:
        assert data.as_of_seconds is not None
        return Observed(
            events=events, names=(BUY, DO, KNOW), labels=outcomes(events, data.as_of_seconds)
        )
    assert data.interactions.contexts is not None
    codes = data.interactions.contexts[:, list(data.contexts).index(label)][rows]
    return Observed(
        events=events,
        names=data.contexts[label],
        labels=_first_known(codes.astype(np.int64), events),
    )


def session_events(data: Dataset) -> tuple[SessionEvents, IntArray]:
    """What customers did by themselves, and the row [E] of each event among the interactions.

    Neither columns `context_*` nor anything made from them are read.

    Raises:
        InputError: there are no timestamps.
    """
    events = data.interactions
    when, _ = data.times("micro-moments")
    return SessionEvents.of(
        customers=events.customers,
        when=when // SECOND,
        steps=np.where(when == NEVER, -1, events.positions_in(STEPS)),
        products=events.products,
        groups=product_groups(data),
        touchpoints=events.touchpoints,
    )


def product_groups(data: Dataset) -> IntArray:
    """[P] int64 category of each product; the product itself where it has none."""
    own = np.arange(len(data.products), dtype=np.int64)
    table = data.side_tables.get("products")
    if table is None or columns.CATEGORY not in table:
        return own
    codes, _ = pd.factorize(table[columns.CATEGORY])
    rows = data.products.rows(table[columns.PRODUCT])
    known = (codes >= 0) & (rows >= 0)
    groups = own + int(codes.max(initial=-1)) + 1
    groups[rows[known]] = codes[known]
    return groups


def outcomes(events: SessionEvents, end: int) -> IntArray:
    """What sessions led to: position [S] in (buy, do, know), -1 where that is not known yet.

    To buy: the session has a purchase or a cart, or a purchase of the same group follows within
    `SOON`. To get something done: it is about no product. To know: all others. Sessions that began
    within `SOON` of the end have no label, whatever they led to: those that bought at once would be
    too many among them.

    Args:
        events: of customers.
        end: UTC seconds of the end of the data.
    """
    kinds = session_kinds(events)
    buys = (kinds == BOUGHT) | (kinds == IN_CART)
    buys[events.sessions[_followed_by_purchase(events)]] = True
    labels = np.select([kinds == HELP, buys], [1, 0], 2)
    labels[events.when[events.starts] + SOON > end] = -1
    return labels


def _followed_by_purchase(events: SessionEvents) -> IntArray:
    """Positions of events that a purchase of the same customer and group follows soon."""
    about = np.flatnonzero(events.groups >= 0)
    width = int(events.groups.max(initial=0)) + 1
    key = events.customers[about] * width + events.groups[about]
    bought = EventHistory(
        key[events.steps[about] == PURCHASE],
        events.when[about][events.steps[about] == PURCHASE],
    )
    when = events.when[about]
    soon: IntArray = about[bought.count(key, when + SOON) > bought.count(key, when)]
    return soon


def _first_known(codes: IntArray, events: SessionEvents) -> IntArray:
    labels = np.full(len(events.starts), -1, np.int64)
    known = np.flatnonzero(codes >= 0)[::-1]
    # Assigned backwards, so that the first one stays.
    labels[events.sessions[known]] = codes[known]
    return labels
