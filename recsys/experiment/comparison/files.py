"""A comparison as files: the page and its tables."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from recsys.errors import InputError
from recsys.experiment.comparison.compare import Comparison
from recsys.experiment.comparison.page import comparison_page

PAGE = "comparison.html"


def comparison_files(comparison: Comparison) -> Mapping[str, str]:
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
    """The whole table, one line a row."""
    return table.to_csv(index=False)


def write_whole(content: Mapping[Path, str]) -> None:
    """Writes each file beside its place and renames it, so that a crash leaves no half file.

    Raises:
        InputError: a file cannot be written.
    """
    for path, text in content.items():
        beside = path.with_name(f".{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise InputError(f"out={path} cannot be written: {error.strerror}") from None
