"""The value of policies as data frames, and as tables of a page."""

from collections.abc import Iterator
from math import isnan

import pandas as pd

from recsys.evaluation.off_policy.diagnostics import QUANTILES, Diagnostics
from recsys.evaluation.off_policy.policy_value import Estimate
from recsys.evaluation.paired import Difference
from recsys.reports.off_policy.report import PolicyReport
from recsys.reports.off_policy.targets import Target
from recsys.reports.off_policy.words import ends, number
from recsys.reports.rendering import Cells, PageTable, TableCell, verdict_cell


def estimates_frame(report: PolicyReport) -> pd.DataFrame:
    """One row a policy and estimator, and one for the log itself.

    Columns: policy, estimator, value, low, high, threshold, bias_bound, effective_sample,
    recommended.
    """
    logged = report.values[0].logged
    rows: list[dict[str, object]] = [
        {"policy": "(logged)", "estimator": "mean", "value": logged.mean, "low": logged.low,
         "high": logged.high, "recommended": False},
    ]  # fmt: skip
    for target, value in zip(report.targets, report.values, strict=True):
        table = value.frame().reset_index()
        table.insert(0, "policy", target.name)
        table["recommended"] = table["estimator"] == value.recommended
        rows += [{str(key): cell for key, cell in row.items()} for row in table.to_dict("records")]
    return pd.DataFrame(rows)


def differences_frame(report: PolicyReport) -> pd.DataFrame:
    """Each policy less the log, and the first less the second: difference, low, high, verdict."""
    return pd.DataFrame(
        [
            {"policy": first, "less": second, "estimator": estimator, "difference": result.mean,
             "low": result.low, "high": result.high, "verdict": result.verdict}
            for first, second, estimator, result in _differences(report)
        ]
    )  # fmt: skip


def weights_frame(report: PolicyReport) -> pd.DataFrame:
    """One row a policy: what its weights are like."""
    return pd.DataFrame(
        [
            {
                "policy": target.name, "decisions": what.decisions,
                "effective_sample": what.effective_sample, "mean_weight": what.mean_weight,
                "mean_weight_error": what.mean_weight_error, "unsupported": what.unsupported,
                **{f"quantile_{level:g}": weight for level, weight in what.quantiles.items()},
            }
            for target, what in _diagnostics(report)
        ]
    )  # fmt: skip


def estimates_tables(report: PolicyReport) -> list[PageTable]:
    """One table a policy: every estimator, the one to read first in bold."""
    head = ("Estimator", "Value", "Interval", "Threshold", "Bias bound", "Effective sample")
    tables = []
    for target, value in zip(report.targets, report.values, strict=True):
        logged = value.logged
        rows: list[Cells] = [
            ("(logged)", number(logged.mean), _interval(logged.low, logged.high), "", "", "")
        ]
        rows += [
            _row(name, estimate, name == value.recommended)
            for name, estimate in value.estimates.items()
        ]
        tables.append(PageTable(f"{target.name}: {target.about}", head, rows))
    return tables


def differences_table(report: PolicyReport) -> PageTable:
    """Each policy against the log, and the two against each other."""
    return PageTable(
        "Paired on the same decisions",
        ("Policy", "less", "Estimator", "Difference", "Verdict"),
        [
            (first, second, estimator, ends(result, "+"), verdict_cell(result.verdict))
            for first, second, estimator, result in _differences(report)
        ],
    )


def weights_table(report: PolicyReport) -> PageTable:
    """Effective sample, mean weight and quantiles of each policy."""
    return PageTable(
        "Importance weights: the target policy's probability over the logged propensity",
        ("Policy", "Weights", "Effective sample", "Mean", "Never logged",
         *(f"{100 * level:g} % below" for level in QUANTILES)),
        [
            (
                target.name, f"{what.decisions:,}", f"{what.effective_sample:,.1f}",
                TableCell(f"{what.mean_weight:.3f}", f"± {what.mean_weight_error:.3f}"),
                "not known" if isnan(what.unsupported) else f"{what.unsupported:.2%}",
                *(number(weight) for weight in what.quantiles.values()),
            )
            for target, what in _diagnostics(report)
        ],
    )  # fmt: skip


def _diagnostics(report: PolicyReport) -> Iterator[tuple[Target, Diagnostics]]:
    """Each policy with the diagnostics of the estimator to read."""
    for target, value in zip(report.targets, report.values, strict=True):
        yield target, value.estimates[value.recommended].diagnostics


def _differences(report: PolicyReport) -> Iterator[tuple[str, str, str, Difference]]:
    for target, value, gain in zip(report.targets, report.values, report.gains, strict=True):
        yield target.name, "(logged)", value.recommended, gain
    if report.difference is not None:
        first, second = report.targets
        yield first.name, second.name, report.compared_by, report.difference


def _row(name: str, estimate: Estimate, is_read: bool) -> Cells:
    interval = estimate.interval
    return (
        TableCell(name, "the one to read") if is_read else name,
        TableCell(number(interval.mean), style="best" if is_read else ""),
        _interval(interval.low, interval.high),
        _known(estimate.threshold),
        _known(estimate.bias_bound),
        f"{estimate.diagnostics.effective_sample:,.0f}",
    )


def _interval(low: float, high: float) -> str:
    return f"[{number(low)}, {number(high)}]"


def _known(value: float) -> str:
    return "" if isnan(value) else number(value)
