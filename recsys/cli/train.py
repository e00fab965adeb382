"""Fits one model, reports it on valid and logs the run.

recsys train model=als data=complete_journey data.root=FOLDER
recsys train -m model=popularity,als seed=0,1,2
torchrun --nproc-per-node=2 -m recsys train model=lightgcn

A fit in steps is kept in the run's folder: the same command with the same hydra.run.dir resumes it.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from recsys.cli.conf import conf_folder
from recsys.cli.launch import launch
from recsys.errors import InputError
from recsys.experiments.config import settings_from
from recsys.experiments.processes import is_first, joined, shared_folder
from recsys.experiments.run import fit_only, run
from recsys.ops.terminal import say
from recsys.tracking.metrics_json import write_metrics_json
from recsys.tracking.runs import attempt, log_run
from recsys.tracking.store import open_store


def main(words: Sequence[str]) -> None:
    """One run, or with -m one for each combination.

    Args:
        words: key=value and flags, as Hydra takes them.
    """
    launch(train, conf_folder(), "config", words, __doc__ or "")


def train(config: DictConfig) -> None:
    """One run: loads, fits, evaluates, writes metrics.json and tracks.

    Raises:
        InputError: a setting is no use, or the store cannot be opened.
    """
    hydra = HydraConfig.get()
    if hydra.mode == RunMode.MULTIRUN and config.evaluate.test:
        raise InputError(
            "evaluate.test=true is refused in a multirun: test is read once, by the chosen settings"
        )
    settings = settings_from(config)
    with joined():
        folder = shared_folder(Path(hydra.runtime.output_dir))
        checkpoints = folder / "checkpoint"
        if not is_first():
            fit_only(settings, checkpoints)
            return
        # Before the fit: a store that cannot be opened should not cost anybody a training.
        open_store(settings.track)
        record = run(settings, checkpoints)
    path = folder / "metrics.json"
    # First of all: whatever becomes of the store, what was measured is kept.
    write_metrics_json(path, record, None)
    try:
        with attempt(folder) as token:
            run_id = log_run(record, settings.track, token)
            write_metrics_json(path, record, run_id)
    except InputError as error:
        raise InputError(f"{error}; what was measured is in {path}") from None
    shutil.rmtree(checkpoints, ignore_errors=True)
    say(*record.summary().split("\n"))
    say(f"  metrics {path}  mlflow run {run_id}")
