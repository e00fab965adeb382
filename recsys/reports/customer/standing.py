"""Where a customer stands: segments, signals, what he is expected to be worth, what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.customers.lifetime_value.bands import BAND_SHARES, band_of
from recsys.customers.lifetime_value.forecast import forecast
from recsys.customers.lifetime_value.observe import observe
from recsys.customers.segments.library import SegmentLibrary
from recsys.customers.segments.members import members_at
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.library import SignalLibrary
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.journeys.leaving.learn import learn_leaving
from recsys.journeys.micro_moments.learn import learn
from recsys.journeys.micro_moments.observe import observe as observe_sessions
from recsys.journeys.moment_columns import LEAVING, NEXT, moment_columns
from recsys.journeys.purposes.tree import product_names
from recsys.reports.customer.person import NothingKnownError, Person

_LEARNED_FROM = 2_000
"""Customers whose sessions teach what the next one will be for: a page is made in seconds."""


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Segments that a customer is in, and the labels of bands, cells and stage."""

    names: Sequence[str]
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A signal that a customer shows.

    Attributes:
        name: of the signal.
        about: what it is, in words; may be empty.
        product: name of the product that it is of; "" for none.
        since: from when it counts, UTC.
    """

    name: str
    about: str
    product: str
    since: pd.Timestamp


@dataclass(frozen=True, kw_only=True)
class Value:
    """What a customer is expected to buy and spend.

    Attributes:
        days: ahead.
        active: probability that he ever buys again.
        purchases: expected number, with the ends of its 95 % interval.
        spending: the same of money; None where purchases have no value.
        band: high, medium or low among all who bought.
    """

    days: int
    active: float
    purchases: tuple[float, float, float]
    spending: tuple[float, float, float] | None
    band: str


@dataclass(frozen=True, kw_only=True)
class NextMoment:
    """What a session that begins at the cut-off would be for: name of a moment -> probability."""

    chances: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """The probability that a customer does nothing in the days after the cut-off.

    Attributes:
        days: after it.
        probability: of this customer.
        mean: of all customers who were active.
    """

    days: int
    probability: float
    mean: float


def segments_of(person: Person, library: SegmentLibrary) -> Segments:
    """Raises `InputError` where an expression is wrong; `NothingKnownError` without any row."""
    moment = person.require_moment("segments")
    members = members_at(library, person.data, moment)
    place = np.flatnonzero(members.customers == person.row)
    if not len(place):
        raise NothingKnownError(f"segments: nothing is known of customer '{person.id}'")
    at = int(place[0])
    labels = {name: values[at] for name, values in members.labels.items()}
    return Segments(
        names=[name for name, is_in in members.segments.items() if is_in[at]],
        labels={name: str(label) for name, label in labels.items() if label is not None},
    )


def signals_of(person: Person, library: SignalLibrary) -> list[Signal]:
    """The signals of one customer, the latest first. Raises `InputError` as `signals_at`."""
    moment = person.require_moment("signals")
    found = signals_at(library, person.own, moment)
    about = {signal.name: signal.about for signal in library.signals}
    products = np.append(product_names(person.data), "")
    mine = np.flatnonzero(found.customers == person.row)
    signals = [
        Signal(
            name=found.names[found.signals[at]],
            about=about[found.names[found.signals[at]]],
            product=str(products[found.products[at]]),
            since=timestamp(int(found.since[at])),
        )
        for at in mine
    ]
    return sorted(signals, key=lambda signal: signal.since, reverse=True)


def value_of(person: Person, days: int, actions: Sequence[str]) -> Value:
    """Raises `InputError` where nobody buys enough; `NothingKnownError` where this one has not."""
    seen = observe(person.data, tuple(actions))
    place = np.flatnonzero(seen.customers == person.row)
    if not len(place):
        raise NothingKnownError(f"value: customer '{person.id}' has bought nothing yet")
    at = int(place[0])
    made = forecast(seen, days)

    def ends(estimate: object) -> tuple[float, float, float]:
        values = (getattr(estimate, name)[at] for name in ("mean", "low", "high"))
        mean, low, high = (float(value) for value in values)
        return mean, low, high

    return Value(
        days=days,
        active=float(made.active[at]),
        purchases=ends(made.purchases),
        spending=None if made.value is None else ends(made.value),
        band=band_of((made.value or made.purchases).mean, BAND_SHARES)[at],
    )


def next_moment_of(person: Person, label: str) -> NextMoment:
    """Raises `InputError` where labels are too few; `NothingKnownError` without a session."""
    moment = person.require_moment("the next moment")
    model = learn(observe_sessions(_part(person), label))
    table = moment_columns(person.own, moment, model, None)
    if table.empty:
        raise NothingKnownError(f"moments: customer '{person.id}' has no session yet")
    return NextMoment(chances={name: float(table[f"{NEXT}{name}"].iloc[0]) for name in model.names})


def _part(person: Person) -> Dataset:
    """So many customers that more of them hardly teach anything, drawn at random."""
    count = len(person.data.customers)
    if count <= _LEARNED_FROM:
        return person.data
    chosen = np.zeros(count, dtype=bool)
    chosen[np.random.default_rng(0).choice(count, _LEARNED_FROM, replace=False)] = True
    return person.data.select(chosen[person.data.interactions.customers])


def leaving_of(person: Person, days: int) -> Leaving:
    """Raises `InputError` where too few left; `NothingKnownError` for who left before."""
    moment = person.require_moment("intent to leave")
    model = learn_leaving(person.data, moment, days)
    table = moment_columns(person.data, moment, None, model)
    mine = table.loc[(table[columns.CUSTOMER].astype(str) == person.id).to_numpy(bool), LEAVING]
    if mine.isna().all():
        raise NothingKnownError(f"leaving: customer '{person.id}' has done nothing within a year")
    return Leaving(days=days, probability=float(mine.iloc[0]), mean=float(table[LEAVING].mean()))
