"""A watch in sentences, and its numbers as text."""

from collections.abc import Iterator, Sequence
from math import isnan
from typing import Any

import pandas as pd

from recsys.ops.result_tables import text_table
from recsys.reports.monitor import tables
from recsys.reports.monitor.alarms import Watch
from recsys.reports.monitor.promoted_signals import MONITOR as LIFT
from recsys.reports.monitor.report import MonitorReport


def percent(value: float, sign: str = "") -> str:
    """A rate in per cent; a dash where there is none."""
    return "-" if isnan(value) else f"{100 * value:{sign}.2f} %"


def interval(low: float, high: float, sign: str = "") -> str:
    """The ends of an interval of a rate; a dash where there is none."""
    return "-" if isnan(low) else f"[{100 * low:{sign}.2f}, {100 * high:{sign}.2f}]"


def figure(name: str, value: float) -> str:
    """A figure of `shares_table` as text: shares in per cent, numbers as they are."""
    if name.startswith("share"):
        return percent(value)
    return "-" if isnan(value) else f"{value:,.1f}"


def period(report: MonitorReport) -> str:
    """The newest period, as 2025-10-01 to 2025-10-08."""
    return f"{report.seen.starts[-1]:%Y-%m-%d} to {report.seen.end:%Y-%m-%d}"


def summary(report: MonitorReport) -> list[str]:
    """Whether something alarms, what, and how often that happens in vain."""
    return [_verdict(report), *_alarmed(report), *_notes(report)]


def _verdict(report: MonitorReport) -> str:
    if not report.is_tested:
        return (
            f"Nothing is tested yet: {report.seen.count - 1} former periods are complete, 4 are "
            "needed."
        )
    count = len(report.alarms)
    if not count:
        return f"Quiet: no monitor alarms from {period(report)}."
    return f"Alarm: {count} monitor{'s' if count > 1 else ''} from {period(report)}."


def _alarmed(report: MonitorReport) -> Iterator[str]:
    for watch in report.watches:
        if watch.is_alarm:
            yield f"{named(watch)} {watch.side}: {_values(watch)}, p = {watch.p_value:.2g}."
    for drift in report.drifts:
        if drift.is_alarm:
            yield (
                f"Drift of inputs, {drift.name}: population stability {drift.now.index:.2f} "
                f"[{drift.now.low:.2f}, {drift.now.high:.2f}], no former period had more than "
                f"{drift.largest:.2f}."
            )


def _values(watch: Watch) -> str:
    if watch.monitor == LIFT:
        return f"{watch.value:.2f}, its rule counts on {watch.former:.2f}"
    beside = "the control group" if watch.monitor == "control group" else "expected"
    if watch.monitor == "coverage":
        return f"{watch.value:.1f}, expected {watch.former:.1f}"
    return f"{percent(watch.value)}, {beside} {percent(watch.former)}"


def named(watch: Watch) -> str:
    """The name of a monitor and of its part."""
    return f"{watch.monitor.capitalize()}{f', {watch.what},' if watch.what else ''}"


def _notes(report: MonitorReport) -> Iterator[str]:
    seen, settings = report.seen, report.settings
    looks = "" if settings.looks == 1 else f" in {settings.looks} looks"
    yield (
        f"Compared with {seen.count - 1} former periods of {settings.days:g} days. The monitors "
        f"share a budget of {settings.alpha:.1%} of periods{looks} with an alarm in vain; how "
        "often inputs drift by chance is a rule of thumb."
    )
    left_out = int((~seen.served & ~seen.is_control).sum())
    if left_out:
        yield f"{left_out:,} decisions of customers without an id have no outcome."


def text(report: MonitorReport) -> list[str]:
    """Summary and tables for a terminal, as lines."""
    level = f"{report.settings.level:.0%}"
    parts = [
        *summary(report), "",
        text_table(f"Acceptance, {level} intervals", *acceptance_cells(report)), "",
        text_table("Shares and coverage", *shares_cells(report)), "",
    ]  # fmt: skip
    control = tables.control_table(report)
    if len(control):
        parts += [text_table("Against the control group", *control_cells(control)), ""]
    calibration = tables.calibration_table(report)
    if len(calibration):
        title = f"Calibration; {calibration_words(report)}"
        parts += [text_table(title, *calibration_cells(calibration)), ""]
    parts += [text_table("Monitors", *watches_cells(report)), ""]
    if report.drifts:
        parts += [text_table("Drift of inputs", *drift_cells(report))]
    return "\n".join(parts).split("\n")


Cells = tuple[Sequence[str], Sequence[Sequence[str]]]
"""The header and the rows of a table."""


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """The rows, whose cells are known by the docstrings of `tables`."""
    return table.itertuples()


def acceptance_cells(report: MonitorReport) -> Cells:
    """Of `acceptance_table`."""
    head = ("group", "decisions", "accepted", "interval", "expected", "previous", "former")
    return head, [
        (
            f"{row.by} {row.group}".strip(), f"{row.decisions:,}", percent(row.accepted),
            interval(row.low, row.high), percent(row.expected), percent(row.previous),
            percent(row.former),
        )
        for row in _rows(tables.acceptance_table(report))
    ]  # fmt: skip


def shares_cells(report: MonitorReport) -> Cells:
    """Of `shares_table`."""
    head = ("figure", "now", "previous", "former")
    return head, [
        (row.figure, *(figure(row.figure, value) for value in (row.now, row.previous, row.former)))
        for row in _rows(tables.shares_table(report))
    ]


def control_cells(control: pd.DataFrame) -> Cells:
    """Of `control_table`."""
    head = ("period", "served", "control group", "difference", "interval")
    return head, [
        (
            row.period, percent(row.served), percent(row.control), percent(row.difference, "+"),
            interval(row.low, row.high, "+"),
        )
        for row in _rows(control)
    ]  # fmt: skip


def calibration_cells(calibration: pd.DataFrame) -> Cells:
    """Of `calibration_table`."""
    head = ("group", "decisions", "probability", "accepted", "interval", "expected", "previous")
    return head, [
        (
            str(row.group), f"{row.decisions:,}", percent(row.probability), percent(row.accepted),
            interval(row.low, row.high), percent(row.expected), percent(row.previous),
        )
        for row in _rows(calibration)
    ]  # fmt: skip


def calibration_words(report: MonitorReport) -> str:
    """The calibration errors of the newest and previous period."""
    errors = tables.calibration_errors(report)
    return ", ".join(
        f"{name} {percent(error.mean)} {interval(error.low, error.high)}"
        for name, error in errors.items()
    ).join(("mean error ", ""))


def watches_cells(report: MonitorReport) -> Cells:
    """Of the monitors."""
    head = ("monitor", "alarms if it", "now", "expected", "p-value", "alarms below", "verdict")
    return head, [
        (
            f"{watch.monitor} {watch.what}".strip(), watch.side, *_pair(watch),
            f"{watch.p_value:.2g}" if watch.is_tested else "-", f"{watch.alpha:.2g}",
            "ALARM" if watch.is_alarm else "quiet" if watch.is_tested else "not tested",
        )
        for watch in report.watches
    ]  # fmt: skip


def _pair(watch: Watch) -> tuple[str, str]:
    if watch.monitor == "coverage":
        return figure("offers", watch.value), figure("offers", watch.former)
    if watch.monitor == LIFT:
        return "-" if isnan(watch.value) else f"{watch.value:.2f}", f"{watch.former:.2f}"
    return percent(watch.value), percent(watch.former)


def drift_cells(report: MonitorReport) -> Cells:
    """Of `drift_table`."""
    head = ("input", "stability index", "interval", "previous", "alarms above", "verdict")
    return head, [
        (
            drift.name, f"{drift.now.index:.3f}",
            f"[{drift.now.low:.3f}, {drift.now.high:.3f}]", f"{drift.previous.index:.3f}",
            f"{drift.bound:.3f}", "ALARM" if drift.is_alarm else "quiet",
        )
        for drift in report.drifts
    ]  # fmt: skip
