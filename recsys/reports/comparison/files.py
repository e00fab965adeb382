"""A comparison as files: the page and its tables."""

from collections.abc import Mapping

import pandas as pd

from recsys.ops.shown_text import for_csv
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.page import comparison_page

PAGE = "comparison.html"


def comparison_files(comparison: RunComparison) -> Mapping[str, str]:
    """File name -> content: comparison.html, leaderboard.csv, pairwise.csv, slices.csv."""
    tables = {
        "leaderboard": comparison.board,
        "pairwise": comparison.pairs,
        "slices": comparison.slices,
    }
    return {PAGE: comparison_page(comparison)} | {
        f"{name}.csv": as_csv(table) for name, table in tables.items()
    }


def as_csv(table: pd.DataFrame) -> str:
    """The whole table, one line a row, which a spreadsheet may open; numbers stay numbers."""
    shown = table.map(lambda cell: for_csv(cell) if isinstance(cell, str) else cell)
    return shown.rename(columns=lambda name: for_csv(str(name))).to_csv(index=False)
