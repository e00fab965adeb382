"""The leaderboard as text for a terminal."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from recsys.experiments.pairs import LEVEL
from recsys.ops.shown_text import for_terminal
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.words import number
from recsys.tracking.read import TrackedRun

WIDTH = 112
"""Longest line, in characters."""

_BESIDE = ("recall@20", "ndcg@10", "recall@10")


def printed(board: pd.DataFrame, metric: str, about: TrackedRun, baseline: str = "segment") -> str:
    """The leaderboard as text, at most `WIDTH` characters wide.

    Args:
        board: the table of `leaderboard`.
        metric: the metric that it is ranked by.
        about: any of its runs, for the lines above the table.
        baseline: the model that it compares with.
    """
    shown = _cells(board, metric, baseline)
    spare = WIDTH - sum(
        max(map(len, cells)) + 2 for name, cells in shown.items() if name != "model"
    )
    shown["model"] = [_fit(cell, max(spare, 8)) for cell in shown["model"]]
    lines = _aligned(shown)
    ceiling = int((board["model"] == ORACLE).sum())
    if 0 < ceiling < len(board):
        lines.insert(len(lines) - ceiling, "-" * max(map(len, lines)))
    customers = board["customers"].iloc[0]
    head = [
        f"{about.data} ({about.fingerprint[:8]}), {customers:,} customers on valid",
        f"split {about.split}",
    ]
    notes = _notes(board, metric, baseline)
    # Cells are escaped before, because escapes count for the width of a column.
    return "\n".join([*map(for_terminal, head), "", *lines, "", *map(for_terminal, notes)])


def _cells(board: pd.DataFrame, metric: str, baseline: str) -> dict[str, list[str]]:
    """Column -> its heading and its cells."""
    rows = board.to_dict("records")
    cells = {
        "rank": ["#", *("" if pd.isna(row["rank"]) else str(row["rank"]) for row in rows)],
        "model": ["model", *(row["model"] for row in rows)],
        "metric": [metric, *(_interval(row[metric], row["low"], row["high"]) for row in rows)],
    }
    beside = next((name for name in _BESIDE if name in board and name != metric), None)
    if beside:
        cells["beside"] = [beside, *(number(row[beside]) for row in rows)]
    if board["verdict"].notna().any():
        cells["against"] = [f"vs {baseline}", *(_against(row) for row in rows)]
    if board["oracle_share"].notna().any():
        cells["share"] = ["oracle", *(f"{row['oracle_share']:.1%}" for row in rows)]
    cells["fit"] = ["fit s", *(f"{row['fit_seconds']:.1f}" for row in rows)]
    cells["seed"] = ["seed", *(str(row["seed"]) for row in rows)]
    cells["run"] = ["run", *(row["run_id"][:8] for row in rows)]
    return {name: [for_terminal(cell) for cell in column] for name, column in cells.items()}


def _against(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["difference"]):
        return ""
    mean, low, high = row["difference"], row["difference_low"], row["difference_high"]
    return f"{_interval(mean, low, high, sign='+')} {row['verdict']:<4}"


def _interval(mean: float, low: float, high: float, sign: str = "") -> str:
    return f"{number(mean, sign)} [{number(low, sign)},{number(high, sign)}]"


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _aligned(cells: Mapping[str, list[str]]) -> list[str]:
    left = {"model", "against", "run"}
    columns = []
    for name, column in cells.items():
        width = max(map(len, column))
        columns.append([c.ljust(width) if name in left else c.rjust(width) for c in column])
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def _notes(board: pd.DataFrame, metric: str, baseline: str) -> list[str]:
    notes = []
    models = board[board["model"] != ORACLE]
    if models["verdict"].notna().any():
        count = int(models["verdict"].notna().sum())
        among = "1 run" if count == 1 else f"{count} runs"
        notes += [
            f"[low,high]: {LEVEL:.0%} interval over customers.",
            f"vs {baseline}: paired difference; verdict after Holm's correction over {among}.",
        ]
    elif baseline not in set(board["model"]):
        notes.append(
            f"No {baseline} run to compare with: recsys train model={baseline}, or baseline=MODEL"
        )
    if board["oracle_share"].notna().any():
        notes.append("oracle: share of the metric of a model that knows the true probabilities.")
    if len(models):
        best = models.iloc[0]
        notes.append(f"Chosen by valid {metric}: {best['model']}, run {best['run_id']}")
    return notes
