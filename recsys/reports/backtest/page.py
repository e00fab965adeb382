"""A backtest as one HTML page that loads nothing from elsewhere, with its picture and tables."""

import pandas as pd

from recsys.experiments.pairs import LEVEL
from recsys.reports.backtest.figures import Backtest
from recsys.reports.backtest.picture import as_png, as_svg
from recsys.reports.backtest.words import plural, summary
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.words import interval, number
from recsys.reports.rendering import (
    Cells,
    PagePicture,
    PageTable,
    TableCell,
    as_csv,
    render,
    verdict_cell,
)

PAGE, PICTURE = "backtest.html", "backtest.png"

_SHOWN = 12
"""Runs that the table of windows has room for."""


def backtest_files(backtest: Backtest) -> dict[str, bytes]:
    """File name -> content: the page, the picture and the tables; an empty table is left out."""
    tables = {
        "leaderboard.csv": backtest.board,
        "windows.csv": backtest.windows,
        "ages.csv": backtest.ages,
    }
    csv = {name: as_csv(table).encode() for name, table in tables.items() if not table.empty}
    return {PAGE: backtest_page(backtest).encode(), PICTURE: as_png(backtest), **csv}


def backtest_page(backtest: Backtest) -> str:
    """The page as an HTML document."""
    comparison = backtest.comparison
    about = comparison.runs[0]
    has_baseline = "verdict" in backtest.windows
    return render(
        PAGE,
        title=f"Backtest: {about.data}",
        facts={"data": about.data, "fingerprint": about.fingerprint[:16], "split": about.split},
        summary=summary(backtest),
        level=f"{LEVEL:.0%}",
        metric=comparison.metric,
        baseline=comparison.baseline if has_baseline else None,
        windows=plural(backtest.windows["window"].nunique()),
        picture_of_windows=PagePicture(as_svg(backtest), "The figures of the tables below"),
        board=_board(backtest, has_baseline),
        by_window=_by_window(backtest, has_baseline),
        comparisons=int(backtest.windows["verdict"].notna().sum()) if has_baseline else 0,
        ages=None if backtest.ages.empty else _ages(backtest),
        skipped=[skipped.line() for skipped in comparison.skipped],
        run_ids=_run_ids(backtest),
    )


def _board(backtest: Backtest, has_baseline: bool) -> PageTable:
    comparison, rows = backtest.comparison, []
    count = backtest.windows["window"].nunique()
    for row in backtest.board.to_dict("records"):
        is_oracle = row["model"] == ORACLE
        cells: list[str | TableCell] = [
            str(row["label"]),
            interval(row["mean"], row["low"], row["high"]),
            number(row["deviation"]),
            f"{number(row['lowest'])} to {number(row['highest'])}",
            "" if is_oracle else f"{row['best_in']} of {count}",
        ]
        if has_baseline and pd.notna(row["difference"]):
            ends = (row["difference"], row["difference_low"], row["difference_high"])
            cells += [
                interval(*ends, "+"),
                verdict_cell(row["verdict"], style="left"),
                "" if is_oracle else f"{row['wins']}, {row['ties']}, {row['losses']}",
            ]
        elif has_baseline:
            cells += ["", TableCell("baseline", style="left"), ""]
        rows.append(cells)
    head: list[str | TableCell] = [
        "run", f"mean {comparison.metric}", "standard deviation", "range", "best in",
    ]  # fmt: skip
    if has_baseline:
        head += [f"minus {comparison.baseline}", TableCell("verdict", style="left"),
                 "windows won, tied, lost"]  # fmt: skip
    return PageTable("All windows together; deviation and range of their means", head, rows)


def _by_window(backtest: Backtest, has_baseline: bool) -> PageTable:
    """One row a window, one column a run."""
    board = backtest.board.head(_SHOWN)
    highest = backtest.windows[backtest.windows["model"] != ORACLE].groupby("window")["mean"].max()
    rows: list[Cells] = []
    for window, part in backtest.windows.groupby("window", sort=True):
        of_run = part.set_index("run_id")
        first = of_run.iloc[0]
        cells: list[str | TableCell] = [
            TableCell(f"{first['start']} to {first['end']}", f"{first['customers']:,} customers")
        ]
        for run_id in board["run_id"]:
            row = of_run.loc[run_id]
            style = "best" if row["mean"] == highest.loc[window] else ""
            verdict = row["verdict"] if has_baseline else None
            if isinstance(verdict, str):
                style = f"{style} {verdict}".strip()
            detail = f"[{number(row['low'])}, {number(row['high'])}]"
            cells.append(TableCell(number(row["mean"]), detail, style))
        rows.append(cells)
    left_out = len(backtest.board) - len(board)
    more = f"; {left_out} more runs in windows.csv" if left_out else ""
    caption = f"{backtest.comparison.metric} in each window; the best is underlined{more}"
    return PageTable(caption, ["window", *map(str, board["label"])], rows, "wide")


def _ages(backtest: Backtest) -> PageTable:
    rows: list[Cells] = [
        [
            str(row["label"]),
            plural(row["age"]),
            f"{row['windows']}",
            number(row["fresh"]),
            number(row["old"]),
            interval(row["difference"], row["low"], row["high"], "+"),
            verdict_cell(row["verdict"], style="left"),
        ]
        for row in backtest.ages.to_dict("records")
    ]
    head: Cells = [
        "run", "fitted earlier by", "windows measured", "fresh", "old", "old minus fresh",
        TableCell("verdict on old", style="left"),
    ]  # fmt: skip
    return PageTable("The same queries, answered by a fresh and by an old model", head, rows)


def _run_ids(backtest: Backtest) -> PageTable:
    rows: list[Cells] = [
        [str(row["label"]), TableCell(str(row["run_id"]), style="left code")]
        for row in backtest.board.to_dict("records")
    ]
    return PageTable("Runs in MLflow", ["run", TableCell("run id", style="left")], rows)
