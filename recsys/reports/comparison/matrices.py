"""The wide tables of a comparison page: runs against runs, and slices by run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from recsys.experiments.pairs import against
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.words import interval, number
from recsys.reports.rendering import MARKS, Cells, PageTable, TableCell, verdict_cell

SHOWN = 20
"""Runs that fit into the tables on paper; the CSV files hold all."""

SLICES = 12
"""Slices shown of a dimension, those with the most customers; slices.csv holds all."""

_ROOMY = 7
"""Runs up to which a cell has room for a second line."""


def pairwise_matrix(comparison: RunComparison) -> PageTable:
    """Win, tie or loss of the run of the row against the run of the column."""
    models = shown(comparison)
    roomy = len(models) <= _ROOMY
    columns = {
        run_id: against(comparison.pairs, run_id).to_dict("index") for run_id in models["run_id"]
    }
    rows: list[Cells] = [
        [
            f"{row.rank} {row.label}",
            *(_pair_cell(column.get(row.run_id), roomy) for column in columns.values()),
        ]
        for row in models.itertuples()
    ]
    caption = "The run of the row against the run of the column, which is named by its rank"
    return PageTable(caption, ["run", *map(str, models["rank"])], rows, "matrix")


def slice_table(comparison: RunComparison, dimension: str) -> PageTable:
    """The metric by slice and run; the highest value of a row is underlined.

    Args:
        comparison: the compared runs.
        dimension: a dimension of `comparison.slices`.
    """
    models = shown(comparison, with_oracle=True)
    roomy = len(models) <= _ROOMY
    slices = comparison.slices
    slices = slices[(slices["dimension"] == dimension) & (slices["metric"] == comparison.metric)]
    slices = slices[slices["run_id"].isin(models["run_id"])]
    customers = slices.groupby("slice", sort=False)["customers"].max()
    largest = set(customers.nlargest(SLICES, keep="first").index)
    by_run = slices.set_index(["slice", "run_id"])
    rows: list[Cells] = [
        [TableCell(name, _count(customers[name])), *_slice_cells(by_run.loc[name], models, roomy)]
        for name in customers.index
        if name in largest
    ]
    words = dimension.replace("_", " ")
    every = len(customers)
    left_out = f"; the {len(rows)} largest of {every}" if len(rows) < every else ""
    head = [words, *(_column(row, roomy) for row in models.itertuples())]
    return PageTable(f"Valid {comparison.metric} by {words}{left_out}", head, rows, "wide")


def shown(comparison: RunComparison, with_oracle: bool = False) -> pd.DataFrame:
    """The rows of the leaderboard that the wide tables show: the first `SHOWN`, and the baseline.

    Args:
        comparison: the compared runs.
        with_oracle: add the row of the oracle, where there is one.
    """
    board = comparison.board
    models = board[board["model"] != ORACLE]
    base = models[models["model"] == comparison.baseline].head(1)
    kept = models.head(SHOWN)
    if len(base) and base.index[0] not in kept.index:
        kept = pd.concat([kept.head(SHOWN - 1), base])
    return pd.concat([kept, board[board["model"] == ORACLE].head(1)]) if with_oracle else kept


def _slice_cells(slices: pd.DataFrame, models: pd.DataFrame, roomy: bool) -> list[str | TableCell]:
    """The cells of one slice, a run each; empty where a run has no value."""
    is_model = slices.index.isin(models.loc[models["model"] != ORACLE, "run_id"])
    means = slices.loc[is_model, "mean"]
    best = means.max() if means.max() > means.min() else None
    cells: list[str | TableCell] = []
    for run_id in models["run_id"]:
        if run_id not in slices.index:
            cells.append("")
            continue
        value = slices.loc[run_id]
        ends = f"{number(value['low'])} to {number(value['high'])}" if roomy else ""
        style = "best" if value["mean"] == best else ""
        cells.append(TableCell(number(value["mean"]), ends, style))
    return cells


def _pair_cell(pair: Mapping[Any, Any] | None, roomy: bool) -> TableCell:
    if pair is None:
        return TableCell("·", style="self")
    verdict = pair["verdict"]
    title = f"{verdict} {interval(pair['difference'], pair['low'], pair['high'], sign='+')}"
    if roomy:
        return replace(verdict_cell(verdict, number(pair["difference"], "+")), title=title)
    return TableCell(MARKS[verdict], style=verdict, title=title)


def _column(row: Any, roomy: bool) -> str:
    return str(row.label) if roomy or pd.isna(row.rank) else str(row.rank)


def _count(customers: int) -> str:
    return f"{customers:,} customer{'' if customers == 1 else 's'}"
