"""The wide tables of a comparison page: runs against runs, and slices by run."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from recsys.experiments.pairs import against
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.markup import Markup, table, text
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.words import MARKS, interval, number

SHOWN = 20
"""Runs that the tables have room for on paper; the CSV files hold all."""

SLICES = 12
"""Slices of one dimension that are shown, those of most customers; slices.csv holds all."""

# Beyond so many runs a cell has no room for a second line.
_ROOMY = 7


def pairwise_matrix(comparison: RunComparison) -> Markup:
    """Win, tie or loss of the run of the row against the run of the column."""
    models = shown(comparison)
    roomy = len(models) <= _ROOMY
    columns = {
        run_id: against(comparison.pairs, run_id).to_dict("index") for run_id in models["run_id"]
    }
    rows = [
        [
            f"{row.rank} {row.label}",
            *(_verdict_cell(column.get(row.run_id), roomy) for column in columns.values()),
        ]
        for row in models.itertuples()
    ]
    caption = "The run of the row against the run of the column, which is named by its rank"
    return table(caption, ["run", *map(str, models["rank"])], rows, "matrix")


def slice_table(comparison: RunComparison, dimension: str) -> Markup:
    """The metric by slice and run; the highest of a row is underlined."""
    models = shown(comparison, with_oracle=True)
    roomy = len(models) <= _ROOMY
    found = comparison.slices
    found = found[(found["dimension"] == dimension) & (found["metric"] == comparison.metric)]
    found = found[found["run_id"].isin(models["run_id"])]
    size = found.groupby("slice", sort=False)["customers"].max()
    kept = size.nlargest(SLICES, keep="first").index
    order = [name for name in size.index if name in set(kept)]
    by_place = found.set_index(["slice", "run_id"])
    rows = [
        [
            Markup(f"{text(name)} <small>{size[name]:,} customers</small>"),
            *_slice_cells(by_place.loc[name], models),
        ]
        for name in order
    ]
    left_out = f"; the {len(kept)} largest of {len(size)}" if len(kept) < len(size) else ""
    head = [
        dimension.replace("_", " "),
        *(_column(row, roomy) for row in models.itertuples()),
    ]
    return table(f"Valid {comparison.metric} by {dimension}{left_out}", head, rows, "wide")


def shown(comparison: RunComparison, with_oracle: bool = False) -> pd.DataFrame:
    """The rows of the leaderboard that wide tables have: the first `SHOWN`, and the baseline."""
    board = comparison.board
    models = board[board["model"] != ORACLE]
    base = models[models["model"] == comparison.baseline].head(1)
    kept = models.head(SHOWN)
    if len(base) and base.index[0] not in kept.index:
        kept = pd.concat([kept.head(SHOWN - 1), base])
    return pd.concat([kept, board[board["model"] == ORACLE].head(1)]) if with_oracle else kept


def _slice_cells(found: pd.DataFrame, models: pd.DataFrame) -> list[str]:
    best = found.loc[
        found.index.isin(models.loc[models["model"] != ORACLE, "run_id"]), "mean"
    ].max()
    cells = []
    for run_id in models["run_id"]:
        if run_id not in found.index:
            cells.append("")
            continue
        value = found.loc[run_id]
        ends = f"<small>{number(value['low'])} to {number(value['high'])}</small>"
        kind = "best" if value["mean"] == best else "plain"
        cells.append(
            Markup(
                f'<td class="{kind}">{number(value["mean"])}'
                f"{ends if len(models) <= _ROOMY else ''}</td>"
            )
        )
    return cells


def _verdict_cell(pair: Mapping[Any, Any] | None, roomy: bool) -> Markup:
    if pair is None:
        return Markup('<td class="self">·</td>')
    verdict = pair["verdict"]
    change = interval(pair["difference"], pair["low"], pair["high"], sign="+")
    below = f"<small>{number(pair['difference'], '+')}</small>" if roomy else ""
    words = f" {verdict}" if roomy else ""
    return Markup(
        f'<td class="{verdict}" title="{verdict} {change}">{MARKS[verdict]}{words}{below}</td>'
    )


def _column(row: Any, roomy: bool) -> str:
    return str(row.label) if roomy or pd.isna(row.rank) else str(row.rank)
