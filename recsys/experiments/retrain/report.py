"""The figures of a retraining for MLflow, and its lines for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from recsys.data.interactions import written
from recsys.evaluation.paired import Difference
from recsys.experiments.retrain.config import RetrainConfig
from recsys.experiments.retrain.data_checks import Finding
from recsys.experiments.retrain.decision import Decision
from recsys.experiments.retrain.windows import CutOffs, Lengths

_AGAINST_STORED = {
    "win": "better than",
    "tie": "not significantly worse than",
    "loss": "significantly worse than",
}


def finding_metrics(findings: Sequence[Finding]) -> dict[str, float]:
    """MLflow name -> figure of the data checks."""
    return {
        f"data/{name}": value for finding in findings for name, value in finding.figures.items()
    }


def decision_metrics(decision: Decision, metric: str) -> dict[str, float | Difference]:
    """MLflow name -> difference with its interval, or corrected p-value."""
    metrics: dict[str, float | Difference] = {"level": decision.level}
    if decision.against_stored is not None:
        metrics[f"against_stored/{metric}"] = decision.against_stored
    for reading in decision.readings:
        metrics[f"challenger.{reading.label}/{metric}"] = reading.difference
        metrics[f"challenger.{reading.label}/p_holm"] = reading.p_holm
    return metrics


def params(config: RetrainConfig, lengths: Lengths, windows: CutOffs) -> dict[str, str]:
    """The settings of a retraining, as MLflow's params."""
    limits = {f"limits.{name}": str(value) for name, value in asdict(config.limits).items()}
    return {
        "metric": config.metric,
        "valid_days": str(lengths.valid_days),
        "test_days": str(lengths.test_days),
        "valid_from": str(written(windows.valid_from, "timestamp")),
        "test_from": str(written(windows.test_from, "timestamp")),
        "accept_change": ",".join(config.accept) or "none",
        **limits,
    }


def decision_lines(decision: Decision, metric: str) -> list[str]:
    """One line for each comparison."""
    lines = [
        f"{reading.label}: a {reading.verdict} against the champion's settings on the same windows,"
        f" {metric} {_shown(reading.difference)}, p {reading.p_holm:.2g} by Holm"
        for reading in decision.readings
    ]
    if decision.against_stored is not None:
        who = "the champion's settings" if decision.kind != "replace" else decision.label
        verdict = _AGAINST_STORED[decision.against_stored.verdict]
        lines.append(
            f"{who} on the new data: {verdict} the champion's stored answers, "
            f"{metric} {_shown(decision.against_stored)} on test"
        )
    return lines


def headline(name: str, kind: str, version: str, former: str, is_dry: bool) -> str:
    """What became of the champion.

    Args:
        name: of the registered model.
        kind: of the decision.
        version: new; empty where there is none.
        former: the champion before; empty before the first.
        is_dry: whether it was a dry run.
    """
    if is_dry:
        would = f"would be kept: version {former}" if kind == "keep" else "would change"
        return f"dry run: the champion of {name} {would} ({kind})"
    if kind == "keep":
        return f"{name} version {former} stays champion"
    return f"{name} version {version} is champion ({kind})"


def rollback_line(name: str, former: str) -> list[str]:
    """How to go back; empty for the first champion."""
    again = f"recsys promote rollback=true model_name={name}"
    return [f"to go back to version {former}: {again}"] if former else []


def again_lines(tags: Mapping[str, str], current: str) -> list[str]:
    """What a retraining that was done before came to.

    Args:
        tags: of its run.
        current: version of the champion now; empty without one.
    """
    lines = ["already done with these data and settings:", *tags.get("lines", "").split("\n")]
    if tags.get("result", "") not in ("", current):
        lines.append(f"since then the champion was changed; it is version {current}")
    return lines


def _shown(difference: Difference) -> str:
    return f"{difference.mean:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"
