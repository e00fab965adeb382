"""A study: the trials of one model on one data set, kept in a database that survives a kill."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from recsys.errors import InputError
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.database import opened, storage_errors
from recsys.experiments.tuning.space import Space, points, size, within
from recsys.tracking.sqlite_file import locked

STARTUP = 8
"""Trials drawn at random before the sampler learns from them."""

WARM_UP = 2
"""First epoch at which a trial may be stopped: strong regularisation starts slowly."""

_DRAWS = 20
"""Draws of a trial that no other trial repeats."""

_REFUSED, _IDENTITY, _SUBJECT, _MOVED = "refused", "identity", "about", "moved"
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


class Study:
    """The trials of a study in its database.

    Args:
        name: of the study.
        config: budget and storage.
        seed: of the sampler.

    Attributes:
        identity: hexadecimal; another study has another, also one of the same name that replaces
            this one.
    """

    def __init__(self, name: str, config: StudyConfig, seed: int) -> None:
        self.name, self.config, self.seed = name, config, seed
        self._path = Path(config.storage).absolute()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with storage_errors(config), locked(self._path, "study.storage"):
            self._study = optuna.create_study(
                storage=opened(self._path), study_name=name, direction="maximize",
                pruner=optuna.pruners.PercentilePruner(
                    25.0, n_startup_trials=4, n_warmup_steps=WARM_UP
                ),
                load_if_exists=True,
            )  # fmt: skip
            if _IDENTITY not in self._study.user_attrs:
                self._study.set_user_attr(_IDENTITY, uuid.uuid4().hex)
        self.identity: str = self._study.user_attrs[_IDENTITY]

    @property
    def folder(self) -> Path:
        """Of its database."""
        return self._path.parent

    @property
    def fits(self) -> Path:
        """Where fits of its best settings are resumed from."""
        return self._path.with_name(f"{self._path.name}.{self.name}.fits") / self.identity

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from searching the same study at the same time.

        Raises:
            InputError: another process is searching it.
        """
        path = self._path.with_name(f"{self._path.name}.{self.name}")
        with locked(path, "study.storage", wait=False):
            yield

    def requeue_interrupted(self) -> None:
        """Puts trials that a kill interrupted back into the queue, before those that wait in it.

        So the study ends with the trials of one that was not interrupted.
        """
        interrupted = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if not interrupted:
            return
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        queue: list[dict[str, Any]] = []
        for trial in (*interrupted, *waiting):
            settings = {**trial.params, **trial.system_attrs.get("fixed_params", {})}
            if settings not in queue:
                queue.append(settings)
                self._study.enqueue_trial(settings)
        moved = self._study.user_attrs.get(_MOVED, 0) + len(interrupted) + len(waiting)
        self._study.set_user_attr(_MOVED, moved)
        # In this order: a kill in between must neither lose a trial nor queue it twice.
        for _ in waiting:
            self._study.tell(self._study.ask(), state=TrialState.FAIL)
        for trial in interrupted:
            self._study.tell(trial.number, state=TrialState.FAIL)

    @property
    def subject(self) -> Any:
        """The `subject` of the first `prepare`; None before it."""
        stored = self._study.user_attrs.get(_SUBJECT)
        document = json.loads(stored) if stored else None
        return document.get(_SUBJECT) if isinstance(document, dict) else document

    def prepare(self, searched: Space, defaults: Mapping[str, Any], subject: object) -> None:
        """Queues the first trials: the model's default settings, and all points of a finite space.

        Args:
            searched: the space.
            defaults: the model's settings by name, as from `flat_settings`.
            subject: data, split, model and metric, plain; the same at every start of the study.

        Raises:
            InputError: the study was started with another subject or space.
        """
        document = json.dumps(
            {_SUBJECT: subject, "space": sorted(map(str, searched.items()))}, sort_keys=True
        )
        with locked(self._path, "study.storage"):
            stored = self._study.user_attrs.get(_SUBJECT)
            if stored not in (None, document):
                raise InputError(
                    f"study.name={self.name} was started with other data, settings or space"
                    f"{_differing(stored, document)}; set study.name=ANOTHER, or remove "
                    f"{self._path.name} to start again"
                )
            if stored is None:
                default = {name: defaults[name] for name in searched}
                for point in [within(searched, default), *(points(searched) or [])]:
                    if point:
                        self._study.enqueue_trial(point, skip_if_exists=True)
                self._study.set_user_attr(_SUBJECT, document)

    def ask(self, searched: Space) -> Trial | None:
        """The next trial; None where the budget is spent or every point was tried."""
        points_in_space = size(searched)
        with locked(self._path, "study.storage"):
            for _ in range(_DRAWS):
                trials = self._study.get_trials(deepcopy=False)
                if _count(trials) >= points_in_space or self._is_spent(trials):
                    return None
                self._study.sampler = optuna.samplers.TPESampler(
                    # A resumed study must not draw the same points again, but those it would have.
                    seed=self.seed + len(trials) - self._study.user_attrs.get(_MOVED, 0),
                    n_startup_trials=STARTUP,
                )  # fmt: skip
                trial = self._study.ask(searched)
                if not any(trial.params == former.params for former in trials if _counts(former)):
                    return trial
                self._study.tell(trial, state=TrialState.FAIL)
        return None

    def tell(self, trial: Trial, value: float | None, refused: str | None = None) -> None:
        """Ends a trial.

        Args:
            trial: from `ask`.
            value: its quality; None where it was stopped early or refused.
            refused: why its settings cannot be fitted.
        """
        if refused is not None:
            trial.set_user_attr(_REFUSED, refused)
        state = TrialState.COMPLETE if value is not None else TrialState.PRUNED
        self._study.tell(
            trial, value, TrialState.FAIL if refused is not None else state, skip_if_finished=True
        )

    def finished(self) -> list[FrozenTrial]:
        """Trials that were not interrupted, in the order of their numbers."""
        return [trial for trial in self._study.get_trials(deepcopy=False) if _counts(trial, False)]

    def seconds(self, ended: Sequence[FrozenTrial]) -> float:
        """Seconds of finished trials, divided by the number of processes."""
        seconds = sum(trial.duration.total_seconds() for trial in ended if trial.duration)
        return seconds / self.config.processes

    def best(self) -> FrozenTrial:
        """The best trial that was not stopped early.

        Raises:
            InputError: there is none; says why.
        """
        ended = self.finished()
        complete = [trial for trial in ended if trial.state == TrialState.COMPLETE]
        if not complete:
            why = next((trial.user_attrs[_REFUSED] for trial in ended), "none was started in time")
            raise InputError(f"study {self.name}: no trial was finished: {why}")
        # Of equal trials, the first.
        return max(complete, key=lambda trial: (trial.value, -trial.number))

    def is_spent(self) -> bool:
        """Whether the budget leaves no room for another trial."""
        return self._is_spent(self._study.get_trials(deepcopy=False))

    def _is_spent(self, trials: Sequence[FrozenTrial]) -> bool:
        if self.config.trials is not None and _count(trials) >= self.config.trials:
            return True
        ended = [trial for trial in trials if _counts(trial, running=False)]
        return self.config.minutes is not None and self.seconds(ended) >= 60 * self.config.minutes


def refusal(trial: FrozenTrial) -> str | None:
    """Why a trial could not be measured; None where it could."""
    reason: str | None = trial.user_attrs.get(_REFUSED)
    return reason


def _differing(stored: str, document: str) -> str:
    """The keys in which two descriptions of a study differ, where both are mappings."""
    stored_document, new_document = json.loads(stored), json.loads(document)
    if not isinstance(stored_document, dict):
        return ""
    parts = ["space"] if stored_document["space"] != new_document["space"] else []
    old, new = stored_document[_SUBJECT], new_document[_SUBJECT]
    if isinstance(old, dict) and isinstance(new, dict):
        parts = [key for key in {**old, **new} if old.get(key) != new.get(key)] + parts
    return f" ({', '.join(parts)})" if parts else ""


def _count(trials: Sequence[FrozenTrial]) -> int:
    return sum(_counts(trial) for trial in trials)


def _counts(trial: FrozenTrial, running: bool = True) -> bool:
    """Whether a trial is part of the budget: not one that was interrupted or repeats another."""
    if trial.state == TrialState.RUNNING:
        return running
    return trial.state in _DONE or _REFUSED in trial.user_attrs
