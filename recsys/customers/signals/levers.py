"""Signals that raise offers: their lift on these offers, and factors of customers for decisions.

A signal with a `lever` raises the offers that it is about: of its product or the product's
category, of some categories, or all. With `lever: proven` the factor is what is surely so: the end
of the lift's interval that is nearer to 1, and none where the lift may be 1. Signals overlap, so of
several that raise the same offer of a customer the strongest counts, as of several that lower it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.customers.levers import lever_table
from recsys.customers.signals.detect import Detected
from recsys.customers.signals.library import PROVEN, Signal, SignalLibrary
from recsys.customers.signals.lift import Lift, Observations, lifts
from recsys.customers.signals.raised_offers import RaisedOffers
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND, microseconds
from recsys.errors import InputError
from recsys.evaluation.monitoring.drift import numeric_bins
from recsys.evaluation.pairwise import holm_adjusted

BINS = 20
"""Groups of equal size by logged probability, within which rates are compared."""


@dataclass(frozen=True, kw_only=True)
class Lever:
    """What a signal does to the value of the offers that it is about.

    Attributes:
        signal: with a lever.
        lift: on acceptance of these offers; None where the file states a number.
        factor: on their value; 1 where nothing is proven.
    """

    signal: Signal
    lift: Lift | None
    factor: float


def levers(
    library: SignalLibrary, found: Sequence[Detected], data: Dataset, every: int
) -> list[Lever]:
    """The lever of each signal that has one.

    The lift of a proven one is counted from the decisions about the offers that it raises, between
    customers with it and without it, within the touchpoint and a twentieth of the decisions by
    logged probability: what a model knows already is no lever. Without logged probabilities rates
    are compared within the touchpoint and the offer. p-values are corrected by Holm.

    Args:
        library: of signals.
        found: at moments, rising, `every` microseconds apart.
        data: with decisions, where a lever is to be proven.
        every: microseconds after each moment whose decisions count.

    Raises:
        InputError: a category is unknown, or a lever is to be proven without decisions.
    """
    raising = [signal for signal in library.signals if signal.lever is not None]
    to_prove = [signal for signal in raising if signal.lever == PROVEN]
    offers = RaisedOffers.of(data)
    proven = _lifts(to_prove, offers, found, data, every)
    return [
        Lever(signal=signal, lift=proven.get(signal.name), factor=_factor(signal, proven))
        for signal in raising
    ]


def lever_rows(made: Sequence[Lever], now: Detected, data: Dataset) -> pd.DataFrame:
    """[n] rows of the table of levers (`recsys.customers.levers`), of who shows a signal now."""
    offers, parts = RaisedOffers.of(data), []
    for lever in made:
        if lever.factor == 1 or lever.signal.name not in now.names:
            continue
        if not lever.signal.raises:
            customers = np.unique(now.customers[now.of_signal(lever.signal.name)])
            rows = np.full(len(customers), -1)
        else:
            customers, rows = np.divmod(offers.shown(lever.signal, now, data), len(offers.ids))
        parts.append(pd.DataFrame({"customer": customers, "offer": rows, "factor": lever.factor}))
    raised = _strongest(parts)
    names = np.array([*offers.ids, None], dtype=object)[raised["offer"]]
    return lever_table(
        data.customers.ids[raised["customer"]],
        raised["factor"].to_numpy(np.float64),
        now.as_of // SECOND,
        names,
    )


def _strongest(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One row a customer and offer: the largest factor above 1 times the smallest below it."""
    if not parts:
        return pd.DataFrame({"customer": [], "offer": [], "factor": []}, dtype=np.int64)
    every = pd.concat(parts)
    found = every.groupby(["customer", "offer"])["factor"].agg(["min", "max"]).reset_index()
    return found.assign(factor=found["max"].clip(lower=1) * found["min"].clip(upper=1))


def _factor(signal: Signal, proven: Mapping[str, Lift]) -> float:
    if signal.lever != PROVEN:
        assert isinstance(signal.lever, float)
        return signal.lever
    lift = proven.get(signal.name)
    if lift is None or lift.verdict == "tie":
        return 1.0
    return max(lift.low, 1.0) if lift.verdict == "win" else min(lift.high, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Decisions:
    """The n logged decisions.

    Attributes:
        when: [n] UTC microseconds.
        customers: [n] row numbers.
        offers: [n] positions; -1 for one that is not on offer.
        accepted: [n].
        strata: [n] within which they are compared.
    """

    when: IntArray
    customers: IntArray
    offers: IntArray
    accepted: BoolArray
    strata: IntArray

    @classmethod
    def of(cls, table: pd.DataFrame, data: Dataset, offers: RaisedOffers) -> "_Decisions":
        """Those of the table of decisions."""
        rows = offers.ids.get_indexer(pd.Index(table[columns.OFFER].astype(str))).astype(np.int64)
        return cls(
            when=microseconds(table[columns.TIMESTAMP]),
            customers=data.customers.rows(table[columns.CUSTOMER]).astype(np.int64),
            offers=rows,
            accepted=(table[columns.OUTCOME] == "accept").to_numpy(bool),
            strata=_strata(table, data, rows),
        )


def _lifts(
    signals: Sequence[Signal],
    offers: RaisedOffers,
    found: Sequence[Detected],
    data: Dataset,
    every: int,
) -> dict[str, Lift]:
    if not signals:
        return {}
    table = data.side_tables.get("decisions")
    if table is None or table.empty:
        raise InputError(
            f"signals.{signals[0].name}.lever: expected a table of decisions that proves it, got "
            "none; write a factor such as 1.2"
        )
    decisions = _Decisions.of(table, data, offers)
    counted = {
        signal.name: lifts(_observed(signal, offers, found, data, decisions, every))[0]
        for signal in signals
        if any(signal.name in each.names for each in found)
    }
    corrected = holm_adjusted(np.array([lift.p_value for lift in counted.values()]))
    return {
        name: replace(lift, p_holm=float(p))
        for (name, lift), p in zip(counted.items(), corrected, strict=True)
    }


def _observed(
    signal: Signal,
    offers: RaisedOffers,
    found: Sequence[Detected],
    data: Dataset,
    decisions: _Decisions,
    every: int,
) -> Observations:
    when, customers, offer = decisions.when, decisions.customers, decisions.offers
    about = np.append(offers.of_signal(signal, data), False)[offer]
    shown, kept = np.zeros(len(when), bool), np.zeros(len(when), bool)
    for each in found:
        rows = (when >= each.as_of) & (when < each.as_of + every) & (customers >= 0) & about
        kept |= rows
        keys = customers[rows] * len(offers.ids) + offer[rows]
        shown[rows] = np.isin(keys, offers.shown(signal, each, data))
    return Observations(
        names=(signal.name,),
        shown=shown[kept, None],
        accepted=decisions.accepted[kept],
        customers=customers[kept],
        strata=decisions.strata[kept],
        unit="decision",
    )


def _strata(table: pd.DataFrame, data: Dataset, offer: IntArray) -> IntArray:
    within = offer + 1
    if columns.PROBABILITY in table:
        logged = table[columns.PROBABILITY].to_numpy(np.float64)
        within = numeric_bins(logged, np.arange(len(logged)), BINS) + 1
    touchpoints = data.touchpoints.rows(table[columns.TOUCHPOINT]).astype(np.int64) + 1
    return np.asarray(touchpoints * (within.max(initial=0) + 1) + within)
