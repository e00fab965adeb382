"""The trials of a study: what a process that runs them does, wherever the study is kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import optuna

from recsys.data.dataset import Dataset
from recsys.data.queries import Split, Window
from recsys.errors import InputError
from recsys.experiments.config import Settings, build_part
from recsys.experiments.run import load
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.space import (
    Space,
    flat_settings,
    refuse_outside,
    space,
    with_settings,
)
from recsys.experiments.validator import Validator

# Raised for settings that cannot be fitted; anything else is a bug.
_REFUSALS = (InputError, ValueError, ArithmeticError, MemoryError)


class AskedTrial(Protocol):
    """A trial to run, as `optuna.trial.Trial`."""

    @property
    def number(self) -> int:
        """From 0."""
        ...

    @property
    def params(self) -> dict[str, Any]:
        """Its settings by name."""
        ...

    def report(self, value: float, step: int) -> None:
        """Keeps a point of its curve."""
        ...

    def should_prune(self) -> bool:
        """Whether it has fallen behind."""
        ...


AnyTrial = TypeVar("AnyTrial", bound=AskedTrial)


class Trials(Protocol[AnyTrial]):
    """A study, or what stands for one that another process keeps; members as of `Study`."""

    name: str
    config: StudyConfig

    def prepare(self, searched: Space, defaults: Mapping[str, Any], subject: object) -> None:
        """Queues the first trials, and refuses another subject."""
        ...

    def ask(self, searched: Space) -> AnyTrial | None:
        """The next trial; None where none is left."""
        ...

    def tell(self, trial: AnyTrial, value: float | None, refused: str | None = None) -> None:
        """Ends a trial."""
        ...

    def finished(self) -> Sequence[object]:
        """Trials that were not interrupted."""
        ...


def run_trials(
    study: Trials[AnyTrial],
    settings: Settings,
    described: Mapping[str, Any],
    goes_on: Callable[[], bool],
) -> None:
    """Runs trials until none is left.

    Args:
        study: where trials come from and results go.
        settings: of the run to tune.
        described: the space, as in conf/tune.
        goes_on: asked before each trial; False ends it.

    Raises:
        InputError: the study was started with other settings, or its first trial fails.
    """
    searched, split = prepare(study, settings, described)
    while goes_on() and (trial := study.ask(searched)) is not None:
        _run_trial(study, trial, searched, split.valid, settings)


def prepare(
    study: Trials[Any], settings: Settings, described: Mapping[str, Any]
) -> tuple[Space, Split]:
    """Loads the data and refuses a study that was started with other settings."""
    data, split = load(settings.source, settings.splitter, settings.identity)
    if split.earlier:
        raise InputError(
            "split: expected one window to choose settings on, got "
            f"{len(split.earlier) + 1}; say split=time, then train the best with split=rolling"
        )
    model = flat_settings(settings.config["model"])
    searched = space(described, model, data)
    study.prepare(searched, model, _subject(settings, data, split))
    return searched, split


def _run_trial(
    study: Trials[AnyTrial], trial: AnyTrial, searched: Space, window: Window, settings: Settings
) -> None:
    try:
        study.tell(trial, _quality(trial, searched, window, settings, study.config.prune))
    except optuna.TrialPruned:
        study.tell(trial, None)
    except _REFUSALS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        study.tell(trial, None, refused=reason)
        if not study.finished()[1:]:
            raise InputError(f"the first trial of study {study.name} failed: {reason}") from None


def _quality(
    trial: AskedTrial, searched: Space, window: Window, settings: Settings, prune: bool
) -> float:
    def report(step: int, value: float) -> None:
        trial.report(value, step)
        if prune and trial.should_prune():
            raise optuna.TrialPruned

    refuse_outside(searched, trial.params, f"trial {trial.number}")
    model = build_part(
        with_settings(settings.config["model"], trial.params), "model", settings.allow
    )
    validator = Validator(window.queries, settings.evaluate, report)
    model.fit(window.past, validator)
    # Models that learn in epochs have reported a curve; others report growing samples.
    return validator(model.score) if validator.curve else validator.on_growing_sample(model.score)


def _subject(settings: Settings, data: Dataset, split: Split) -> dict[str, Any]:
    """What a study is about; the folder of the data is not part of it."""
    parts = {key: settings.config[key] for key in ("model", "split", "identity", "seed")}
    # The fingerprint covers targets and filter_seen, but not the cut-offs.
    windows = {"cut-offs": split.description}
    return {**parts, **windows, "data": data.fingerprint, "metric": settings.evaluate.metric}
