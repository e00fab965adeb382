"""Exports the winner of a retraining and makes it the champion."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.errors import InputError
from recsys.experiments.export_run import export
from recsys.experiments.retrain.champion import export_like
from recsys.experiments.retrain.step import Step
from recsys.serving.mlflow_model.pyfunc import save
from recsys.tracking.pseudonyms import pseudonyms_of
from recsys.tracking.read import TrackedRun
from recsys.tracking.registry import champion, promotion_lock
from recsys.tracking.retrainings import make_champion


def promote_winner(step: Step, run: TrackedRun, former: Path | None) -> str:
    """Refits the settings of a run on all events and makes the artifact the champion.

    What a killed call has exported or registered is used again.

    Args:
        step: of the retraining.
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
    with promotion_lock(step.track, config.name), TemporaryDirectory() as temporary:
        now = champion(step.track, config.name)
        before = None if step.base is None else step.base.version
        if (now and now.version) != (before and before.version):
            raise InputError(
                f"model_name={config.name}: the champion was changed while this retraining ran; "
                "start it again"
            )
        model = Path(temporary) / "model"
        hidden = pseudonyms_of(run.run_id, run.tags)
        save(model, exported, hidden.of if hidden else list)
        return make_champion(step.retraining, step.track, config.name, model, run, digest)
