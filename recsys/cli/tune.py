"""Searches the settings of one model, then fits the best with several seeds.

recsys tune model=als data=complete_journey data.root=FOLDER study.minutes=15
recsys train experiment=tuned/complete_journey_als data.root=FOLDER

The best settings become a file of conf/experiment/tuned. The same command continues a study.
"""

from collections.abc import Sequence

from omegaconf import DictConfig

from recsys.cli.conf import tuned_folder, use_tuned
from recsys.cli.launch import launch
from recsys.errors import InputError
from recsys.experiments.config import settings_from
from recsys.experiments.config_types import build_typed
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.finish import finish
from recsys.experiments.tuning.tune import tune
from recsys.ops.conf_folder import conf_folder
from recsys.ops.terminal import say


def main(words: Sequence[str]) -> None:
    """One study.

    Args:
        words: settings as key=value, and flags of Hydra.
    """
    launch(search, conf_folder(), "tune", words, __doc__ or "")


def search(config: DictConfig) -> None:
    """One study: searches, writes the experiment file, fits the best settings and tracks the runs.

    Args:
        config: the composed configuration.

    Raises:
        InputError: a setting or the data are wrong, or another process searches the same study.
    """
    if config.evaluate.test:
        raise InputError("evaluate.test=true is refused in tuning: test is read once, afterwards")
    settings = settings_from(config)
    budget = build_typed(StudyConfig, settings.config["study"], "study")
    study = tune(settings, settings.config["tune"], budget)
    best, ended = study.best(), study.finished()
    say(
        f"{study.name}: best {settings.evaluate.metric} {best.value:.4f} on valid, in trial "
        f"{best.number} of {len(ended)} after {study.seconds(ended) / 60:.1f} minutes"
    )
    for name, value in best.params.items():
        say(f"  {name} {value:.4g}" if isinstance(value, float) else f"  {name} {value}")
    path, runs = finish(settings, study, tuned_folder())
    say(f"  settings: {path}", *use_tuned(path))
    for run_id in runs:
        say(f"  MLflow run: {run_id}")
