"""What is known of a customer at a moment, from which the next life event is predicted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES, DAY, NEVER, SECOND
from recsys.graph.features import as_of
from recsys.journeys.life_events.observe import LifeEvents
from recsys.journeys.micro_moments.observe import product_groups
from recsys.ops.session_events import STEPS
from recsys.ops.temporal_counts import EventHistory

SINCE, COUNT, NUMBER, FLAG = "days since ", "count of ", "number ", "is "
"""How the name of a column begins: days since the latest, days with one, a number, 0 or 1."""
MOST_GROUPS = 40
"""Categories, the most frequent ones, that have columns of their own."""
_MOST_VALUES = 16
_WINDOWS = (14, 30, 60, 120, 240)
_KNOWN = 365
_NO_FEATURES = (columns.CUSTOMER, columns.VALID_FROM, columns.LANGUAGE, columns.TIME_ZONE)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns a model reads; the same at each moment.

    Attributes:
        groups: codes of categories, see `product_groups`.
        touchpoints: row numbers.
        kinds: names of life events.
        numbers: columns of customers.
        values: pairs of a column of customers and a text that it may have.
    """

    groups: Sequence[int]
    touchpoints: Sequence[int]
    kinds: Sequence[str]
    numbers: Sequence[str]
    values: Sequence[tuple[str, str]]


def columns_of(data: Dataset, life: LifeEvents, label: str) -> Columns:
    """The columns for a model of these data.

    Args:
        data: events before the cut-off.
        life: life events before the cut-off.
        label: column of customers with life events, which is read as `life` alone.
    """
    events = data.interactions
    counts = np.bincount(product_groups(data)[events.products[events.products >= 0]])
    groups = np.argsort(-counts, kind="stable")[:MOST_GROUPS]
    numbers, values = [], []
    table = data.side_tables.get("customers")
    for name in [] if table is None else map(str, table.columns):
        assert table is not None
        if name in (*_NO_FEATURES, label) or name.startswith(columns.CONSENT_PREFIX):
            continue
        if pd.api.types.is_numeric_dtype(table[name]):
            numbers.append(name)
        elif pd.api.types.is_string_dtype(table[name]) and table[name].nunique() <= _MOST_VALUES:
            values += [(name, str(value)) for value in sorted(table[name].dropna().unique())]
    return Columns(
        groups=tuple(int(code) for code in groups if counts[code]),
        touchpoints=tuple(range(len(data.touchpoints))),
        kinds=tuple(life.names),
        numbers=tuple(numbers),
        values=tuple(values),
    )


class Histories:
    """What can be known at any moment; each value is of what was strictly before it.

    Args:
        data: with timestamps.
        life: recorded life events.
        wanted: the columns.
    """

    def __init__(self, data: Dataset, life: LifeEvents, wanted: Columns) -> None:
        events = data.interactions
        assert events.when is not None
        own = np.flatnonzero(events.has_action(STEPS) & (events.when != NEVER))
        self._data, self._life, self._wanted = data, life, wanted
        self._customers = events.customers[own].astype(np.int64)
        self._when = events.when[own]
        self._actions, self._touchpoints = events.actions[own], events.touchpoints[own]
        self._groups = np.append(product_groups(data), -1)[events.products[own]]
        self._own = EventHistory(self._customers, self._when)

    def known(self, moment: int) -> IntArray:
        """Rows of the customers who did something in the year before a moment."""
        everybody = np.arange(len(self._data.customers))
        return self._own.active(everybody, moment, within=_KNOWN * DAY)

    def values(self, customers: IntArray, moments: IntArray) -> tuple[FloatArray, list[str]]:
        """Columns [n, F] of customers [n] at moments [n], nan for none, and their names [F]."""
        parts: dict[str, FloatArray] = {}
        self._activity(parts, customers, moments)
        self._by_code(parts, customers, moments)
        self._life_so_far(parts, customers, moments)
        self._attributes(parts, customers, moments)
        return np.column_stack(list(parts.values())), list(parts)

    def _activity(self, parts: dict[str, FloatArray], who: IntArray, when: IntArray) -> None:
        parts[f"{SINCE}event"] = self._own.since(who, when) / DAY
        first = np.full(len(self._data.customers), NEVER)
        np.minimum.at(first, self._customers, self._when)
        parts[f"{SINCE}first event"] = np.maximum(when - first[who], 0) / DAY
        counts = {days: self._own.count(who, when, within=days * DAY) for days in _WINDOWS}
        parts |= {f"{COUNT}events in {days}": count for days, count in counts.items()}
        # Of this month against the three before it, one added to each.
        before = (counts[120] - counts[30]) / 3
        parts[f"{FLAG}rising"] = np.log((counts[30] + 1) / (before + 1))
        for action in STEPS:
            chosen = self._actions == ACTION_CODES[action]
            self._count(parts, action, chosen, (30, 120), who, when)
        history = self._count(parts, "help", self._groups < 0, _WINDOWS, who, when)
        parts[f"{SINCE}help"] = history.since(who, when) / DAY

    def _by_code(self, parts: dict[str, FloatArray], who: IntArray, when: IntArray) -> None:
        for code in self._wanted.touchpoints:
            chosen = self._touchpoints == code
            self._count(parts, f"touchpoint {code}", chosen, (60,), who, when)
        for code in self._wanted.groups:
            chosen = self._groups == code
            history = self._count(parts, f"group {code}", chosen, _WINDOWS, who, when)
            parts[f"{SINCE}group {code}"] = history.since(who, when) / DAY

    def _count(
        self, parts: dict[str, FloatArray], name: str, chosen: BoolArray,
        windows: Sequence[int], who: IntArray, when: IntArray,
    ) -> EventHistory:  # fmt: skip
        history = self._days_of(chosen)
        for days in windows:
            parts[f"{COUNT}{name} in {days}"] = history.count(who, when, within=days * DAY)
        return history

    def _days_of(self, chosen: BoolArray) -> EventHistory:
        """The days on which a customer had one of these events, each at its first."""
        customers, when = self._customers[chosen], self._when[chosen]
        order = np.lexsort((when, customers))
        customers, when = customers[order], when[order]
        day = when // DAY
        is_first = np.append(True, (np.diff(customers) != 0) | (np.diff(day) != 0))[: len(day)]
        return EventHistory(customers[is_first], when[is_first])

    def _life_so_far(self, parts: dict[str, FloatArray], who: IntArray, when: IntArray) -> None:
        life, names = self._life, np.array([*self._life.names, ""], dtype=object)
        latest = EventHistory(life.customers, life.when)
        parts[f"{SINCE}life event"] = latest.since(who, when) / DAY
        for name in self._wanted.kinds:
            chosen = names[life.kinds] == name
            history = EventHistory(life.customers[chosen], life.when[chosen])
            parts[f"{COUNT}life event {name}"] = history.count(who, when)

    def _attributes(self, parts: dict[str, FloatArray], who: IntArray, when: IntArray) -> None:
        names = [f"{NUMBER}{name}" for name in self._wanted.numbers]
        names += [f"{FLAG}{name} {value}" for name, value in self._wanted.values]
        table = self._data.side_tables.get("customers")
        if not names or table is None:
            return
        values = np.full((len(who), len(names)), np.nan)
        for moment in np.unique(when):
            # Rounded down to the second, so that nothing of the moment itself is read.
            known = as_of(table, columns.CUSTOMER, int(moment) // SECOND)
            rows = self._data.customers.rows(known[columns.CUSTOMER])
            of_row = np.full((len(self._data.customers), len(names)), np.nan)
            of_row[rows[rows >= 0]] = self._encoded(known)[rows >= 0]
            values[when == moment] = of_row[who[when == moment]]
        parts |= {name: values[:, place] for place, name in enumerate(names)}

    def _encoded(self, known: pd.DataFrame) -> FloatArray:
        numbers = [
            pd.to_numeric(known[name]).to_numpy(np.float64, na_value=np.nan)
            for name in self._wanted.numbers
        ]
        flags = [
            (known[name].astype(object) == value).to_numpy(np.float64)
            for name, value in self._wanted.values
        ]
        return np.column_stack([*numbers, *flags])
