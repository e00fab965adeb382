"""What MLflow keeps of a comparison beside its files."""

from collections.abc import Mapping

from recsys.experiments.pairs import LEVEL
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.words import summary
from recsys.tracking.names import Estimate, section
from recsys.tracking.report import Report

_DIFFERENCE = ("difference", "difference_low", "difference_high")


def tracked_comparison(comparison: RunComparison, files: Mapping[str, str]) -> Report:
    """A comparison as a report: a metric for each run, and its difference to the baseline.

    Args:
        comparison: the compared runs.
        files: name -> text of an artifact.
    """
    first, metric = comparison.runs[0], comparison.metric
    return Report(
        kind="comparison",
        name=f"comparison {first.data} {metric}",
        note="\n\n".join(summary(comparison)),
        tags={"metric": metric},
        params=comparison_params(comparison),
        metrics=comparison_metrics(comparison),
        files={name: text.encode() for name, text in files.items()},
    )


def comparison_params(comparison: RunComparison) -> dict[str, object]:
    """What was compared, and how."""
    has_baseline = any(run.model == comparison.baseline for run in comparison.runs)
    return {
        "metric": comparison.metric,
        "baseline": comparison.baseline if has_baseline else None,
        "level": LEVEL,
        "models": sorted({run.model for run in comparison.runs}),
        "skipped": len(comparison.skipped),
    }


def comparison_metrics(comparison: RunComparison) -> dict[str, float | Estimate]:
    """MLflow name -> the mean of a run, or its difference to the baseline; section: its label."""
    metric, metrics = comparison.metric, dict[str, float | Estimate]()
    for row in comparison.board.to_dict("records"):
        of_run = section(str(row["label"]))
        ends = [float(row[name]) for name in (metric, "low", "high")]
        metrics[f"{of_run}/{metric}"] = Estimate(*ends)
        if row["difference"] == row["difference"] and row["difference"] is not None:
            ends = [float(row[name]) for name in _DIFFERENCE]
            metrics[f"{of_run}/{metric}.difference"] = Estimate(*ends)
    return metrics
