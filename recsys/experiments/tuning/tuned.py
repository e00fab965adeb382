"""What a study leaves behind: an experiment file of the best settings, and runs of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from recsys.errors import InputError
from recsys.experiments.config import Settings, settings_of
from recsys.experiments.run import run
from recsys.experiments.tuning.nested import changed
from recsys.experiments.tuning.study import Study
from recsys.experiments.tuning.tune import trial_record
from recsys.ops.whole_file import write_whole
from recsys.tracking.runs import log_run
from recsys.tracking.study import BEST, PARENT, StudyRun

_OWN = ("_target_", "seed", "device", "market")
"""Settings of a model that are not tuned but follow from where and how it runs."""


def finish(settings: Settings, study: Study, folder: Path) -> tuple[Path, list[str]]:
    """Writes the experiment file, fits the best settings with each seed and tracks the runs.

    Seeds with which these settings were tracked before a kill are not fitted again; a model without
    a seed is fitted once.

    Args:
        settings: of the study.
        study: with at least one finished trial.
        folder: of the experiment file, where `study.out` names none.

    Returns:
        the experiment file, and the ids of the runs that were added.
    """
    best = trial_record(study.best())
    text = experiment_file(settings, study)
    path = Path(study.config.out or folder / f"{study.name}.yaml")
    write_whole(path, text, "study.out")
    tracked = StudyRun(settings.track, study.name, settings.evaluate.metric, {}, study.identity)
    wanted = study.config.seeds
    seeds = range(wanted if "seed" in settings.config["model"] else min(wanted, 1))
    missing = [seed for seed in seeds if seed not in tracked.repeated(best.number)]
    tags = {PARENT: tracked.run_id, "study": study.name, BEST: str(best.number)}
    added = [_repeat(settings, best.settings, seed, tags, study.about) for seed in missing]
    tracked.conclude(best, text)
    return path, added


def experiment_file(settings: Settings, study: Study) -> str:
    """The best settings as an overlay that `experiment=` takes, with how they were found."""
    best, ended = study.best(), study.finished()
    names = settings.names
    model = changed(settings.config["model"], best.params)
    overlay = {
        "defaults": [{f"override /{part}": names[part]} for part in ("data", "split", "model")],
        "model": {key: value for key, value in model.items() if key not in _OWN},
        "evaluate": {"metric": settings.evaluate.metric},
    }
    head = [
        "# @package _global_",
        f"# {settings.evaluate.metric} {best.value:.4f} on a sample of valid of "
        f"{settings.source.name}: trial {best.number}",
        f"# of {len(ended)}, {study.seconds(ended) / 60:.1f} minutes of scripts/tune.py, on data",
        f"# {study.about['data'][:16]}, {study.about['cut-offs']}.",
    ]
    # A line break in a name would end the comment.
    head = [" ".join(line.split()) for line in head]
    return "\n".join([*head, yaml.safe_dump(overlay, sort_keys=False, allow_unicode=True)])


def _repeat(
    settings: Settings,
    best: Mapping[str, Any],
    seed: int,
    tags: Mapping[str, str],
    about: Mapping[str, Any],
) -> str:
    config = {key: value for key, value in settings.config.items() if key not in ("tune", "study")}
    plain = {**config, "seed": seed, "model": changed(settings.config["model"], best)}
    if "seed" in plain["model"]:
        plain["model"]["seed"] = seed
    chosen = settings_of(plain, settings.allow)
    track = replace(settings.track, tags={**settings.track.tags, **tags})
    record = run(chosen)
    if record.fingerprint != about["data"]:
        raise InputError(
            f"data={record.data_name} changed while the study went on; say study.name=ANOTHER"
        )
    return log_run(record, track)
