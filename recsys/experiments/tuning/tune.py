"""Tuning: runs the trials of a study in processes of their own; tracked and resumable."""

import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Lock
from typing import Any

import optuna
from optuna.trial import FrozenTrial
from tqdm import tqdm

from recsys.errors import InputError
from recsys.experiments.config import Settings, settings_of
from recsys.experiments.target_classes import allowed_packages
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.database import storage_errors
from recsys.experiments.tuning.on_ray import workers_on_ray
from recsys.experiments.tuning.space import flat_settings, refuse_outside, space
from recsys.experiments.tuning.study import Study, refusal
from recsys.experiments.tuning.trials import prepare, run_trials
from recsys.ops.terminal import exit_on_input_error
from recsys.tracking.study import StudyRun, TrialRecord

_POLL = 1.0


def tune(settings: Settings, described: Mapping[str, Any], config: StudyConfig) -> Study:
    """Searches until the budget is spent; trials of earlier starts count.

    Trials run in processes of their own, or on Ray; they are kept in the study's database, and this
    process copies them to MLflow.

    Args:
        settings: of the run to tune, built.
        described: the space, as in conf/tune.
        config: budget and storage.

    Returns:
        the study, with at least one finished trial.

    Raises:
        InputError: the study was started with other settings, another process searches it, or its
            first trial fails.
    """
    widest = space(described, flat_settings(settings.config["model"]))
    study = Study(study_name(settings, config), config, settings.seed)
    with storage_errors(config), study.locked():
        if study.subject is not None:
            # Refuses other settings before anything is written, also where no trial is left.
            prepare(study, settings, described)
        study.requeue_interrupted()
        tracked = StudyRun(
            settings.track, study.name, settings.evaluate.metric, _tags(settings), study.identity,
            settings.config, study.folder,
        )  # fmt: skip
        with tracked.running(), _progress(config) as bar:
            if not study.is_spent():
                start = _workers if config.ray is None else workers_on_ray
                with start(study.name, settings.config, described, config) as are_working:
                    while are_working():
                        _show(bar, study, tracked)
                        time.sleep(_POLL)
            _show(bar, study, tracked)
            best = study.best()
            refuse_outside(widest, best.params, f"study {study.name}, trial {best.number}")
    return study


def study_name(settings: Settings, config: StudyConfig) -> str:
    """The name of the study: `study.name`, or data and model.

    Raises:
        InputError: it cannot be the name of a file.
    """
    name = config.name or f"{settings.source.name}_{settings.names['model']}"
    if not re.fullmatch(r"[\w.-]+", name):
        raise InputError(
            f"study.name: expected letters, digits, '_', '-' and '.', got '{name}'; set "
            "study.name=ANOTHER"
        )
    return name


def trial_record(trial: FrozenTrial) -> TrialRecord:
    """A finished trial as it is tracked."""
    curve = dict(sorted(trial.intermediate_values.items()))
    why = refusal(trial)
    complete = trial.state == optuna.trial.TrialState.COMPLETE
    assert trial.datetime_start is not None
    assert trial.datetime_complete is not None
    return TrialRecord(
        number=trial.number,
        settings=trial.params,
        value=None if why else trial.value if complete else list(curve.values())[-1],
        outcome="refused" if why else "complete" if complete else "given up",
        why=why,
        curve=curve,
        started=trial.datetime_start,
        finished=trial.datetime_complete,
    )


@contextmanager
def _workers(
    name: str, plain: Mapping[str, Any], described: Mapping[str, Any], config: StudyConfig
) -> Iterator[Callable[[], bool]]:
    """Processes that run trials; they end with the block at the latest.

    Yields:
        whether any is at work; ends the command where one failed.
    """
    context = multiprocessing.get_context("spawn")
    arguments = (name, plain, described, config, os.getpid(), context.Lock())
    workers: list[BaseProcess] = [
        context.Process(target=_work, args=arguments, daemon=True) for _ in range(config.processes)
    ]
    try:
        with _shared_cores(config.processes):
            for worker in workers:
                worker.start()
        yield lambda: _are_working(workers)
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()


@contextmanager
def _shared_cores(processes: int) -> Iterator[None]:
    """Gives each process its share of the cores, unless OMP_NUM_THREADS says otherwise."""
    if "OMP_NUM_THREADS" in os.environ:
        yield
        return
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // processes))
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]


def _are_working(workers: list[BaseProcess]) -> bool:
    for worker in workers:
        if worker.exitcode:
            # It wrote its one line to stderr.
            sys.exit(worker.exitcode if worker.exitcode > 0 else 1)
    return any(worker.is_alive() for worker in workers)


def _work(
    name: str,
    plain: Mapping[str, Any],
    described: Mapping[str, Any],
    config: StudyConfig,
    parent: int,
    error_lock: Lock,
) -> None:
    """Runs trials until the budget is spent, or until the parent process is gone."""
    with exit_on_input_error(error_lock), storage_errors(config):
        settings = settings_of(plain, allowed_packages(plain.get("allow", [])))
        study = Study(name, config, settings.seed)
        run_trials(study, settings, described, lambda: os.getppid() == parent)


def _tags(settings: Settings) -> dict[str, str]:
    # Not all tags of a model's run: with those it would be on the leaderboard.
    return {"model": settings.names["model"], "data": settings.source.name}


@contextmanager
def _progress(config: StudyConfig) -> Iterator["tqdm[Any]"]:
    minutes = config.trials is None
    with tqdm(
        desc="tune", total=config.minutes if minutes else config.trials,
        unit="min" if minutes else "trial", disable=None, bar_format="{l_bar}{bar}| {postfix}",
    ) as bar:  # fmt: skip
        yield bar


def _show(bar: "tqdm[Any]", study: Study, tracked: StudyRun) -> None:
    """Copies finished trials to MLflow and moves the bar."""
    ended = study.finished()
    best: float | None = None
    for count, trial in enumerate(ended, start=1):
        record = trial_record(trial)
        if record.outcome == "complete" and record.value is not None:
            best = record.value if best is None else max(best, record.value)
        if tracked.log(record) and best is not None:
            tracked.log_best(best, count)
    done = study.seconds(ended) / 60 if study.config.trials is None else len(ended)
    bar.n = min(done, bar.total or done)
    bar.set_postfix_str(f"{len(ended)} trials" + (f", best {best:.4f}" if best else ""))
