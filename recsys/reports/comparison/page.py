"""A comparison as files: one HTML page that loads nothing from elsewhere, and its tables as CSV."""

from collections.abc import Mapping

import pandas as pd

from recsys.experiments.pairs import LEVEL
from recsys.reports.comparison import plots
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.matrices import SHOWN, pairwise_matrix, slice_table
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.tables import (
    baseline_table,
    best_table,
    board_table,
    cost_table,
    run_table,
    seed_table,
)
from recsys.reports.comparison.words import summary
from recsys.reports.rendering import PagePicture, PageTable, as_csv, render

PAGE = "comparison.html"
"""File name of the page."""


def comparison_files(comparison: RunComparison) -> Mapping[str, str]:
    """The page and the whole tables of a comparison.

    Args:
        comparison: the compared runs.

    Returns:
        file name -> content: comparison.html, leaderboard.csv, pairwise.csv and slices.csv.
    """
    return {
        PAGE: comparison_page(comparison),
        "leaderboard.csv": as_csv(comparison.board),
        "pairwise.csv": as_csv(comparison.pairs),
        "slices.csv": as_csv(comparison.slices),
    }


def comparison_page(comparison: RunComparison) -> str:
    """The page as an HTML document.

    It has a summary, the leaderboard and all pairs; slices, costs, learning curves and seeds where
    the runs have them; and at the end the methods and the run ids.

    Args:
        comparison: the compared runs.
    """
    models = comparison.board[comparison.board["model"] != ORACLE]
    metric = comparison.metric
    return render(
        PAGE,
        title=f"Comparison on {comparison.runs[0].data}: {metric}",
        facts=_facts(comparison),
        summary=summary(comparison),
        board=board_table(comparison),
        intervals=PagePicture(
            plots.intervals(comparison),
            f"{metric} of every run with its interval, as in the table above",
        ),
        seeds=seed_table(comparison),
        pair_tables=_pair_tables(comparison),
        pair_count=len(comparison.pairs),
        runs_left_out=len(models) > SHOWN,
        runs_shown=SHOWN,
        slice_tables=_slice_tables(comparison),
        costs=cost_table(comparison),
        cost_picture=_cost_picture(comparison, models),
        curves=_curves(comparison),
        skipped=[f"{run.line()}." for run in comparison.skipped],
        level=f"{LEVEL:.0%}",
        has_oracle=len(models) < len(comparison.board),
        run_ids=run_table(comparison),
    )


def _facts(comparison: RunComparison) -> dict[str, str]:
    run, started = comparison.runs[0], max(run.started for run in comparison.runs)
    return {
        "data": run.data,
        "fingerprint": run.fingerprint[:16],
        "split": run.split,
        "customers of valid": f"{comparison.board['customers'].iloc[0]:,}",
        "runs": str(len(comparison.runs)),
        "latest run": f"{started:%Y-%m-%d %H:%M} UTC",
    }


def _pair_tables(comparison: RunComparison) -> list[PageTable]:
    if comparison.pairs.empty:
        return []
    tables = [pairwise_matrix(comparison), best_table(comparison), baseline_table(comparison)]
    return [table for table in tables if table is not None]


def _slice_tables(comparison: RunComparison) -> list[PageTable]:
    slices = comparison.slices
    dimensions = slices.loc[slices["metric"] == comparison.metric, "dimension"].unique()
    return [slice_table(comparison, name) for name in dimensions]


def _cost_picture(comparison: RunComparison, models: pd.DataFrame) -> PagePicture | None:
    is_known = models[["wall_seconds", "peak_memory_mb"]].notna().all().any()
    if models.empty or not is_known:
        return None
    alt = f"{comparison.metric} against wall seconds and peak memory, as in the table above"
    return PagePicture(plots.costs(comparison), alt)


def _curves(comparison: RunComparison) -> list[PagePicture]:
    return [
        PagePicture(plots.learning_curves(points, str(metric)), f"{metric} over steps of learning")
        for metric, points in comparison.curves.groupby("metric", sort=False)
    ]
