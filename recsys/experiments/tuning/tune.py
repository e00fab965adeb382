"""Tuning: the trials of a study, in processes of their own, tracked and resumable."""

import multiprocessing
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Lock
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial
from tqdm import tqdm

from recsys.data.dataset import Dataset
from recsys.data.queries import Split, Window
from recsys.errors import InputError
from recsys.experiments.config import Settings, build_part, settings_of
from recsys.experiments.parts import packages
from recsys.experiments.run import load
from recsys.experiments.tuning.nested import changed, flat
from recsys.experiments.tuning.space import Space, refuse_outside, space
from recsys.experiments.tuning.study import Study, StudyConfig, refusal, storage_in_one_line
from recsys.experiments.validator import Validator
from recsys.ops.terminal import exit_on_input_error
from recsys.tracking.study import StudyRun, TrialRecord

_POLL = 1.0
# What these raise on odd settings says that the settings are bad, not the program.
_REFUSALS = (InputError, ValueError, ArithmeticError, MemoryError)


def tune(settings: Settings, described: Mapping[str, Any], config: StudyConfig) -> Study:
    """Searches until the budget is spent; whatever was finished before counts.

    Trials run in processes of their own and are kept in the study's database as they end; this
    process copies them into MLflow.

    Args:
        settings: of the run to tune, built.
        described: the space, as in conf/tune.
        config: budget and storage.

    Raises:
        InputError: the study belongs to something else, is in use, or its first trial fails.
    """
    widest = space(described, flat(settings.config["model"]))
    study = Study(study_name(settings, config), config, settings.seed)
    with storage_in_one_line(config), study.held():
        if study.about is not None:
            # Before anything of it is touched, and also where nothing is left to try.
            _prepare(study, settings, described)
        study.take_up()
        tracked = StudyRun(
            settings.track, study.name, settings.evaluate.metric, _tags(settings), study.identity
        )
        with tracked.under_way(), _progress(config) as bar:
            if not study.is_spent():
                with _started(study.name, settings.config, described, config) as workers:
                    while _working(workers):
                        _show(bar, study, tracked)
                        time.sleep(_POLL)
            _show(bar, study, tracked)
            best = study.best()
            refuse_outside(widest, best.params, f"study {study.name}, trial {best.number}")
    return study


def study_name(settings: Settings, config: StudyConfig) -> str:
    """What the study is called: `study.name`, or data and model.

    Raises:
        InputError: files and tags cannot be called that.
    """
    name = config.name or f"{settings.source.name}_{settings.names['model']}"
    if not re.fullmatch(r"[\w.-]+", name):
        raise InputError(
            f"study.name: expected letters, digits, '_', '-' and '.', got '{name}'; say "
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
        ended="refused" if why else "complete" if complete else "given up",
        why=why,
        curve=curve,
        began=trial.datetime_start,
        finished=trial.datetime_complete,
    )


@contextmanager
def _started(
    name: str, plain: Mapping[str, Any], described: Mapping[str, Any], config: StudyConfig
) -> Iterator[list[BaseProcess]]:
    """Processes of trials; whatever ends the block ends them too."""
    context = multiprocessing.get_context("spawn")
    about = (name, plain, described, config, os.getpid(), context.Lock())
    workers: list[BaseProcess] = [
        context.Process(target=_work, args=about, daemon=True) for _ in range(config.processes)
    ]
    try:
        with _shared_cores(config.processes):
            for worker in workers:
                worker.start()
        yield workers
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


def _working(workers: list[BaseProcess]) -> bool:
    for worker in workers:
        if worker.exitcode:
            # Its one line stands on stderr already.
            sys.exit(worker.exitcode if worker.exitcode > 0 else 1)
    return any(worker.is_alive() for worker in workers)


def _work(
    name: str,
    plain: Mapping[str, Any],
    described: Mapping[str, Any],
    config: StudyConfig,
    parent: int,
    last_word: Lock,
) -> None:
    """A process of trials; ends with the budget, or after the trial in which its parent died."""
    with exit_on_input_error(last_word), storage_in_one_line(config):
        settings = settings_of(plain, packages(plain.get("allow", [])))
        study = Study(name, config, settings.seed)
        searched, split = _prepare(study, settings, described)
        while os.getppid() == parent and (trial := study.ask(searched)) is not None:
            _try(study, trial, searched, split.valid, settings)


def _prepare(study: Study, settings: Settings, described: Mapping[str, Any]) -> tuple[Space, Split]:
    """Loads the data and refuses a study that was begun about something else."""
    data, split = load(settings.source, settings.splitter, settings.identity)
    model = flat(settings.config["model"])
    searched = space(described, model, data)
    study.prepare(searched, model, _about(settings, data, split))
    return searched, split


def _try(study: Study, trial: Trial, searched: Space, window: Window, settings: Settings) -> None:
    try:
        study.tell(trial, _quality(trial, searched, window, settings, study.config.prune))
    except optuna.TrialPruned:
        study.tell(trial, None)
    except _REFUSALS as error:
        words = " ".join(str(error).split()) or type(error).__name__
        study.tell(trial, None, refused=words)
        if not study.finished()[1:]:
            raise InputError(f"the first trial of study {study.name} failed: {words}") from None


def _quality(
    trial: Trial, searched: Space, window: Window, settings: Settings, prune: bool
) -> float:
    def point(step: int, value: float) -> None:
        trial.report(value, step)
        if prune and trial.should_prune():
            raise optuna.TrialPruned

    refuse_outside(searched, trial.params, f"trial {trial.number}")
    model = build_part(changed(settings.config["model"], trial.params), "model", settings.allow)
    validator = Validator(window.queries, settings.evaluate, point)
    model.fit(window.past, validator)
    # Models that learn in epochs have shown a curve by now; others are asked about ever more.
    return validator(model.score) if validator.curve else validator.growing(model.score)


def _about(settings: Settings, data: Dataset, split: Split) -> dict[str, Any]:
    """What a study belongs to; where the data lie does not matter."""
    parts = {key: settings.config[key] for key in ("model", "split", "identity", "seed")}
    # The cut-offs of the data are in no table; the fingerprint holds targets and filter_seen.
    windows = {"cut-offs": split.description}
    return {**parts, **windows, "data": data.fingerprint, "metric": settings.evaluate.metric}


def _tags(settings: Settings) -> dict[str, str]:
    # "model" and "data" alone: with all tags of a model's run it would stand on the leaderboard.
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
    """Copies what has ended into MLflow and moves the bar."""
    ended = study.finished()
    best: float | None = None
    for count, trial in enumerate(ended, start=1):
        record = trial_record(trial)
        if record.ended == "complete" and record.value is not None:
            best = record.value if best is None else max(best, record.value)
        if tracked.log(record) and best is not None:
            tracked.best(best, count)
    done = study.seconds(ended) / 60 if study.config.trials is None else len(ended)
    bar.n = min(done, bar.total or done)
    bar.set_postfix_str(f"{len(ended)} trials" + (f", best {best:.4f}" if best else ""))
