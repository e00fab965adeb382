"""What a retraining remembers of its data, for the next one to compare with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.categories import distinct, is_coded, plain
from recsys.data.filter_seen import parse_filter_seen
from recsys.data.interactions import DAY, microseconds
from recsys.data.source import Source
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.experiments.retrain.column_sketch import ColumnSketch, sketch, sketchable
from recsys.experiments.retrain.history import EventSample, sample_events

RECENT_DAYS = 28
"""Whole weeks, so that a Sunday does not look like a loss."""
_NAMED = {columns.CUSTOMER: "customers", columns.PRODUCT: "products"}


@dataclass(frozen=True, kw_only=True)
class DataProfile:
    """The data of a retraining in a few thousand numbers.

    Attributes:
        schema: table -> column -> "number", "text", "flag" or "time".
        rows: table -> its rows.
        settings: `targets` and `filter_seen` of the source.
        first_day: the UTC day of the first event, in days since 1970.
        days: [n] events on each day from there on.
        end: UTC microseconds, just after the last event.
        columns: table -> column -> its sketch; of interactions those of the last 28 days.
        known: "customers" or "products" -> share of the last 28 days' events whose customer or
            product had an event before, or has a row of its own.
        history: sampled events.
    """

    schema: Mapping[str, Mapping[str, str]]
    rows: Mapping[str, int]
    settings: Mapping[str, Any]
    first_day: int
    days: tuple[int, ...]
    end: int
    columns: Mapping[str, Mapping[str, ColumnSketch]]
    known: Mapping[str, float]
    history: EventSample

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "DataProfile":
        """The inverse of `plain`, after JSON.

        Raises:
            InputError: it holds something else.
        """
        try:
            fields = {
                **plain,
                "days": tuple(plain["days"]),
                "history": EventSample(**{k: tuple(v) for k, v in plain["history"].items()}),
                "columns": {
                    table: {name: _sketch_of(values) for name, values in sketches.items()}
                    for table, sketches in plain["columns"].items()
                },
            }
            return cls(**fields)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise InputError(
                "the data profile of the last retraining cannot be read; say accept_change=all to "
                "go on without it"
            ) from None

    def rate(self, start: int, end: int) -> float | None:
        """Mean events a day in [start, end), UTC microseconds; None where the data do not reach.

        Days at the ends count by the part of them that lies inside.
        """
        first, last = start / DAY - self.first_day, end / DAY - self.first_day
        if first < 0 or last > len(self.days) or last <= first:
            return None
        cumulative = np.append(0.0, np.cumsum(self.days))
        inside = np.interp([first, last], np.arange(len(cumulative)), cumulative)
        return float((inside[1] - inside[0]) / (last - first))


def data_profile(source: Source, tables: Tables) -> DataProfile:
    """Profiles checked tables.

    Args:
        source: of the tables.
        tables: checked, before identities are merged.

    Raises:
        InputError: the events have no times.
    """
    events = tables.interactions
    if columns.TIMESTAMP not in events:
        raise InputError(
            "interactions: a retraining needs a column 'timestamp', and there is none; use recsys "
            "train, export and promote"
        )
    when = microseconds(events[columns.TIMESTAMP])
    end = int(when.max()) + 1
    day = when // DAY
    filter_seen = parse_filter_seen(source.filter_seen)
    recent = when >= end - RECENT_DAYS * DAY
    frames = {**dict(tables.items()), "interactions": events[recent]}
    return DataProfile(
        schema=schema_of(tables),
        rows={name: len(table) for name, table in tables.items()},
        settings={
            "targets": list(source.targets),
            "filter_seen": "default" if filter_seen is None else str(filter_seen),
        },
        first_day=int(day.min()),
        days=tuple(np.bincount(day - day.min()).tolist()),
        end=end,
        columns={
            name: {column: sketch(frame[column]) for column in sketchable(name, frame)}
            for name, frame in frames.items()
        },
        known=known_shares(tables, recent),
        history=sample_events(events),
    )


def schema_of(tables: Tables) -> dict[str, dict[str, str]]:
    """Table -> column -> kind, see `DataProfile.schema`."""
    return {
        name: {str(column): _kind(table[column]) for column in table}
        for name, table in tables.items()
    }


def known_shares(tables: Tables, inside: np.ndarray) -> dict[str, float]:
    """See `DataProfile.known`, for the events of a mask; others are what was before."""
    events, shares = tables.interactions, {}
    for column, table in _NAMED.items():
        if column not in events:
            continue
        now = plain(events.loc[inside, column]).dropna()
        rows = getattr(tables, table)
        known = pd.Index(distinct(events.loc[~inside, column]))
        if rows is not None:
            known = known.union(pd.Index(rows[column].unique()))
        shares[table] = float(now.isin(known).mean()) if len(now) else 1.0
    return shares


def _kind(column: pd.Series) -> str:
    if is_coded(column):
        column = pd.Series(column.cat.categories)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return "time"
    if pd.api.types.is_bool_dtype(column.dtype):
        return "flag"
    return "number" if pd.api.types.is_numeric_dtype(column.dtype) else "text"


def _sketch_of(values: Mapping[str, Any]) -> ColumnSketch:
    return ColumnSketch(
        **{**values, "points": tuple(values["points"]), "below": tuple(values["below"])}
    )
