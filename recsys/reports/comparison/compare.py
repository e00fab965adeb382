"""A comparison of runs: leaderboard, all pairs, slices and learning curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.experiments.pairs import pair_table, rank_bounds, with_verdicts
from recsys.reports.comparison.leaderboard import leaderboard
from recsys.reports.comparison.ranking import ORACLE, labels, ranked
from recsys.reports.comparison.sound import sound
from recsys.tracking.read import Skipped, TrackedRun


@dataclass(frozen=True, kw_only=True, eq=False)
class RunComparison:
    """Runs on the same data and split, compared on valid.

    Attributes:
        runs: best first, the oracle last.
        metric: the metric that they are ranked by.
        baseline: the model that the leaderboard compares with; there may be no run of it.
        board: the table of `leaderboard`, with rank_low and rank_high of `rank_bounds`.
        pairs: the table of `with_verdicts`: every pair of runs without the oracle.
        slices: one row a run, slice and metric: dimension, slice, rank, label, metric, mean, low,
            high, customers, run_id.
        curves: one row a point of a learning curve: label, metric, step, value, run_id; empty where
            no run has one.
        skipped: runs that were passed over, and why.
    """

    runs: Sequence[TrackedRun]
    metric: str
    baseline: str
    board: pd.DataFrame
    pairs: pd.DataFrame
    slices: pd.DataFrame
    curves: pd.DataFrame
    skipped: Sequence[Skipped] = ()


def compare(
    runs: Sequence[TrackedRun],
    metric: str = "ndcg@10",
    baseline: str = "segment",
    skipped: Sequence[Skipped] = (),
) -> RunComparison:
    """Compares runs on the queries of valid, paired by customer.

    A run whose artifacts cannot be read, or whose metrics differ from the values of its queries, is
    passed over and named.

    Args:
        runs: finished runs on one data set and one split; of runs with equal model, settings and
            seed the latest counts.
        metric: the metric that they are ranked by, as "ndcg@10".
        baseline: name of the model to compare with.
        skipped: runs that could not be read, to be named with the others.

    Raises:
        InputError: there are no runs, they differ in data or split, one lacks the metric, or two
            have different customers in valid.
    """
    usable, unsound = sound(runs, alike=True)
    order = ranked(usable, metric)
    names = labels(order)
    pairs = pair_table(order, names, metric)
    models = [run.run_id for run in order if run.model != ORACLE]
    between = with_verdicts(
        pairs[pairs["first_run"].isin(models) & pairs["second_run"].isin(models)]
    )
    board = leaderboard(order, names, metric, pairs, baseline)
    board = board.merge(rank_bounds(between, models), how="left", on="run_id")
    return RunComparison(
        runs=order,
        metric=metric,
        baseline=baseline,
        board=board,
        pairs=between.reset_index(drop=True),
        slices=_slices(order).merge(board[["run_id", "rank", "label"]], on="run_id"),
        curves=_curves(order).merge(board[["run_id", "label"]], on="run_id"),
        skipped=[*skipped, *unsound],
    )


def require_baseline(runs: Sequence[TrackedRun], baseline: str) -> None:
    """Requires a run of the baseline.

    Args:
        runs: the runs to compare; without any nothing is required.
        baseline: name of a model.

    Raises:
        InputError: no run is of this model; names the models that have runs.
    """
    models = sorted({run.model for run in runs})
    if models and baseline not in models:
        raise InputError(f"baseline={baseline}: no run of it; there are {', '.join(models)}")


def _slices(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    columns = ["dimension", "slice", "metric", "mean", "low", "high", "customers", "run_id"]
    rows = [
        (dimension, name, metric, *_ends(interval), run.run_id)
        for run in runs
        for dimension, parts in run.slices.items()
        for name, intervals in parts.items()
        for metric, interval in intervals.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def _ends(interval: Interval) -> tuple[float, float, float, int]:
    return interval.mean, interval.low, interval.high, interval.customers


def _curves(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    rows = [
        (metric, step, value, run.run_id)
        for run in runs
        for metric, points in run.curves().items()
        for step, value in points.items()
    ]
    return pd.DataFrame(rows, columns=["metric", "step", "value", "run_id"])
