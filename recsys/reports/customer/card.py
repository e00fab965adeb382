"""`CustomerCard`: all parts of the page about one customer; what cannot be said is left out."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pandas as pd

from recsys.customers.segments.library import SegmentLibrary
from recsys.customers.signals.library import SignalLibrary
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.reports.customer.consents import Consent, consents_of
from recsys.reports.customer.identities import Link, links_of, record_links
from recsys.reports.customer.offers import NextOffers, Ranker, next_offers_of
from recsys.reports.customer.person import NothingKnownError, Person
from recsys.reports.customer.standing import (
    Leaving,
    NextMoment,
    Segments,
    Signal,
    Value,
    leaving_of,
    next_moment_of,
    segments_of,
    signals_of,
    value_of,
)
from recsys.reports.customer.strands import AUTO_COLUMN, Strand, Timeline, events_of, timeline_of

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class CardSettings:
    """What a card is made of.

    Attributes:
        segments, signals: libraries of them.
        column: of products that has the purposes; None finds them in the graph.
        actions: that are purchases.
        value_days: how far ahead a customer's value is forecast.
        leaving_days: who does nothing for so long leaves.
        label: of past sessions, see `recsys.journeys.micro_moments.observe`.
        k: offers at each touchpoint.
        identities: a folder of `recsys identities`; None for none.
        records: the table of records, which the folder is about.
        rank: makes a model or an artifact of the data before the cut-off; None for no offers.
        wanted: names of parts that were asked for: a fault of the data for them is refused.
    """

    segments: SegmentLibrary
    signals: SignalLibrary
    column: str | None = AUTO_COLUMN
    actions: Sequence[str] = (columns.DEFAULT_ACTION,)
    value_days: int = 365
    leaving_days: int = 60
    label: str = "outcome"
    k: int = 1
    identities: Path | None = None
    records: pd.DataFrame | None = None
    rank: Callable[[Dataset], Ranker] | None = None
    wanted: Collection[str] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerCard:
    """What is known of one customer as of a cut-off; a part is None where it cannot be said.

    Attributes:
        person: whose card it is.
        name: what the customer is called on the page.
        links: ids and records that are this customer.
        timeline: events with their strands; without strands where these cannot be told.
        segments, signals, value, moment, leaving, consents, offers: see their classes.
        left_out: name of a part -> why it is not there.
    """

    person: Person
    name: str
    timeline: Timeline
    links: Sequence[Link] | None = None
    segments: Segments | None = None
    signals: Sequence[Signal] | None = None
    value: Value | None = None
    moment: NextMoment | None = None
    leaving: Leaving | None = None
    consents: Sequence[Consent] | None = None
    offers: NextOffers | None = None
    left_out: dict[str, str] = field(default_factory=dict)


def customer_card(person: Person, settings: CardSettings) -> CustomerCard:
    """Composes the card from what was known before the cut-off.

    Args:
        person: whose.
        settings: what it is made of.

    Raises:
        InputError: the data do not allow a part of `settings.wanted`.
    """
    left_out: dict[str, str] = {}

    def made(name: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except InputError as error:
            if name in settings.wanted and not isinstance(error, NothingKnownError):
                raise
            left_out[name] = str(error)
            return None

    timeline = made("strands", lambda: timeline_of(person, settings.column))
    if timeline is None:
        timeline = Timeline(strands=(), events=events_of(person))
    strands = [strand for strand in timeline.strands if strand.is_open]
    return CustomerCard(
        person=person,
        name=person.id,
        timeline=timeline,
        links=made("identities", lambda: _links(person, settings)),
        segments=made("segments", lambda: segments_of(person, settings.segments)),
        signals=made("signals", lambda: signals_of(person, settings.signals)),
        value=made("value", lambda: value_of(person, settings.value_days, settings.actions)),
        moment=made("moment", lambda: next_moment_of(person, settings.label)),
        leaving=made("leaving", lambda: leaving_of(person, settings.leaving_days)),
        consents=made("consent", lambda: consents_of(person)),
        offers=made("offers", lambda: _offers(person, settings, strands)),
        left_out=left_out,
    )


def _links(person: Person, settings: CardSettings) -> Sequence[Link]:
    if settings.identities is None:
        return links_of(person)
    known = []
    if person.linked[1:]:
        known = links_of(person)
    return [*known, *record_links(person, settings.records, settings.identities)]


def _offers(person: Person, settings: CardSettings, strands: Sequence[Strand]) -> NextOffers:
    if settings.rank is None:
        raise NothingKnownError("offers: expected a model or an artifact that ranks them, got none")
    if not len(person.data.products):
        raise InputError("offers: expected products, in events or in a table, got none")
    return next_offers_of(person, settings.rank(person.data), settings.k, strands)
