"""A watch as one HTML page that loads nothing from elsewhere, and its files."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd

from recsys.reports.monitor import pictures, tables, words
from recsys.reports.monitor.report import MonitorReport
from recsys.reports.monitor.settings import BUDGET, DRIFTED
from recsys.reports.rendering import PagePicture, PageTable, as_csv, render

PAGE, PICTURE, FIGURES = "monitor.html", "monitor.png", "monitor.json"


def report_files(report: MonitorReport) -> Mapping[str, bytes]:
    """File name -> content: page, picture, all figures as JSON, and each table as CSV."""
    frames = {
        "periods": tables.periods_table(report),
        "acceptance": tables.acceptance_table(report),
        "calibration": tables.calibration_table(report),
        "shares": tables.shares_table(report),
        "control": tables.control_table(report),
        "monitors": tables.watches_table(report),
        "drift": tables.drift_table(report),
    }
    kept = {name: frame for name, frame in frames.items() if len(frame)}
    return {
        PAGE: report_page(report).encode(),
        PICTURE: pictures.overview(report),
        FIGURES: _as_json(report, kept),
        **{f"{name}.csv": as_csv(frame).encode() for name, frame in kept.items()},
    }


def metrics(report: MonitorReport) -> dict[str, float]:
    """Flat names to numbers, for MLflow."""
    found: dict[str, float] = {"alarms": len(report.alarms)}
    for watch in report.watches:
        if not watch.what or watch.monitor in ("coverage", "control group"):
            name = watch.monitor.replace(" ", "_")
            found |= {f"{name}/value": watch.value, f"{name}/expected": watch.former,
                      f"{name}/p_value": watch.p_value}  # fmt: skip
    for drift in report.drifts:
        found[f"drift/{drift.name.replace(' ', '_')}"] = drift.now.index
    return {name: float(value) for name, value in found.items() if isfinite(value)}


def report_page(report: MonitorReport) -> str:
    """The page as an HTML document."""
    seen, settings = report.seen, report.settings
    calibration, control = tables.calibration_table(report), tables.control_table(report)
    return render(
        "monitor.html",
        title=f"Monitor: {report.name}",
        facts={
            "period": words.period(report),
            "decisions": f"{int((seen.periods == seen.count - 1).sum()):,}",
            "former periods": f"{seen.count - 1}",
            "verdict": "alarm" if report.alarms else "quiet" if report.is_tested else "untested",
        },
        summary=words.summary(report),
        level=f"{settings.level:.0%}",
        alpha=f"{settings.alpha:.1%}",
        looks=settings.looks,
        drifted=f"{DRIFTED:g}",
        budget=PageTable(
            "Part of the false alarms that each monitor may raise",
            ("monitor", "part", "of a look"),
            [(name, f"{part:.1%}", f"{settings.share(name):.2%}") for name, part in BUDGET.items()],
        ),
        acceptance=PageTable("Acceptance of the newest period", *words.acceptance_cells(report)),
        acceptance_picture=PagePicture(
            pictures.acceptance(report), "Acceptance by period with intervals, and as expected"
        ),
        shares=PageTable("Shares and coverage", *words.shares_cells(report)),
        control=None
        if control.empty
        else PageTable("Against the control group", *words.control_cells(control)),
        calibration=None
        if calibration.empty
        else PageTable(
            f"Calibration; {words.calibration_words(report)}", *words.calibration_cells(calibration)
        ),
        calibration_picture=None
        if calibration.empty
        else PagePicture(pictures.calibration(report), "Acceptance of groups by probability"),
        monitors=PageTable("All monitors of this period", *words.watches_cells(report)),
        drift=PageTable("Drift of inputs", *words.drift_cells(report)) if report.drifts else None,
        drift_picture=PagePicture(pictures.drift(report), "Stability index of each input")
        if report.drifts
        else None,
    )


def _as_json(report: MonitorReport, frames: Mapping[str, pd.DataFrame]) -> bytes:
    seen = report.seen
    content: dict[str, Any] = {
        "log": report.name,
        "from": seen.starts[-1].isoformat(),
        "to": seen.end.isoformat(),
        "former_periods": seen.count - 1,
        "alarms": report.alarms,
        **{name: json.loads(frame.to_json(orient="records", date_format="iso"))
           for name, frame in frames.items()},
    }  # fmt: skip
    return (json.dumps(content, indent=2) + "\n").encode()
