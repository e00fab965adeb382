"""Finishes a study: writes an experiment file of its best settings and runs them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from recsys.errors import InputError
from recsys.experiments.config import Settings, settings_of
from recsys.experiments.run import run
from recsys.experiments.tuning.space import with_settings
from recsys.experiments.tuning.study import Study
from recsys.experiments.tuning.tune import trial_record
from recsys.ops.whole_file import write_whole
from recsys.tracking.data_sets import DataSet
from recsys.tracking.runs import log_run
from recsys.tracking.study import BEST, PARENT, StudyRun

_NOT_TUNED = ("_target_", "seed", "device", "market")
"""Settings of a model that are set by other parts of the configuration."""


def finish(settings: Settings, study: Study, folder: Path) -> tuple[Path, list[str]]:
    """Writes the experiment file, fits the best settings with each seed and tracks the runs.

    Seeds that were tracked before a kill are not fitted again; a model without a seed is fitted
    once.

    Args:
        settings: of the study.
        study: with at least one finished trial.
        folder: of the experiment file, where `study.out` is not set.

    Returns:
        the experiment file, and the MLflow ids of the new runs.

    Raises:
        InputError: the file cannot be written, or the data changed since the study started.
    """
    best = trial_record(study.best())
    text = experiment_file(settings, study)
    path = Path(study.config.out or folder / f"{study.name}.yaml")
    write_whole(path, text, "study.out")
    tracked = StudyRun(settings.track, study.name, settings.evaluate.metric, {}, study.identity)
    count = study.config.seeds
    seeds = range(count if "seed" in settings.config["model"] else min(count, 1))
    logged = tracked.logged_seeds(best.number)
    missing = [seed for seed in seeds if seed not in logged]
    tags = {PARENT: tracked.run_id, "study": study.name, BEST: str(best.number)}
    added = [_run(settings, best.settings, seed, tags, study.subject) for seed in missing]
    data_set = DataSet(
        name=settings.source.name,
        fingerprint=study.subject["data"],
        context="valid",
        settings=settings.config["data"],
    )
    tracked.conclude(best, text, data_set)
    return path, added


def experiment_file(settings: Settings, study: Study) -> str:
    """The best settings as YAML for `experiment=`, headed by comments on how they were tuned."""
    best, finished = study.best(), study.finished()
    names = settings.names
    model = with_settings(settings.config["model"], best.params)
    overlay = {
        "defaults": [{f"override /{part}": names[part]} for part in ("data", "split", "model")],
        "model": {key: value for key, value in model.items() if key not in _NOT_TUNED},
        "evaluate": {"metric": settings.evaluate.metric},
    }
    head = [
        "# @package _global_",
        f"# {settings.evaluate.metric} {best.value:.4f} on a sample of valid of "
        f"{settings.source.name}: trial {best.number}",
        f"# of {len(finished)}, {study.seconds(finished) / 60:.1f} minutes of recsys tune, on data",
        f"# {study.subject['data'][:16]}, {study.subject['cut-offs']}.",
    ]
    # A line break in a name would end the comment.
    head = [" ".join(line.split()) for line in head]
    return "\n".join([*head, yaml.safe_dump(overlay, sort_keys=False, allow_unicode=True)])


def _run(
    settings: Settings,
    best: Mapping[str, Any],
    seed: int,
    tags: Mapping[str, str],
    subject: Mapping[str, Any],
) -> str:
    config = {key: value for key, value in settings.config.items() if key not in ("tune", "study")}
    plain = {**config, "seed": seed, "model": with_settings(settings.config["model"], best)}
    if "seed" in plain["model"]:
        plain["model"]["seed"] = seed
    chosen = settings_of(plain, settings.allow)
    track = replace(settings.track, tags={**settings.track.tags, **tags})
    record = run(chosen)
    if record.fingerprint != subject["data"]:
        raise InputError(
            f"data={record.data_name} changed since the study started; set study.name=ANOTHER"
        )
    return log_run(record, track)
