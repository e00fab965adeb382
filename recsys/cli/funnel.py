"""Shows how many customers and offers each rule of an artifact's policy takes away, and its cost.

recsys funnel artifact=FOLDER at=2025-10-01
recsys funnel artifact=FOLDER decisions=FILE at=2025-10-01 out=funnel.html
recsys funnel artifact=FOLDER touchpoints=all at=2025-10-01
recsys funnel artifact=FOLDER policy=FILE.yaml at=2025-10-01 hours=0 log=true

Counts are exact, over all customers and offers and the touchpoints that a plan is for. Costs are in
expected value, on a sample of customers, with 95 % intervals.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.cli.policy_artifact import artifact_of
from recsys.cli.run_keys import STORE, store_of
from recsys.cli.words import Key, key_values, truth, whole_number
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_numbers import parse_whole_number
from recsys.policy.compiled import CompiledRules
from recsys.policy.funnel import funnel
from recsys.policy.funnel.costs import SAMPLE
from recsys.reports.funnel.files import log_funnel, require_ending, write_funnel
from recsys.reports.funnel.values import expected_values
from recsys.reports.funnel.words import funnel_text
from recsys.serving import Artifact
from recsys.serving.artifact.times import now
from recsys.serving.decide.booked import read_booked
from recsys.serving.decide.inbound import require_policy
from recsys.serving.decide.planned_touchpoints import planned_touchpoints
from recsys.tracking.read import TrackedRun, runs
from recsys.tracking.store import TrackConfig

_HOUR, _MOST_HOURS = 3600, 744

KEYS = {
    "artifact": Key("artifact that was exported with policy=", "FOLDER"),
    "at": Key("when the period begins (default: now)", "DATE"),
    "hours": Key("length of the period; 0 for the moment alone", default="24"),
    "out": Key("file for the page (.html), the picture (.png) or the table (.csv)", "FILE"),
    "policy": Key("other limits, quiet hours and pauses", "FILE"),
    "levers": Key("factors of customers on offers, see docs/arbitration.md", "FILE"),
    "decisions": Key("log since the export, whose contacts count", "FILE"),
    "touchpoints": Key(
        "that are looked at, or all (default: those where the firm makes contact)", "NAME,..."
    ),
    "sample": Key("customers on whom costs are measured", default=str(SAMPLE)),
    "seed": Key("of the sample", default="0"),
    "log": Key("true keeps page, picture and table in MLflow, beside the model", default="false"),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Prints a funnel, writes its page and keeps it in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word, the artifact, the policy or the log is not usable, or the file cannot be
            written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if "artifact" not in given:
        raise InputError("say artifact=FOLDER, which was exported with a policy")
    out = Path(given["out"]) if "out" in given else None
    if out is not None:
        require_ending(out)
    hours = _up_to("hours", given["hours"], _MOST_HOURS)
    seed = _up_to("seed", given["seed"], 2**32 - 1)
    sample, kept = whole_number("sample", given["sample"]), truth("log", given["log"])
    artifact = artifact_of(given)
    rules = _rules(artifact, given.get("decisions"))
    run = _run(artifact, store_of(given)) if kept else None
    moment = artifact.contents.moment(given.get("at"))
    made = funnel(
        rules,
        at=now() if moment is None else moment,
        horizon=hours * _HOUR or 1,
        values=expected_values(artifact),
        sample=sample,
        seed=seed,
        touchpoints=_touchpoints(artifact, given.get("touchpoints")),
    )
    say(*funnel_text(made))
    if out is not None:
        write_funnel(out, made)
        say(f"written to {out}")
    if run is not None:
        say(f"page, picture and table are in MLflow: funnel run {log_funnel(made, run)}")


def _rules(artifact: Artifact, log: str | None) -> CompiledRules:
    rules = require_policy(artifact.contents).rules
    if log is None:
        return rules
    return read_booked(Path(log), artifact.contents, artifact.customers).added_to(rules)


def _touchpoints(artifact: Artifact, words: str | None) -> dict[str, int] | None:
    """Name -> row of those that a plan would be for; None for all."""
    names = artifact.contents.touchpoints.names
    outbound = require_policy(artifact.contents).rules.outbound
    used = planned_touchpoints(names, outbound, None if words is None else words.split(","))
    return None if used.all() else {names[row]: row for row in np.flatnonzero(used).tolist()}


def _run(artifact: Artifact, store: TrackConfig) -> TrackedRun:
    run_id = artifact.facts.get("mlflow_run_id")
    if not run_id:
        raise InputError(
            "log=true: the artifact names no MLflow run of its model; leave log= out, or export a "
            "tracked run"
        )
    return runs(store, run_ids=[str(run_id)])[0]


def _up_to(key: str, text: str, most: int) -> int:
    number = parse_whole_number(text)
    if number is None or not 0 <= number <= most:
        raise InputError(f"{key}: expected a whole number 0 to {most:,}, got '{text[:60]}'")
    return number
