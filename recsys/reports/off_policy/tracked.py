"""What MLflow keeps of an off-policy evaluation beside its files."""

from collections.abc import Mapping, Sequence

import pandas as pd

from recsys.reports.off_policy.report import PolicyReport
from recsys.tracking.data_sets import DataSet, table_fingerprint
from recsys.tracking.names import HasInterval
from recsys.tracking.report import Report

_NAMES = ("target", "versus")


def tracked_policy_report(
    report: PolicyReport,
    table: pd.DataFrame,
    used: Mapping[str, str],
    files: Mapping[str, bytes],
    sentences: Sequence[str],
) -> Report:
    """An off-policy evaluation as a report: what each policy is worth, and earns more.

    Args:
        report: what is kept.
        table: of decisions, all of them.
        used: key -> value of the command.
        files: name -> content of an artifact.
        sentences: its summary.
    """
    metrics: dict[str, float | HasInterval] = {"logged/value": report.values[0].logged}
    for name, value in zip(_NAMES, report.values, strict=False):
        read = value.estimates[value.recommended]
        metrics[f"{name}/value"] = read.interval
        metrics[f"{name}/effective_sample"] = read.diagnostics.effective_sample
    for name, gain in zip(_NAMES, report.gains, strict=False):
        metrics[f"{name}/gain"] = gain
    if report.difference is not None:
        metrics["target/over_versus"] = report.difference
    names = " against ".join(target.name for target in report.targets)
    return Report(
        kind="policy_value",
        name=f"policy value {report.data}: {names}",
        note="\n\n".join(sentences),
        tags={"data": report.data},
        params={
            **used,
            "estimator": {
                name: value.recommended for name, value in zip(_NAMES, report.values, strict=False)
            },
        },
        metrics=metrics,
        data_sets=[
            DataSet(
                name=report.data,
                fingerprint=table_fingerprint(table),
                context="decisions",
                settings={"root": used["decisions"]} if "decisions" in used else used,
                facts={"decisions": len(table), "used": len(report.decisions.frame)},
            )
        ],
        files=files,
    )
