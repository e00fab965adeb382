"""What is kept of a closed loop: files, and beside them figures for MLflow."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from recsys.experiments.closed_loop.settings import LoopSettings
from recsys.ops.whole_file import write_whole
from recsys.reports.closed_loop.figures import loop_tables
from recsys.reports.closed_loop.page import report_files
from recsys.reports.closed_loop.words import broken_rules, summary
from recsys.tracking.names import Estimate
from recsys.tracking.report import Report


def write_report(
    folder: Path, settings: LoopSettings, rounds: pd.DataFrame, checks: pd.DataFrame
) -> Report:
    """Writes page, picture and tables of a loop, each in one step.

    Args:
        folder: gets the files of `report_files`.
        settings: of the loop.
        rounds: as `run_loop` returns it.
        checks: as `rule_checks` returns it.

    Returns:
        what is kept in MLflow; its note says what came out.

    Raises:
        InputError: a file cannot be written.
    """
    report = loop_report(settings, rounds, checks)
    for name, content in report.files.items():
        write_whole(folder / name, content, "out")
    return report


def loop_report(settings: LoopSettings, rounds: pd.DataFrame, checks: pd.DataFrame) -> Report:
    """A closed loop as a report: the reward of each arm, and its differences to others.

    Args:
        settings: of the loop.
        rounds: as `run_loop` returns it.
        checks: as `rule_checks` returns it.
    """
    tables = loop_tables(rounds, checks)
    sentences = summary(tables)
    metrics: dict[str, float | Estimate] = {"violations": broken_rules(checks)}
    for row in tables.totals.to_dict("records"):
        metrics[f"{row['arm']}/reward"] = Estimate(row["expected"], row["low"], row["high"])
        metrics[f"{row['arm']}/accepted"] = row["accepted"]
    for row in tables.differences.to_dict("records"):
        name = f"{row['arm']}/reward.over_{row['other']}"
        metrics[name] = Estimate(row["difference"], row["low"], row["high"])
    return Report(
        kind="closed_loop",
        name=f"closed loop {settings.policy}: {settings.rounds} rounds",
        note="\n\n".join(sentences),
        tags={"data": settings.market},
        params=asdict(settings),
        metrics=metrics,
        files=report_files(settings, tables, sentences),
    )
