"""Drift of inputs: how far distributions have moved from those of former periods."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.tables import Tables
from recsys.evaluation.monitoring.drift import (
    Stability,
    bin_counts,
    numeric_bins,
    stability,
    stability_index,
)
from recsys.evaluation.monitoring.history import FEWEST_PERIODS
from recsys.reports.monitor.settings import DRIFTED, MonitorSettings
from recsys.reports.monitor.watched import Watched, codes, logged

VALUES = 20
"""Most values of a text column; rarer ones count as one."""

MOVED = 2.0
"""How many times the largest shift of a former period a shift has to exceed."""

_TAKEN = (columns.CUSTOMER, columns.PRODUCT, columns.NAME, columns.VALID_FROM, columns.VALID_TO)


@dataclass(frozen=True, kw_only=True, eq=False)
class Input:
    """A distribution by period.

    Attributes:
        name: of the column.
        counts: [T, B] by period and bin; sizes: [T] independent customers among them.
    """

    name: str
    counts: IntArray
    sizes: FloatArray


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How far an input has moved.

    Attributes:
        name: of the input.
        now: the newest period against all former ones.
        previous: the period before against those before it.
        largest: index of the former period that lies furthest from the other former ones.
        bound: what the lower end of the newest interval has to exceed.
        is_alarm: whether it does.
    """

    name: str
    now: Stability
    previous: Stability
    largest: float
    bound: float
    is_alarm: bool


def drifts(seen: Watched, tables: Tables | None, settings: MonitorSettings) -> list[Drift]:
    """The drift of every input; none where former periods are too few.

    An input alarms if the lower end of its interval exceeds `DRIFTED` and `MOVED` times the largest
    shift that a former period had: a shift that comes with every season is none.
    """
    if seen.count <= FEWEST_PERIODS:
        return []
    found = list(inputs(seen, tables))
    return [_drift(each, settings.share("drift of inputs") / len(found)) for each in found]


def inputs(seen: Watched, tables: Tables | None) -> Iterator[Input]:
    """Touchpoints, probabilities, scores, features of customers and products, and actions."""
    former = np.flatnonzero(seen.periods < seen.count - 1)
    yield _input(seen, columns.TOUCHPOINT, codes(seen.frame, columns.TOUCHPOINT)[0])
    if not np.isnan(seen.probability).all():
        yield _input(seen, columns.PROBABILITY, numeric_bins(seen.probability, former))
    scores = _scores(seen)
    if scores is not None:
        yield _input(seen, columns.SCORE, numeric_bins(scores, former))
    if tables is None:
        return
    for table, key, other in (
        (tables.customers, columns.CUSTOMER, columns.CUSTOMER),
        (tables.products, columns.PRODUCT, columns.OFFER),
    ):
        if table is not None:
            yield from _features(seen, table.drop_duplicates(key, keep="last"), key, other, former)
    if columns.ACTION in tables.interactions and columns.TIMESTAMP in tables.interactions:
        yield _actions(seen, tables.interactions)


def _scores(seen: Watched) -> FloatArray | None:
    """Scores of the newest model version; None where former periods do not have it.

    Another model has other scores, and a promotion is no drift.
    """
    scores = logged(seen.frame, columns.SCORE)
    if columns.MODEL_VERSION in seen.frame:
        versions = seen.frame[columns.MODEL_VERSION].astype("str").to_numpy()
        newest = versions[int(seen.frame[columns.TIMESTAMP].argmax())]
        scores = np.where(versions == newest, scores, np.nan)
    known = ~np.isnan(scores)
    in_all = len(np.unique(seen.periods[known])) == seen.count
    return scores if in_all else None


def _features(
    seen: Watched, table: pd.DataFrame, key: str, other: str, former: IntArray
) -> Iterator[Input]:
    """Features of a table whose ids stand in the column `other` of the log."""
    ids = table[key].astype("str").to_numpy()
    rows = pd.Index(ids).get_indexer(pd.Index(seen.frame[other].astype("str")))
    if not (rows >= 0).any():
        return
    for name in [each for each in table if each not in _TAKEN]:
        values = table[name]
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            continue
        label = f"{key.removesuffix('_id')} {name}"
        if pd.api.types.is_numeric_dtype(values.dtype) and values.dtype != bool:
            numbers = values.to_numpy(np.float64, na_value=np.nan)
            of_rows = np.where(rows >= 0, numbers[rows], np.nan)
            yield _input(seen, label, numeric_bins(of_rows, former))
        else:
            found = np.where(rows >= 0, _common(values)[rows], -1)
            yield _input(seen, label, found)


def _common(values: pd.Series) -> IntArray:
    """[n] positions of the most frequent values, those of all others together, -1 for none."""
    numbers, names = pd.factorize(values)
    order = np.argsort(-np.bincount(numbers[numbers >= 0], minlength=len(names)), kind="stable")
    ranks = np.empty(len(names) + 1, np.int64)
    ranks[order] = np.minimum(np.arange(len(names)), VALUES)
    ranks[-1] = -1
    return ranks[numbers]


def _input(seen: Watched, name: str, bins: IntArray) -> Input:
    rows = (bins >= 0) & ~seen.is_control
    return Input(
        name=name,
        counts=bin_counts(np.where(rows, bins, -1), seen.periods, seen.count),
        sizes=_customers(seen.periods[rows], seen.customers[rows], seen.count),
    )


def _actions(seen: Watched, events: pd.DataFrame) -> Input:
    """Actions of the interactions of each period."""
    edges = np.append(seen.starts.as_unit("ns").asi8, seen.end.value)
    moments = pd.DatetimeIndex(events[columns.TIMESTAMP]).as_unit("ns").asi8
    periods = np.searchsorted(edges, moments, side="right") - 1
    rows = (periods >= 0) & (periods < seen.count)
    return Input(
        name=columns.ACTION,
        counts=bin_counts(
            codes(events, columns.ACTION)[0][rows], periods[rows], seen.count
        ),
        sizes=_customers(
            periods[rows], pd.factorize(events[columns.CUSTOMER])[0][rows], seen.count
        ),
    )  # fmt: skip


def _customers(periods: IntArray, customers: IntArray, count: int) -> FloatArray:
    """[T] different customers of each period."""
    size = int(customers.max(initial=0)) + 1
    is_there = np.zeros(count * size, dtype=bool)
    is_there[periods * size + customers] = True
    return np.asarray(is_there.reshape(count, size).sum(axis=1), np.float64)


def _drift(each: Input, alpha: float) -> Drift:
    level, former, sizes = 1 - 2 * alpha, each.counts[:-1], each.sizes[:-1]
    before = former.sum(axis=0)
    now = stability(
        before, each.counts[-1], sizes=(float(sizes.sum()), float(each.sizes[-1])), level=level
    )
    previous = stability(
        before - former[-1],
        former[-1],
        sizes=(float(sizes[:-1].sum()), float(sizes[-1])),
        level=level,
    )
    others = stability_index(before - former, former)
    largest = float(np.nanmax(others)) if not np.isnan(others).all() else np.nan
    bound = float(np.nanmax([DRIFTED, MOVED * largest]))
    return Drift(
        name=each.name, now=now, previous=previous, largest=largest, bound=bound,
        is_alarm=bool(now.low > bound),
    )  # fmt: skip
