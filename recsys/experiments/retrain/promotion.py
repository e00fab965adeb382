"""Exports the winner of a retraining and makes it the champion."""

import hashlib
from pathlib import Path

from recsys.errors import InputError
from recsys.experiments.export_run import export
from recsys.experiments.promote import as_of_text, register_artifact
from recsys.experiments.retrain.champion import export_like
from recsys.experiments.retrain.decision import Decision
from recsys.experiments.retrain.report import decision_lines
from recsys.experiments.retrain.step import Step
from recsys.serving import load
from recsys.tracking.read import TrackedRun
from recsys.tracking.registry import champion, promotion_lock
from recsys.tracking.retraining_versions import restore_champion


def promote_winner(step: Step, decision: Decision, run: TrackedRun, former: Path | None) -> str:
    """Refits the settings of a run on all events and makes the artifact the champion.

    What a killed call has exported or registered is used again.

    Args:
        step: of the retraining.
        decision: its kind and figures describe the version.
        run: the winner.
        former: folder of the champion's artifact; None before the first.

    Returns:
        the number of the new version.

    Raises:
        InputError: it cannot be exported or registered, or somebody else has changed the champion.
    """
    config, exported = step.config, step.state / "artifact"
    # Written in one step: where it is, it is whole.
    if not exported.exists():
        export(run, exported, export_like(former, config.export, config.allow), overwrite=False)
    digest = hashlib.sha256((exported / "manifest.json").read_bytes()).hexdigest()
    with promotion_lock(step.track, config.name):
        now = champion(step.track, config.name)
        before = None if step.base is None else step.base.version
        if (now and now.version) != (before and before.version):
            raise InputError(
                f"model_name={config.name}: the champion was changed while this retraining ran; "
                "start it again"
            )
        made = step.retraining.made
        if made:
            # By a killed call: its files were complete before it was created.
            restore_champion(step.retraining, step.track, config.name, made)
            return made
        about = {
            "kind": decision.kind,
            "why": ". ".join(decision_lines(decision, config.metric)),
            "as_of": as_of_text(load(exported, exact=True).contents),
        }
        run_id = step.retraining.run_id
        return register_artifact(
            exported, step.track, config.name, run, digest, run_id, about
        ).version
