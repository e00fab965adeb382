"""A study: the trials of one model on one data set, kept in a database that survives any kill."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from recsys.errors import InputError
from recsys.experiments.tuning.space import Space, points, size, within
from recsys.tracking.sqlite_file import is_new, locked, make_whole, refuse_foreign

STARTUP = 8
"""Trials drawn at random before the sampler learns from them."""

WARM_UP = 2
"""First epoch at which a trial may be given up: strong regularisation starts slowly."""

_TWINS = 20
_REFUSED, _IDENTITY, _ABOUT = "refused", "identity", "about"
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """How long to search and where the trials are kept.

    Attributes:
        name: of the study; None for data and model.
        storage: path of the SQLite database of trials; several studies may share one.
        minutes: wall minutes of trials, divided by `processes`, over all starts of the study;
            none begins after them. None for no limit.
        trials: trials that are not refused for being repeated. None for no limit.
        processes: trials at once, each in a process of its own.
        prune: whether trials that fall behind are given up.
        seeds: how often the best settings are fitted and tracked at the end; 0 for never.
        out: the experiment file; None for conf/experiment/tuned/NAME.yaml.
    """

    name: str | None = None
    storage: str = "tune.db"
    minutes: float | None = 15.0
    trials: int | None = None
    processes: int = 1
    prune: bool = True
    seeds: int = 3
    out: str | None = None

    def __post_init__(self) -> None:
        """Raises `InputError` where a value is out of range."""
        if self.minutes is not None and not _is_number(self.minutes, above=0):
            raise InputError(f"study.minutes: expected a number > 0 or null, got {self.minutes}")
        for key, lowest in (("trials", 1), ("processes", 1), ("seeds", 0)):
            value = getattr(self, key)
            if key == "trials" and value is None:
                continue
            if not isinstance(value, int) or not _is_number(value, above=lowest - 1):
                raise InputError(
                    f"study.{key}: expected a whole number of at least {lowest}, got {value}"
                )
        if self.minutes is None and self.trials is None:
            raise InputError("study: set study.minutes or study.trials, or it never ends")


class Study:
    """Trials out of and into the database.

    Args:
        name: of the study.
        config: budget and storage.
        seed: of the sampler.

    Attributes:
        identity: of these trials, which no study that is begun anew shares.
    """

    def __init__(self, name: str, config: StudyConfig, seed: int) -> None:
        self.name, self.config, self.seed = name, config, seed
        self._path = Path(config.storage).absolute()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with storage_in_one_line(config), locked(self._path, "study.storage"):
            refuse_foreign(self._path, "studies", "study.storage")
            if is_new(self._path):
                make_whole(self._path, "study.storage", lambda new: _storage(new).engine.dispose())
            self._study = optuna.create_study(
                storage=_storage(self._path), study_name=name, direction="maximize",
                pruner=optuna.pruners.PercentilePruner(
                    25.0, n_startup_trials=4, n_warmup_steps=WARM_UP
                ),
                load_if_exists=True,
            )  # fmt: skip
            if _IDENTITY not in self._study.user_attrs:
                self._study.set_user_attr(_IDENTITY, uuid.uuid4().hex)
        self.identity: str = self._study.user_attrs[_IDENTITY]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps others from searching the same study at the same time.

        Raises:
            InputError: somebody does already.
        """
        beside = self._path.with_name(f"{self._path.name}.{self.name}")
        with locked(beside, "study.storage", wait=False):
            yield

    def take_up(self) -> None:
        """Puts trials that a kill cut short back into the queue."""
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        queue = [trial.system_attrs.get("fixed_params") for trial in waiting]
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            again = {**trial.params, **trial.system_attrs.get("fixed_params", {})}
            # In this order: a kill between the two must neither lose it nor queue it twice.
            if again not in queue:
                self._study.enqueue_trial(again)
                queue.append(again)
            self._study.tell(trial.number, state=TrialState.FAIL)

    @property
    def about(self) -> Any:
        """What the study was begun about, as `prepare` was told; None before it."""
        begun = self._study.user_attrs.get(_ABOUT)
        known = json.loads(begun) if begun else None
        return known.get(_ABOUT) if isinstance(known, dict) else known

    def prepare(self, searched: Space, defaults: Mapping[str, Any], about: object) -> None:
        """Queues what is tried first: the model's own settings, or all points of a small space.

        Args:
            searched: the space.
            defaults: the model's own settings by name, see `nested.flat`.
            about: data, split, model and metric, plain; a study is about the same to its end,
                and after it.

        Raises:
            InputError: the study was begun about something else.
        """
        known = json.dumps(
            {_ABOUT: about, "space": sorted(map(str, searched.items()))}, sort_keys=True
        )
        with locked(self._path, "study.storage"):
            begun = self._study.user_attrs.get(_ABOUT)
            if begun not in (None, known):
                raise InputError(
                    f"study.name={self.name} was begun with other data, settings or space"
                    f"{_differing(begun, known)}; say study.name=ANOTHER, or remove "
                    f"{self._path.name} to begin anew"
                )
            if begun is None:
                own = {name: defaults[name] for name in searched}
                for point in [within(searched, own), *(points(searched) or [])]:
                    if point:
                        self._study.enqueue_trial(point, skip_if_exists=True)
                self._study.set_user_attr(_ABOUT, known)

    def ask(self, searched: Space) -> Trial | None:
        """The next trial; None where the budget is spent or nothing new is left to try."""
        most = size(searched)
        with locked(self._path, "study.storage"):
            for _ in range(_TWINS):
                trials = self._study.get_trials(deepcopy=False)
                if _begun(trials) >= most or self._is_spent(trials):
                    return None
                self._study.sampler = optuna.samplers.TPESampler(
                    # A study that is started again must not draw what it drew before.
                    seed=self.seed + len(trials), n_startup_trials=STARTUP,
                )  # fmt: skip
                trial = self._study.ask(searched)
                if not any(trial.params == other.params for other in trials if _counts(other)):
                    return trial
                self._study.tell(trial, state=TrialState.FAIL)
        return None

    def tell(self, trial: Trial, value: float | None, refused: str | None = None) -> None:
        """Ends a trial: with its quality, given up (None) or refused for a reason."""
        if refused is not None:
            trial.set_user_attr(_REFUSED, refused)
        state = TrialState.COMPLETE if value is not None else TrialState.PRUNED
        self._study.tell(
            trial, value, TrialState.FAIL if refused is not None else state, skip_if_finished=True
        )

    def finished(self) -> list[FrozenTrial]:
        """Trials that ended by themselves, in the order of their numbers."""
        return [trial for trial in self._study.get_trials(deepcopy=False) if _counts(trial, False)]

    def seconds(self, ended: Sequence[FrozenTrial]) -> float:
        """Seconds of finished trials, divided by the number of processes."""
        spent = sum(trial.duration.total_seconds() for trial in ended if trial.duration)
        return spent / self.config.processes

    def best(self) -> FrozenTrial:
        """The best trial that was not given up.

        Raises:
            InputError: there is none; says why.
        """
        ended = self.finished()
        complete = [trial for trial in ended if trial.state == TrialState.COMPLETE]
        if not complete:
            why = next((trial.user_attrs[_REFUSED] for trial in ended), "none was begun in time")
            raise InputError(f"study {self.name}: no trial was finished: {why}")
        # Of equal trials the first, as nothing speaks for a change.
        return max(complete, key=lambda trial: (trial.value, -trial.number))

    def is_spent(self) -> bool:
        """Whether the budget leaves no room for another trial."""
        return self._is_spent(self._study.get_trials(deepcopy=False))

    def _is_spent(self, trials: Sequence[FrozenTrial]) -> bool:
        if self.config.trials is not None and _begun(trials) >= self.config.trials:
            return True
        ended = [trial for trial in trials if _counts(trial, running=False)]
        return self.config.minutes is not None and self.seconds(ended) >= 60 * self.config.minutes


def refusal(trial: FrozenTrial) -> str | None:
    """Why a trial could not be measured; None where it could."""
    reason: str | None = trial.user_attrs.get(_REFUSED)
    return reason


def _differing(begun: str, known: str) -> str:
    """The keys in which two descriptions of a study differ, where they can be told."""
    before, now = (json.loads(text) for text in (begun, known))
    if not isinstance(before, dict):
        return ""
    parts = ["space"] if before["space"] != now["space"] else []
    old, new = before[_ABOUT], now[_ABOUT]
    if isinstance(old, dict) and isinstance(new, dict):
        parts = [key for key in {**old, **new} if old.get(key) != new.get(key)] + parts
    return f" ({', '.join(parts)})" if parts else ""


def _is_number(value: object, above: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > above


def _begun(trials: Sequence[FrozenTrial]) -> int:
    return sum(_counts(trial) for trial in trials)


def _counts(trial: FrozenTrial, running: bool = True) -> bool:
    if trial.state == TrialState.RUNNING:
        return running
    return trial.state in _DONE or _REFUSED in trial.user_attrs


@contextmanager
def storage_in_one_line(config: StudyConfig) -> Iterator[None]:
    """Turns a database that takes no more, as on a full disk, into an `InputError`."""
    try:
        yield
    except (optuna.exceptions.StorageInternalError, SQLAlchemyError) as error:
        words = str(error.__cause__ or error).splitlines()[0]
        raise InputError(f"study.storage={config.storage} cannot be used: {words}") from None


def _storage(path: Path) -> optuna.storages.RDBStorage:
    try:
        return optuna.storages.RDBStorage(
            f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 120}}
        )
    except Exception as error:
        words = str(error).splitlines()[0]
        raise InputError(
            f"study.storage={path.name} is not a database of studies: {words}"
        ) from None
