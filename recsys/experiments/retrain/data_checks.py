"""Checks the data of a retraining against those of the last one, before anything is fitted.

A retraining by a scheduler has nobody who looks: a table that was loaded by half gives a model that
is worse in ways a test window of the same broken data does not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from recsys.data import columns
from recsys.data.interactions import DAY, microseconds, timestamp
from recsys.data.tables import Tables
from recsys.experiments.retrain.column_sketch import drift, sketchable
from recsys.experiments.retrain.data_profile import (
    RECENT_DAYS,
    DataProfile,
    known_shares,
    schema_of,
)
from recsys.experiments.retrain.history import overlap

CHECKS = ("schema", "settings", "rows", "history", "events", "known", "columns")
"""Names of the checks, in the order in which they are made."""
_YEAR = 364
"""Days: whole weeks, so that weekdays meet."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far new data may be from the last ones.

    Attributes:
        rows: least rows of a table, as a share of its former rows. Tables grow; a fifth less is no
            clean-up of old records but a load that broke off.
        history: most former events that may be missing or changed. Corrections and erased customers
            are a matter of per mille; 2 % leaves room for them.
        fewer, more: least and most events a day, as a multiple of those in the 28 days before, or a
            year before. Trade has weeks of two thirds and of one and a half; half the events is a
            lost file, and twice as many one that was loaded twice.
        known: most that the share of events with a known customer or product may fall. New
            customers come slowly; ids that were swapped or re-keyed are unknown all at once.
        columns: most drift of a column, see `column_sketch.drift`. Mixes of actions and touchpoints
            move by some hundredths from month to month; of two columns that were swapped all.
    """

    rows: float = 0.8
    history: float = 0.02
    fewer: float = 0.6
    more: float = 2.0
    known: float = 0.25
    columns: float = 0.25


LIMITS = tuple(field.name for field in fields(Limits))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check.

    Attributes:
        check: its name, of `CHECKS`.
        figures: name -> value, for MLflow.
        failure: what was expected and what came; empty where the check passed.
    """

    check: str
    figures: dict[str, float]
    failure: str = ""

    def line(self) -> str:
        """The failure with the remedy."""
        return f"{self.check}: {self.failure}; if that is right, say accept_change={self.check}"


def check_data(
    former: DataProfile, new: DataProfile, tables: Tables, limits: Limits
) -> list[Finding]:
    """All checks, whatever they find, in the order of `CHECKS`.

    Args:
        former: profile of the last retraining's data.
        new: profile of these data.
        tables: these data, checked.
        limits: how far they may be apart.
    """
    return [
        _schema(former, tables),
        _settings(former, new),
        _rows(former, new, limits),
        _history(former, tables, limits),
        _events(former, new, limits),
        _known(former, tables, limits),
        _columns(former, tables, limits),
    ]


def _schema(former: DataProfile, tables: Tables) -> Finding:
    now = schema_of(tables)
    failure = ""
    for table, kinds in former.schema.items():
        for column, kind in kinds.items():
            if table not in now:
                failure = failure or f"expected a table {table}, as last time, got none"
                continue
            came = now[table].get(column)
            # A column that is empty this time has no type of its own.
            if came != kind and not (came and _is_empty(tables, table, column)):
                failure = failure or (
                    f"expected {table}.{column} to be a {kind}, as last time, got "
                    f"{f'a {came}' if came else 'no such column'}"
                )
    return Finding(check="schema", figures={}, failure=failure)


def _is_empty(tables: Tables, table: str, column: str) -> bool:
    """Whether a column has no value at all."""
    return bool(getattr(tables, table)[column].isna().all())


def _settings(former: DataProfile, new: DataProfile) -> Finding:
    for key, value in former.settings.items():
        if new.settings.get(key) != value:
            failure = (
                f"expected data.{key}={_shown(value)}, as last time, got "
                f"{_shown(new.settings.get(key))}"
            )
            return Finding(check="settings", figures={}, failure=failure)
    return Finding(check="settings", figures={})


def _rows(former: DataProfile, new: DataProfile, limits: Limits) -> Finding:
    figures, failure = {}, ""
    for table, rows in former.rows.items():
        came = new.rows.get(table, 0)
        figures[f"rows.{table}"] = came / max(rows, 1)
        if came < limits.rows * rows:
            failure = failure or (
                f"expected at least {limits.rows:g} of the {rows:,} rows that {table} had last "
                f"time, got {came:,}"
            )
    return Finding(check="rows", figures=figures, failure=failure)


def _history(former: DataProfile, tables: Tables, limits: Limits) -> Finding:
    now = overlap(former.history, tables.interactions)
    figures = {"history.gone": now.gone, "history.changed": now.changed}
    failure = ""
    if now.gone + now.changed > limits.history:
        failure = (
            f"expected at most {limits.history:.1%} of the former events to be missing or changed, "
            f"got {now.gone:.1%} missing and {now.changed:.1%} changed"
        )
    return Finding(check="history", figures=figures, failure=failure)


def _events(former: DataProfile, new: DataProfile, limits: Limits) -> Finding:
    start, end = former.end, new.end
    came = new.rate(start, end)
    if came is None:
        # Whether there is anything to test on is for the windows to say.
        return Finding(check="events", figures={})
    usual = former.rate(max(start - RECENT_DAYS * DAY, former.first_day * DAY), start)
    a_year_before = former.rate(start - _YEAR * DAY, min(end - _YEAR * DAY, start))
    rates = [rate for rate in (usual, a_year_before) if rate]
    ratios = [came / rate for rate in rates]
    figures = {"events.a_day": came} | ({"events.ratio": ratios[0]} if ratios else {})
    if not ratios or any(limits.fewer <= ratio <= limits.more for ratio in ratios):
        return Finding(check="events", figures=figures)
    failure = (
        f"expected {limits.fewer:g} to {limits.more:g} times the {rates[0]:,.1f} events a day of "
        f"the {RECENT_DAYS} days before {timestamp(start):%Y-%m-%d}, got {ratios[0]:.2f} times "
        f"({came:,.1f} a day since)"
    )
    return Finding(check="events", figures=figures, failure=failure)


def _known(former: DataProfile, tables: Tables, limits: Limits) -> Finding:
    inside = _since(former, tables)
    shares = known_shares(tables, inside) if inside.any() else {}
    failure = ""
    for name, share in shares.items():
        before = former.known.get(name, share)
        if share < before - limits.known - _noise(int(inside.sum())):
            failure = failure or (
                f"expected about {before:.0%} of the new events to be of known {name}, as last "
                f"time, got {share:.0%}"
            )
    figures = {f"known.{name}": share for name, share in shares.items()}
    return Finding(check="known", figures=figures, failure=failure)


def _columns(former: DataProfile, tables: Tables, limits: Limits) -> Finding:
    figures, failures = {}, []
    for name, drifted, noise in _drifts(former, tables):
        figures[f"drift.{name}"] = drifted
        if drifted > limits.columns + noise:
            failures.append((drifted, name))
    failure = ""
    if failures:
        drifted, name = max(failures)
        failure = (
            f"expected the values of {name} as last time, a drift of at most {limits.columns:g}, "
            f"got {drifted:.2f}"
        )
    return Finding(check="columns", figures=figures, failure=failure)


def _drifts(former: DataProfile, tables: Tables) -> Iterator[tuple[str, float, float]]:
    """TABLE.COLUMN, its drift, and what chance alone may add; of interactions the new ones."""
    for table, frame in tables.items():
        rows = frame[_since(former, tables)] if table == "interactions" else frame
        sketches = former.columns.get(table, {})
        for column in sketchable(table, rows):
            if column in sketches and len(rows):
                noise = _noise(min(len(rows), sketches[column].rows))
                yield f"{table}.{column}", drift(sketches[column], rows[column]), noise


def _since(former: DataProfile, tables: Tables) -> np.ndarray:
    """[E] bool, the events after the end of the former data."""
    return np.asarray(microseconds(tables.interactions[columns.TIMESTAMP]) >= former.end)


def _noise(rows: int) -> float:
    """Three standard errors of a share of one half: few rows differ by chance."""
    return float(1.5 / np.sqrt(max(rows, 1)))


def _shown(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{','.join(map(str, value))}]"
    return str(value).lower()
