"""The windows of runs with `split=rolling`, read from what they kept of every query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.errors import InputError
from recsys.experiments.pairs import aligned_columns
from recsys.tracking.read import TrackedRun
from recsys.tracking.run_tags import WINDOWS

_WINDOW, _AGE = "window", "age"


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowValues:
    """A metric of several runs by query, window by window.

    Attributes:
        values: [Q, M] by query of all windows and run.
        customers: [Q] numbers of the queries' customers.
        windows: [Q] number of the window, from 0, the oldest.
        spans: start and end of each window, as text.
    """

    values: FloatArray
    customers: IntArray
    windows: IntArray
    spans: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, eq=False)
class AgedValues:
    """A metric of one run, of models of one age and of fresh ones, on the same queries.

    Attributes:
        old: [Q] of models that were fitted `age` windows earlier.
        fresh: [Q] of models that were fitted just before the window.
        customers: [Q] numbers of the queries' customers.
        windows: number of windows that the queries are of.
    """

    old: FloatArray
    fresh: FloatArray
    customers: IntArray
    windows: int


def with_windows(runs: Sequence[TrackedRun]) -> list[TrackedRun]:
    """The runs with several windows.

    Args:
        runs: finished runs.

    Raises:
        InputError: there are runs, and none has several windows.
    """
    kept = [run for run in runs if WINDOWS in run.tags]
    if not kept:
        raise InputError(
            "a backtest needs finished runs with several windows, and there is none; train with "
            "split=rolling, as in recsys train -m model=popularity,als split=rolling"
        )
    return kept


def window_values(runs: Sequence[TrackedRun], metric: str) -> WindowValues:
    """A metric of all runs by query and window.

    Args:
        runs: with several windows, on one data set and one split.
        metric: as "ndcg@10".

    Raises:
        InputError: the runs have other queries, or one kept no windows.
    """
    values, customers = aligned_columns(runs, [metric, _WINDOW], "valid")
    windows = values[_WINDOW]
    if not (windows == windows[:, :1]).all():
        raise InputError("the runs were measured on different windows; train them again")
    number = windows[:, 0].astype(np.int64)
    spans = _spans(runs[0])
    if not np.array_equal(np.unique(number), np.arange(len(spans))):
        raise InputError(
            f"run {runs[0].run_id[:8]}: its queries are not of its {len(spans)} windows"
        )
    return WindowValues(values=values[metric], customers=customers, windows=number, spans=spans)


def aged_values(run: TrackedRun, metric: str) -> dict[int, AgedValues]:
    """Age in windows -> old and fresh models; empty where the run did not measure it.

    Args:
        run: with several windows.
        metric: as "ndcg@10".

    Raises:
        InputError: the run has no such file, or it is not of the queries of the run.
    """
    if not any(name.startswith("cost_of_age/") for name in run.metrics):
        return {}
    aged, valid = run.per_query("aged"), run.per_query("valid")
    missing = {_WINDOW, _AGE, columns.CUSTOMER, metric} - set(aged)
    if missing:
        raise InputError(f"run {run.run_id[:8]}: per_query_aged.parquet has no {min(missing)}")
    return {
        int(age): _of_age(run, aged[aged[_AGE] == age], valid, metric)
        for age in np.unique(aged[_AGE])
    }


def _of_age(run: TrackedRun, aged: pd.DataFrame, valid: pd.DataFrame, metric: str) -> AgedValues:
    fresh = valid[valid[_WINDOW].isin(aged[_WINDOW])].sort_values(_WINDOW, kind="stable")
    aged = aged.sort_values(_WINDOW, kind="stable")
    keys = [_WINDOW, columns.CUSTOMER]
    if not np.array_equal(fresh[keys].to_numpy(object), aged[keys].to_numpy(object)):
        raise InputError(
            f"run {run.run_id[:8]}: per_query_aged.parquet is not of the queries of valid"
        )
    return AgedValues(
        old=aged[metric].to_numpy(np.float64),
        fresh=fresh[metric].to_numpy(np.float64),
        customers=pd.factorize(fresh[columns.CUSTOMER])[0],
        windows=aged[_WINDOW].nunique(),
    )


def _spans(run: TrackedRun) -> list[tuple[str, str]]:
    """Start and end of each window, a date alone where the time is midnight."""
    windows = run.metrics_json.get("windows")
    if not isinstance(windows, list) or not all(
        isinstance(window, dict) and {"from", "to"} <= set(window) for window in windows
    ):
        raise InputError(f"run {run.run_id[:8]}: metrics.json: windows: expected from and to")
    return [(_day(window["from"]), _day(window["to"])) for window in windows]


def _day(moment: object) -> str:
    return str(moment)[:40].removesuffix("T00:00:00+00:00")
