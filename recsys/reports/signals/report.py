"""Signals as tables for the terminal and a page, and as figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.customers.signals.detect import Detected
from recsys.customers.signals.levers import Lever
from recsys.customers.signals.library import SignalLibrary
from recsys.customers.signals.lift import Lift
from recsys.data.interactions import timestamp
from recsys.reports.rendering import Cells, PageTable, TableCell, render, table_lines, verdict_cell

PAGE = "signals.html"
"""File name of the page."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalReport:
    """What is shown of signals.

    Attributes:
        data: name of the data.
        library: of signals.
        now: detected as of the cut-off.
        lifts: of each signal.
        levers: of the signals that raise offers; none where no signal does.
        rows: that the lifts were counted from.
        unit: what such a row is.
    """

    data: str
    library: SignalLibrary
    now: Detected
    lifts: Sequence[Lift]
    levers: Sequence[Lever]
    rows: int
    unit: str


def title(report: SignalReport) -> str:
    """A line that says what the report is about."""
    day = timestamp(report.now.as_of)
    return f"Signals '{report.library.name}' of {report.data}, as of {day:%Y-%m-%d %H:%M} UTC"


def summary(report: SignalReport) -> str:
    """The result in a sentence, and what was left out."""
    proven = [lift.name for lift in report.lifts if lift.verdict == "win"]
    said = (
        f"Of {len(report.lifts)} signals, acceptance is surely higher with "
        f"{', '.join(proven) or 'none'} ({report.rows:,} rows, each a {report.unit})."
    )
    if report.now.left_out:
        said += f" Left out, because the data lack a column: {', '.join(report.now.left_out)}."
    return said


def signal_table(report: SignalReport) -> PageTable:
    """Who shows each signal, and its lift."""
    by_name = {lift.name: lift for lift in report.lifts}
    about = {signal.name: signal.about for signal in report.library.signals}
    people = {
        name: len(np.unique(report.now.customers[report.now.signals == at]))
        for at, name in enumerate(report.now.names)
    }
    rows: list[Cells] = []
    for name, count in people.items():
        share = f"{count / max(len(report.now.known), 1):.1%}"
        named = TableCell(name, about[name])
        rows.append([named, f"{count:,}", share, *_lift_cells(by_name.get(name))])
    head = ["signal", "customers", "share", "seen with it", "accepted", "lift", "p (Holm)",
            "acceptance"]  # fmt: skip
    return PageTable("Signals", head, rows, style="cards")


def _lift_cells(lift: Lift | None) -> Cells:
    if lift is None or np.isnan(lift.ratio):
        seen = "0" if lift is None else f"{lift.shown:,}"
        rate = "-" if lift is None or np.isnan(lift.rate) else f"{lift.rate:.1%}"
        return [seen, rate, "too few", "-", "-"]
    ratio = TableCell(f"{lift.ratio:.2f}", f"[{lift.low:.2f}, {lift.high:.2f}]")
    verdict = verdict_cell(lift.verdict)
    return [f"{lift.shown:,}", f"{lift.rate:.1%}", ratio, f"{lift.p_holm:.3g}", verdict]


def lever_table(report: SignalReport) -> PageTable:
    """What each signal with a lever raises, and by which factor."""
    rows: list[Cells] = []
    for lever in report.levers:
        signal, cells = lever.signal, _lift_cells(lever.lift)
        raises = ", ".join(signal.raises) or "all offers"
        if signal.per == "product":
            raises = f"of its {raises}"
        lift = ["-"] * 4 if lever.lift is None else cells[:4]
        factor = f"{lever.factor:.2f}"
        rows.append([signal.name, TableCell(raises, style="long"), *lift, factor])
    head = ["signal", "raises", "seen with it", "accepted", "lift on these", "p (Holm)", "factor"]
    return PageTable("Levers", head, rows, style="cards")


def signal_text(report: SignalReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield summary(report)
    table = signal_table(report)
    # What a signal is about has no room on a terminal.
    rows = [[name.text if isinstance(name, TableCell) else name, *cells]
            for name, *cells in table.rows]  # fmt: skip
    yield from table_lines(replace(table, rows=rows))
    if report.levers:
        yield from table_lines(lever_table(report))


def signal_page(report: SignalReport) -> str:
    """The page as an HTML document."""
    return render(
        PAGE,
        title=title(report),
        facts={"data": report.data, "signals": report.library.name},
        summary=[summary(report)],
        signals=signal_table(report),
        levers=lever_table(report),
        unit=report.unit,
    )


def signal_figures(report: SignalReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    numbers: dict[str, float] = {"rows": float(report.rows)}
    for lift in report.lifts:
        for key in ("shown", "rate", "ratio", "low", "high", "p_holm"):
            numbers[f"{lift.name}/{key}"] = float(getattr(lift, key))
    return {name: value for name, value in numbers.items() if np.isfinite(value)}
