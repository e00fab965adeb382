"""Fits one model, evaluates it on valid and tracks the run in MLflow.

recsys train model=als data.events=20000
recsys train model=als data=complete_journey data.root=FOLDER
recsys train -m model=popularity,als seed=0,1,2
torchrun --nproc-per-node=2 -m recsys train model=lightgcn

Without data= it uses a simulated market. The folder of the run (hydra.run.dir) gets metrics.json,
and checkpoints of networks, trials of auto: the same command with the same folder continues.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from recsys.cli.launch import launch
from recsys.errors import InputError
from recsys.experiments.config import Settings, settings_from
from recsys.experiments.processes import is_first, joined, shared_folder
from recsys.experiments.run import fit_only, run
from recsys.ops.conf_folder import conf_folder
from recsys.ops.terminal import say
from recsys.tracking.metrics_json import write_metrics_json
from recsys.tracking.runs import attempt, log_run
from recsys.tracking.store import open_store
from recsys.tracking.unsent import log_or_keep, said_if_lost


def main(words: Sequence[str]) -> None:
    """One run, or with -m one run for each combination of settings.

    Args:
        words: settings as key=value, and flags of Hydra.
    """
    launch(train, conf_folder(), "config", words, __doc__ or "")


def train(config: DictConfig) -> None:
    """One run: loads, fits, evaluates, writes metrics.json and tracks.

    Args:
        config: the composed configuration.

    Raises:
        InputError: a setting or the data are wrong, or the store cannot be opened.
    """
    hydra = HydraConfig.get()
    if hydra.mode == RunMode.MULTIRUN and config.evaluate.test:
        raise InputError(
            "evaluate.test=true is refused in a multirun: test is read once, by the chosen settings"
        )
    settings = settings_from(config)
    with joined():
        folder = shared_folder(Path(hydra.runtime.output_dir))
        if not is_first():
            fit_only(settings, folder / "checkpoint")
            return
        with attempt(folder) as token:
            _run(settings, folder, token)


def _run(settings: Settings, folder: Path, token: str) -> None:
    """The run of the first process, in its own folder."""
    checkpoints, path = folder / "checkpoint", folder / "metrics.json"
    # Before the fit, so that a store that cannot be opened wastes no training. A server that is
    # away may be back at the end.
    with said_if_lost(folder):
        open_store(settings.track)
    record = run(settings, checkpoints)
    # Before tracking: the results are kept even if the store fails.
    write_metrics_json(path, record, None)
    try:
        run_id = log_or_keep(lambda track: log_run(record, track, token), settings.track, folder)
        write_metrics_json(path, record, run_id)
    except InputError as error:
        raise InputError(f"{error}; the results are in {path}") from None
    shutil.rmtree(checkpoints, ignore_errors=True)
    say(*record.summary().split("\n"))
    say(f"  metrics: {path}", *([] if run_id is None else [f"  MLflow run: {run_id}"]))
