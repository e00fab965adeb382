"""A comparison of runs: leaderboard, all pairs, slices and learning curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from recsys.errors import InputError
from recsys.experiments.pairs import pair_table, rank_bounds, with_verdicts
from recsys.reports.comparison.leaderboard import leaderboard
from recsys.reports.comparison.ranking import ORACLE, labels, ranked
from recsys.reports.comparison.sound import sound
from recsys.tracking.read import Skipped, TrackedRun


@dataclass(frozen=True, kw_only=True, eq=False)
class RunComparison:
    """What runs on the same data and split say about each other on valid.

    Attributes:
        runs: best first, the oracle last.
        metric: that they are ranked by.
        baseline: the model that the leaderboard compares with; it may not be among them.
        board: of `leaderboard`, and rank_low, rank_high of `rank_bounds`.
        pairs: of `with_verdicts`, every pair but the oracle's.
        slices: one row a run, slice and metric: dimension, slice, rank, label, metric, mean, low,
            high, customers, run_id.
        curves: one row a point: label, metric, step, value, run_id; empty where no run has any.
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
    """Compares runs on the queries of valid, by customer.

    A run whose artifacts cannot be read, or whose metrics are not those of its own queries, is
    passed over and named.

    Args:
        runs: of one data set and one split; of equal model, settings and seed the latest counts.
        metric: that they are ranked by.
        baseline: a model's name.
        skipped: runs that could not be read to begin with, to be named with the others.

    Raises:
        InputError: there are no runs, they were not made on the same data and split or lack the
            metric, or two did not ask about the same customers.
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
    """Refuses a baseline that none of the runs is of.

    Raises:
        InputError: names the models there are.
    """
    models = sorted({run.model for run in runs})
    if models and baseline not in models:
        raise InputError(f"baseline={baseline}: no run of it; there are {', '.join(models)}")


def _slices(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    columns = ["dimension", "slice", "metric", "mean", "low", "high", "customers", "run_id"]
    rows = [
        (dimension, name, metric, found.mean, found.low, found.high, found.customers, run.run_id)
        for run in runs
        for dimension, parts in run.slices.items()
        for name, intervals in parts.items()
        for metric, found in intervals.items()
    ]
    return pd.DataFrame(rows, columns=columns)


def _curves(runs: Sequence[TrackedRun]) -> pd.DataFrame:
    rows = [
        (metric, step, value, run.run_id)
        for run in runs
        for metric, points in run.curves().items()
        for step, value in points.items()
    ]
    return pd.DataFrame(rows, columns=["metric", "step", "value", "run_id"])
