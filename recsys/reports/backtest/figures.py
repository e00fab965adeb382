"""The figures of a backtest: a leaderboard over windows, each window, and the cost of age."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.pairwise import pairwise
from recsys.experiments.pairs import LEVEL, difference_columns, with_verdicts
from recsys.reports.backtest.runs import WindowValues, aged_values, window_values, with_windows
from recsys.reports.comparison.compare import RunComparison, compare
from recsys.reports.comparison.ranking import ORACLE
from recsys.tracking.read import Skipped, TrackedRun


@dataclass(frozen=True, kw_only=True, eq=False)
class Backtest:
    """Runs over several windows.

    Attributes:
        comparison: of the queries of all windows together.
        board: one row a run, best first: rank, label, model, mean, low, high (over customers),
            deviation, lowest, highest (of the means of the windows), best_in (windows with the
            highest mean), wins, ties, losses (windows, against the baseline), run_id.
        windows: one row a run and window: label, model, window, start, end, mean, low, high,
            customers, difference, difference_low, difference_high (to the baseline), p_holm,
            verdict, run_id.
        ages: one row a run and age: label, model, age, windows, old, fresh, difference, low, high
            (old - fresh), p_holm, verdict, run_id; empty where no run measured it.
    """

    comparison: RunComparison
    board: pd.DataFrame
    windows: pd.DataFrame
    ages: pd.DataFrame


def backtest(
    runs: Sequence[TrackedRun],
    metric: str = "ndcg@10",
    baseline: str = "segment",
    skipped: Sequence[Skipped] = (),
) -> Backtest:
    """Compares runs with `split=rolling` window by window.

    Args:
        runs: finished runs; those with one window are passed over.
        metric: that they are ranked by, as "ndcg@10".
        baseline: name of the model to compare with.
        skipped: runs that could not be read.

    Raises:
        InputError: as `recsys.reports.comparison.compare.compare`, or no run has several windows.
    """
    comparison = compare(with_windows(runs), metric, baseline, skipped)
    values = window_values(comparison.runs, metric)
    windows = _windows(comparison, values)
    return Backtest(
        comparison=comparison,
        board=_board(comparison, windows),
        windows=windows,
        ages=_ages(comparison),
    )


def _windows(comparison: RunComparison, values: WindowValues) -> pd.DataFrame:
    """Each run in each window, and against the baseline there; verdicts of all as a family."""
    base = next(
        (n for n, run in enumerate(comparison.runs) if run.model == comparison.baseline), None
    )
    tables = []
    for number, (start, end) in enumerate(values.spans):
        inside = values.windows == number
        of_window = values.values[inside]
        intervals = bootstrap(dict(enumerate(of_window.T)), values.customers[inside], level=LEVEL)
        rows = [
            {
                **_named(comparison, column), "window": number, "start": start, "end": end,
                "mean": interval.mean, "low": interval.low, "high": interval.high,
                "customers": interval.customers,
            }
            for column, interval in intervals.items()
        ]  # fmt: skip
        table = pd.DataFrame(rows)
        if base is not None:
            compared = _against(of_window, values.customers[inside], base)
            table = table.merge(compared, how="left", left_index=True, right_index=True)
        tables.append(table)
    joined = pd.concat(tables, ignore_index=True)
    return joined if base is None else _judged(joined)


def _against(values: np.ndarray, customers: np.ndarray, base: int) -> pd.DataFrame:
    """Every other column minus the column of the baseline, indexed by column."""
    others = [column for column in range(values.shape[1]) if column != base]
    # The baseline last, so that it is the second of its pairs; all share one resampling.
    pairs = pairwise(values[:, [*others, base]], customers, level=LEVEL)
    of_base = pairs.second == len(others)
    return pd.DataFrame(
        {
            "difference": pairs.difference[of_base],
            "difference_low": pairs.difference_low[of_base],
            "difference_high": pairs.difference_high[of_base],
            "p_value": pairs.p_values[of_base],
        },
        index=others,
    )


def _judged(windows: pd.DataFrame) -> pd.DataFrame:
    """With verdicts of all runs but the oracle and all windows as one family."""
    is_compared = windows["difference"].notna() & (windows["model"] != ORACLE)
    judged = with_verdicts(windows[is_compared])
    return windows.join(judged[["p_holm", "verdict"]]).drop(columns="p_value")


def _board(comparison: RunComparison, windows: pd.DataFrame) -> pd.DataFrame:
    """The leaderboard, see `Backtest.board`."""
    competing = windows[windows["model"] != ORACLE]
    highest = competing.groupby("window")["mean"].transform("max")
    best_in = competing[competing["mean"] == highest]["run_id"].value_counts()
    means = windows.groupby("run_id")["mean"]
    over = pd.DataFrame(
        {"deviation": means.std(), "lowest": means.min(), "highest": means.max()}
    ).reset_index()
    metric = comparison.metric
    board = comparison.board[
        ["rank", "label", "model", metric, "low", "high", "difference", "difference_low",
         "difference_high", "verdict", "run_id"]
    ].rename(columns={metric: "mean"})  # fmt: skip
    board = board.merge(over, on="run_id")
    board["best_in"] = board["run_id"].map(best_in).fillna(0).astype(int)
    for verdict, name in (("win", "wins"), ("tie", "ties"), ("loss", "losses")):
        if "verdict" in windows:
            counted = windows[windows["verdict"] == verdict]["run_id"].value_counts()
            board[name] = board["run_id"].map(counted).fillna(0).astype(int)
    return board


def _ages(comparison: RunComparison) -> pd.DataFrame:
    """What a model has less by its age; verdicts of all runs and ages as one family."""
    rows = []
    for column, run in enumerate(comparison.runs):
        for age, values in aged_values(run, comparison.metric).items():
            both = np.column_stack([values.old, values.fresh])
            pair = difference_columns(pairwise(both, values.customers, level=LEVEL))
            known = ~np.isnan(both).any(axis=1)
            rows.append(
                {
                    **_named(comparison, column), "age": age, "windows": values.windows,
                    "old": values.old[known].mean(), "fresh": values.fresh[known].mean(),
                    **{name: pair[name][0] for name in ("difference", "low", "high", "p_value")},
                }
            )  # fmt: skip
    if not rows:
        return pd.DataFrame()
    return with_verdicts(pd.DataFrame(rows)).drop(columns="p_value")


def _named(comparison: RunComparison, column: int) -> dict[str, str]:
    run = comparison.runs[column]
    label = comparison.board.set_index("run_id").loc[run.run_id, "label"]
    return {"label": str(label), "model": run.model, "run_id": run.run_id}
