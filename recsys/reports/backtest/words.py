"""A backtest in sentences, and as text for a terminal."""

from typing import Any

import pandas as pd

from recsys.ops.result_tables import text_table
from recsys.reports.backtest.figures import Backtest
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.words import interval, number


def summary(backtest: Backtest) -> list[str]:
    """What came out, in sentences."""
    models = backtest.board[backtest.board["model"] != ORACLE]
    if models.empty:
        return ["Only runs of the oracle were found; there is no model to compare."]
    first, count = models.iloc[0], backtest.windows["window"].nunique()
    lines = [
        f"{first['label']} ranks first of {len(models)} over {count} windows with a mean "
        f"{backtest.comparison.metric} of {interval(first['mean'], first['low'], first['high'])}; "
        f"by window {number(first['lowest'])} to {number(first['highest'])}. It is the best in "
        f"{first['best_in']} of {count} windows."
    ]
    if "wins" in models and pd.notna(first["difference"]):
        ends = (first["difference"], first["difference_low"], first["difference_high"])
        lines.append(
            f"Over {backtest.comparison.baseline} it is {interval(*ends, '+')}, a "
            f"{first['verdict']} over all windows; taken one by one it wins in "
            f"{first['wins']}, ties in {first['ties']} and loses in {first['losses']}."
        )
    if not backtest.ages.empty:
        lines += _of_age(backtest, str(first["run_id"]))
    return lines


def _of_age(backtest: Backtest, run_id: str) -> list[str]:
    ages = backtest.ages[backtest.ages["run_id"] == run_id]
    return [
        f"Fitted {plural(row['age'])} earlier, {row['label']} has {number(row['old'])} where "
        f"it has {number(row['fresh'])} when fresh: "
        f"{interval(row['difference'], row['low'], row['high'], '+')}, a {row['verdict']}."
        for row in ages.to_dict("records")
    ]


def plural(windows: int) -> str:
    """A number of windows in words."""
    return f"{windows} window{'s' if windows > 1 else ''}"


def printed(backtest: Backtest) -> str:
    """The leaderboard over windows for a terminal."""
    metric, baseline = backtest.comparison.metric, backtest.comparison.baseline
    has_baseline = "wins" in backtest.board and backtest.board["verdict"].notna().any()
    header = ["model", metric, "deviation", "range", "best in"]
    header += [f"vs {baseline}", "win tie loss"] if has_baseline else []
    rows = [
        [
            str(row["label"]),
            interval(row["mean"], row["low"], row["high"]),
            number(row["deviation"]),
            f"{number(row['lowest'])} to {number(row['highest'])}",
            "" if row["model"] == ORACLE else str(row["best_in"]),
            *(_against(row) if has_baseline else []),
        ]
        for row in backtest.board.to_dict("records")
    ]
    about = backtest.comparison.runs[0]
    return text_table(
        f"{about.data} ({about.fingerprint[:8]}), {about.split}", header, rows,
        "[low, high]: 95% over customers. deviation, range: of the means of the windows.",
    )  # fmt: skip


def _against(row: dict[Any, Any]) -> list[str]:
    if pd.isna(row["difference"]) or pd.isna(row["verdict"]):
        return ["", ""]
    return [
        f"{number(row['difference'], '+')} {row['verdict']}",
        f"{row['wins']} {row['ties']} {row['losses']}",
    ]
