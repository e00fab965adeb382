"""Finishes a study: writes an experiment file of its best settings and runs them."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.config import Settings, settings_of
from recsys.experiments.run import run
from recsys.experiments.tuning.space import with_settings
from recsys.experiments.tuning.study import Study
from recsys.experiments.tuning.tune import trial_record
from recsys.ops.whole_file import write_whole
from recsys.tracking.data_sets import DataSet
from recsys.tracking.study import StudyRun, TrialRecord

_NOT_TUNED = ("_target_", "seed", "device", "market")
"""Settings of a model that are set by other parts of the configuration."""


def finish(settings: Settings, study: Study, folder: Path) -> tuple[Path, list[str]]:
    """Writes the experiment file, fits the best settings with each seed and tracks the runs.

    Seeds that were tracked before a kill are not fitted again, and a fit in steps that a kill
    interrupted goes on; a model without a seed is fitted once.

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
    tracked = StudyRun(
        settings.track, study.name, settings.evaluate.metric, {}, study.identity,
        folder=study.folder,
    )  # fmt: skip
    count = study.config.seeds
    seeds = range(count if "seed" in settings.config["model"] else min(count, 1))
    logged = tracked.logged_seeds(best.number)
    missing = [seed for seed in seeds if seed not in logged]
    added = [_run(settings, study, best, seed, tracked) for seed in missing]
    shutil.rmtree(study.fits, ignore_errors=True)
    data_set = DataSet(
        name=settings.source.name,
        fingerprint=study.subject["data"],
        context="valid",
        settings=settings.config["data"],
    )
    tracked.conclude(best, text, data_set)
    return path, [run_id for run_id in added if run_id is not None]


def experiment_file(settings: Settings, study: Study) -> str:
    """The best settings as YAML for `experiment=`, headed by comments on how they were tuned."""
    best, finished = study.best(), study.finished()
    names = settings.names
    model = with_settings(settings.config["model"], best.params)
    overlay = {
        "defaults": [{f"override /{part}": names[part]} for part in ("data", "split", "model")],
        "model": {key: value for key, value in model.items() if key not in _NOT_TUNED},
        "evaluate": _measuring(settings),
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


def _measuring(settings: Settings) -> dict[str, Any]:
    """The metric, and what else is set without which no run would measure it."""
    given, usual = settings.config["evaluate"], EvaluateConfig()
    needed = {key: given[key] for key in ("ks", "metrics", "convention") if key in given}
    return {"metric": settings.evaluate.metric} | {
        key: value
        for key, value in needed.items()
        if (tuple(value) if isinstance(value, list) else value) != getattr(usual, key)
    }


def _run(
    settings: Settings, study: Study, best: TrialRecord, seed: int, tracked: StudyRun
) -> str | None:
    """Fits the best settings with a seed and logs the run; returns its id where MLflow has it."""
    record = run(
        _settings(settings, best.settings, seed), study.fits / f"trial_{best.number}_seed_{seed}"
    )
    if record.fingerprint != study.subject["data"]:
        raise InputError(
            f"data={record.data_name} changed since the study started; set study.name=ANOTHER"
        )
    return tracked.log_best_run(record, best.number)


def _settings(settings: Settings, best: Mapping[str, Any], seed: int) -> Settings:
    """The settings of the run with the best settings and a seed."""
    config = {key: value for key, value in settings.config.items() if key not in ("tune", "study")}
    plain = {**config, "seed": seed, "model": with_settings(settings.config["model"], best)}
    if "seed" in plain["model"]:
        plain["model"]["seed"] = seed
    return settings_of(plain, settings.allow)
