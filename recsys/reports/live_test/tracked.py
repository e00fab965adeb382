"""What MLflow keeps of a live test: its plan, and each reading of its log."""

from datetime import UTC, datetime

import pandas as pd

from recsys.policy.live_tests.draft import Draft
from recsys.reports.live_test.plan_report import plan_files
from recsys.reports.live_test.read_report import ReadTest, read_files
from recsys.tracking.data_sets import DataSet, table_fingerprint
from recsys.tracking.names import Estimate, section
from recsys.tracking.report import Report


def tracked_plan(draft: Draft, decisions: pd.DataFrame, file: str) -> Report:
    """The plan of a live test as a report.

    Args:
        draft: the plan.
        decisions: the log that it follows from.
        file: of the log.
    """
    name = str(draft.content["name"])
    return Report(
        kind="live_test",
        name=f"live test {name}: plan",
        note=f"Plan of a live test that finds a relative gain of {draft.lift:.1%}.",
        tags={"step": "plan"},
        params={"step": "plan", "lift": draft.lift, "plan": draft.content},
        metrics={
            "design_effect": draft.design_effect,
            **{f"customers/{section(arm)}": float(count) for arm, count in draft.customers.items()},
        },
        data_sets=[_log(decisions, file)],
        files=plan_files(draft),
    )


def tracked_reading(test: ReadTest, decisions: pd.DataFrame, file: str) -> Report:
    """A reading of a live test as a report: its verdict, and each treatment against the control.

    Args:
        test: what was read.
        decisions: the log.
        file: of the log.
    """
    plan, reading = test.plan, test.reading
    metrics: dict[str, float | Estimate] = {"ratio_p_value": reading.ratio.p_value}
    for arm, gap in reading.intervals.items():
        ends = gap.difference[-1], gap.low[-1], gap.high[-1]
        metrics[f"{section(arm)}/over_control"] = Estimate(*map(float, ends))
    for arm, count in reading.measured.items():
        metrics[f"{section(arm)}/measured"] = float(count)
    at = datetime.fromtimestamp(reading.at, UTC)
    return Report(
        kind="live_test",
        name=f"live test {plan.name}: {at:%Y-%m-%d}",
        note=f"{str(test.verdict).capitalize()}.",
        tags={"step": "read", "verdict": test.verdict.action},
        params={
            "step": "read",
            "test": plan.name,
            "at": at.isoformat(),
            "stage": plan.stages[reading.stage].name,
            "arms": plan.arms,
            "window_days": plan.window,
            "gain": plan.gain,
            "level": plan.level,
            "power": plan.power,
        },
        metrics=metrics,
        data_sets=[_log(decisions, file)],
        files=read_files(test),
    )


def _log(decisions: pd.DataFrame, file: str) -> DataSet:
    return DataSet(
        name="decisions",
        fingerprint=table_fingerprint(decisions),
        context="decisions",
        settings={"root": file},
        facts={"decisions": len(decisions)},
    )
