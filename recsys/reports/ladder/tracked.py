"""What MLflow keeps of a ladder beside its files."""

from collections.abc import Mapping, Sequence

from recsys.experiments.pairs import LEVEL
from recsys.reports.ladder.ladder import Ladder, rows
from recsys.reports.ladder.rungs import RUNGS
from recsys.reports.ladder.steps import EVERYBODY
from recsys.tracking.names import Estimate
from recsys.tracking.report import Report


def tracked_ladder(
    ladder: Ladder, files: Mapping[str, bytes], sentences: Sequence[str], policy: str | None
) -> Report:
    """A ladder as a report: the value of each rung for everybody, and of each step.

    Args:
        ladder: what is kept.
        files: name -> content of an artifact.
        sentences: its summary.
        policy: the name that its rules were applied under; None without.
    """
    chosen, everybody = ladder.rungs, dict(zip(("dimension", "slice"), EVERYBODY, strict=True))
    metrics: dict[str, float | Estimate] = {}
    for row in rows(ladder.rates, **everybody):
        name = f"{_name(row['rung'])}/hit_rate_{chosen.k}"
        metrics[name] = Estimate(row["mean"], row["low"], row["high"])
    for row in rows(ladder.steps, **everybody):
        name = f"{_name(row['rung'])}/hit_rate_{chosen.k}.over_{_name(row['below'])}"
        metrics[name] = Estimate(row["difference"], row["low"], row["high"])
    return Report(
        kind="ladder",
        name=f"ladder {chosen.top.data} {chosen.metric}",
        note="\n\n".join(sentences),
        tags={"metric": chosen.metric},
        params={
            "metric": chosen.metric,
            "k": chosen.k,
            "level": LEVEL,
            "candidates": chosen.candidates,
            "policy": policy,
            "rungs": {_name(rung): run.model for rung, run in zip(RUNGS, chosen.runs, strict=True)},
        },
        metrics=metrics,
        files=files,
    )


def _name(rung: str) -> str:
    return rung.replace(" ", "_")
