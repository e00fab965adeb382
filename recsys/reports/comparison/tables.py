"""The tables of a comparison page."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from recsys.experiments.pairs import LEVEL
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.matrices import shown
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.words import interval, number, times
from recsys.reports.rendering import PageTable, TableCell, verdict_cell

_BESIDE = 2
_VERDICT = TableCell("verdict", style="left")
_PAIR_HEAD = ("difference", "ratio", _VERDICT, "p (Holm)", "p (Wilcoxon)")
_COSTS = {
    "fit_seconds": ("fit s", ",.1f"),
    "wall_seconds": ("wall s", ",.1f"),
    "cpu_seconds": ("CPU s", ",.1f"),
    "peak_memory_mb": ("peak memory MiB", ",.0f"),
}


def board_table(comparison: RunComparison) -> PageTable:
    """The leaderboard with intervals, ranks and the difference to the baseline."""
    board, metric, baseline = comparison.board, comparison.metric, comparison.baseline
    beside = [name for name in comparison.runs[0].intervals("valid") if name != metric][:_BESIDE]
    has_baseline, has_oracle = board["verdict"].notna().any(), board["oracle_share"].notna().any()
    head: list[str | TableCell] = ["run", "rank", "possible ranks", metric, *beside]
    head += [f"minus {baseline}", _VERDICT] if has_baseline else []
    head += ["of oracle"] if has_oracle else []
    rows = [
        [
            row["label"],
            _rank(row),
            _ranks(row),
            _interval(row, metric, "low", "high"),
            *(number(row[name]) for name in beside),
            *(_baseline_cells(row) if has_baseline else []),
            *([f"{row['oracle_share']:.1%}"] if has_oracle else []),
        ]
        for row in board.to_dict("records")
    ]
    return PageTable(f"Valid, with {LEVEL:.0%} intervals over customers", head, rows)


def baseline_table(comparison: RunComparison) -> PageTable | None:
    """Every run against the baseline, corrected over these pairs alone; None without a baseline."""
    board = shown(comparison)
    compared = board[board["difference"].notna()]
    rows = [
        _pair_cells(row, row["label"], "difference_low", "difference_high")
        for row in compared.to_dict("records")
    ]
    caption = (
        f"Each run against {comparison.baseline}; Holm over these pairs, as on the leaderboard"
    )
    return PageTable(caption, ["run", *_PAIR_HEAD], rows) if rows else None


def best_table(comparison: RunComparison) -> PageTable:
    """The first run against every other, corrected over all pairs."""
    pairs = comparison.pairs
    pairs = pairs[pairs["second_run"].isin(shown(comparison)["run_id"])]
    pairs = pairs[pairs["first_run"] == comparison.runs[0].run_id]
    rows = [_pair_cells(pair, pair["second"], "low", "high") for pair in pairs.to_dict("records")]
    caption = f"{pairs['first'].iloc[0]} against each other run; Holm over all pairs"
    return PageTable(caption, ["against", *_PAIR_HEAD], rows)


def cost_table(comparison: RunComparison) -> PageTable:
    """Seconds and memory of every run, as far as they were measured."""
    board = comparison.board
    costs = {name: form for name, form in _COSTS.items() if board[name].notna().any()}
    rows = [
        [
            row["label"],
            _rank(row),
            number(row[comparison.metric]),
            *("" if pd.isna(row[name]) else f"{row[name]:{costs[name][1]}}" for name in costs),
        ]
        for row in board.to_dict("records")
    ]
    head = ["run", "rank", comparison.metric, *(heading for heading, _ in costs.values())]
    return PageTable("Wall and CPU seconds and peak memory are those of the whole run", head, rows)


def seed_table(comparison: RunComparison) -> PageTable | None:
    """Mean and range over the seeds of a model; None where no model ran with several."""
    board, metric = comparison.board, comparison.metric
    board = board[board["model"] != ORACLE]
    rows = []
    for (model, settings), runs in board.groupby(["model", "settings"], sort=False):
        if len(runs) > 1:
            values = runs[metric]
            rows.append(
                [
                    f"{model} {settings}",
                    str(len(runs)),
                    number(values.mean()),
                    number(values.std(ddof=1)),
                    f"{number(values.min())} to {number(values.max())}",
                    f"{runs['rank'].min()} to {runs['rank'].max()}",
                ]
            )
    head = ["model", "seeds", f"mean {metric}", "standard deviation", "range", "ranks"]
    return PageTable("Models that ran with several seeds", head, rows) if rows else None


def run_table(comparison: RunComparison) -> PageTable:
    """Run ids and seeds."""
    rows = [
        [row["label"], str(row["seed"]), TableCell(row["run_id"], style="left code")]
        for row in comparison.board.to_dict("records")
    ]
    return PageTable("Runs in MLflow", ["run", "seed", TableCell("run id", style="left")], rows)


def _baseline_cells(row: Mapping[Any, Any]) -> list[str | TableCell]:
    if pd.isna(row["difference"]):
        return ["", TableCell("baseline", style="left")]
    change = _interval(row, "difference", "difference_low", "difference_high", sign="+")
    return [change, verdict_cell(row["verdict"], style="left")]


def _pair_cells(pair: Mapping[Any, Any], name: str, low: str, high: str) -> list[str | TableCell]:
    return [
        name,
        _interval(pair, "difference", low, high, sign="+"),
        times(pair["lift"], pair["lift_low"], pair["lift_high"]),
        verdict_cell(pair["verdict"], style="left"),
        _p(pair["p_holm"]),
        _p(pair["wilcoxon_p"]),
    ]


def _interval(row: Mapping[Any, Any], mean: str, low: str, high: str, sign: str = "") -> str:
    return interval(row[mean], row[low], row[high], sign)


def _rank(row: Mapping[Any, Any]) -> str:
    return "" if pd.isna(row["rank"]) else str(row["rank"])


def _ranks(row: Mapping[Any, Any]) -> str:
    low, high = row["rank_low"], row["rank_high"]
    if pd.isna(low):
        return ""
    return str(low) if low == high else f"{low} to {high}"


def _p(value: float) -> str:
    return "< .0001" if value < 0.0001 else number(value)
