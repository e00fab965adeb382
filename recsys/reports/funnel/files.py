"""A funnel as files, written whole or not at all, and in MLflow beside the run of its model."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.ops.whole_file import whole_file
from recsys.policy.funnel import Funnel
from recsys.reports.funnel.page import funnel_page
from recsys.reports.funnel.picture import overview
from recsys.reports.funnel.table import funnel_table
from recsys.reports.funnel.words import summary
from recsys.reports.rendering import as_csv
from recsys.tracking.names import section
from recsys.tracking.read import TrackedRun
from recsys.tracking.report import Report, log_report


def require_ending(path: Path) -> None:
    """Raises `InputError` unless a page, a picture or a table can have this name."""
    if path.suffix not in _CONTENT:
        raise InputError(f"out={path}: expected a name that ends in .html, .png or .csv")


def write_funnel(path: Path, funnel: Funnel) -> None:
    """Writes the page, the picture or the table, by the ending of the name.

    Args:
        path: ends in .html, .png or .csv.
        funnel: what is shown.

    Raises:
        InputError: another ending, or the file cannot be written.
    """
    require_ending(path)
    content = _CONTENT[path.suffix](funnel)
    with whole_file(path, "out") as file:
        file.write(content)


def log_funnel(funnel: Funnel, run: TrackedRun) -> str:
    """Keeps page, picture and table in MLflow, and returns the id of their run.

    Args:
        funnel: what is shown.
        run: of the model in the artifact; theirs is in the same experiment.

    Raises:
        InputError: the store does not accept it.
    """
    counts, costs = funnel.counts, funnel.costs
    metrics: dict[str, float | Interval] = {
        f"{what}/{kind}": number
        for kind, count in (("before", counts.before), ("left", counts.left))
        for what, number in asdict(count).items()
    }
    if costs is not None:
        metrics |= {"value/before": costs.free, "value/left": costs.left}
        metrics |= {f"cost/{section(rule)}": cost for rule, cost in costs.rules.items()}
    report = Report(
        kind="funnel",
        name=f"funnel {funnel.policy} {run.model} {run.data}",
        note="\n\n".join(summary(funnel)),
        params={
            "policy": funnel.policy,
            "policy_version": funnel.version,
            "at": datetime.fromtimestamp(funnel.at, UTC).isoformat(),
            "hours": funnel.horizon / 3600,
            "touchpoints": "all" if funnel.touchpoints is None else list(funnel.touchpoints),
            "sample": None if costs is None else costs.customers,
        },
        metrics=metrics,
        files={f"funnel{ending}": content(funnel) for ending, content in _CONTENT.items()},
    )
    return log_report(report, [run], window="all")


_CONTENT: dict[str, Callable[[Funnel], bytes]] = {
    ".html": lambda funnel: funnel_page(funnel).encode(),
    ".png": overview,
    ".csv": lambda funnel: as_csv(funnel_table(funnel)).encode(),
}
"""Ending of a file -> what it holds."""
