"""Trials on Ray: its workers run them, and one actor beside this process keeps the study.

Not Ray Tune: its own state would stand beside the study's database, which survives kills and is
what `recsys tune` continues. So only the work goes to other machines; asking, pruning and results
stay in one place.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optuna.trial import Trial

from recsys.errors import InputError
from recsys.experiments.config import settings_of
from recsys.experiments.ray_cluster import connected, enter_folder
from recsys.experiments.target_classes import allowed_packages
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.space import Space
from recsys.experiments.tuning.study import Study
from recsys.experiments.tuning.trials import run_trials


class KeptStudy:
    """The actor: the study of this command, whose trials are known to workers by number."""

    def __init__(self, name: str, config: StudyConfig, seed: int) -> None:
        self._study = Study(name, config, seed)
        self._trials: dict[int, Trial] = {}

    def prepare(self, *arguments: Any) -> None:
        """As `Study.prepare`."""
        self._study.prepare(*arguments)

    def ask(self, searched: Space) -> tuple[int, dict[str, Any]] | None:
        """Number and settings of the next trial."""
        trial = self._study.ask(searched)
        if trial is None:
            return None
        self._trials[trial.number] = trial
        return trial.number, trial.params

    def report(self, number: int, value: float, step: int) -> bool:
        """Keeps a point of the curve; whether the trial has fallen behind."""
        trial = self._trials[number]
        trial.report(value, step)
        return bool(trial.should_prune())

    def tell(self, number: int, value: float | None, refused: str | None) -> None:
        """As `Study.tell`."""
        self._study.tell(self._trials.pop(number), value, refused)

    def finished(self) -> list[int]:
        """Numbers of trials that were not interrupted."""
        return [trial.number for trial in self._study.finished()]


@dataclass
class RemoteTrial:
    """A trial in a worker."""

    study: "RemoteStudy"
    number: int
    params: dict[str, Any]
    has_fallen_behind: bool = False

    def report(self, value: float, step: int) -> None:
        """As `optuna.trial.Trial.report`."""
        self.has_fallen_behind = self.study.call("report", self.number, value, step)

    def should_prune(self) -> bool:
        """As `optuna.trial.Trial.should_prune`, at the last report."""
        return self.has_fallen_behind


class RemoteStudy:
    """The study in a worker: every call goes to the actor."""

    def __init__(self, name: str, config: StudyConfig, actor: Any) -> None:
        self.name, self.config, self._actor = name, config, actor

    def call(self, method: str, *arguments: Any) -> Any:
        """The result of a method of the actor; its errors are raised here."""
        import ray

        try:
            return ray.get(getattr(self._actor, method).remote(*arguments))
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None

    def prepare(self, searched: Space, defaults: Mapping[str, Any], subject: object) -> None:
        """As `Study.prepare`."""
        self.call("prepare", searched, defaults, subject)

    def ask(self, searched: Space) -> RemoteTrial | None:
        """As `Study.ask`."""
        asked = self.call("ask", searched)
        return None if asked is None else RemoteTrial(self, *asked)

    def tell(self, trial: RemoteTrial, value: float | None, refused: str | None = None) -> None:
        """As `Study.tell`."""
        self.call("tell", trial.number, value, refused)

    def finished(self) -> list[int]:
        """Numbers of trials that were not interrupted."""
        numbers: list[int] = self.call("finished")
        return numbers


@contextmanager
def workers_on_ray(
    name: str, plain: Mapping[str, Any], described: Mapping[str, Any], config: StudyConfig
) -> Iterator[Callable[[], bool]]:
    """`study.processes` workers on Ray; they end with the block at the latest.

    Yields:
        whether any is at work; raises the error of one that failed.

    Raises:
        InputError: Ray is not installed or cannot be reached, or as `run_trials`.
    """
    address = config.ray
    assert address is not None
    # An actor may start in another folder.
    config = replace(config, storage=str(Path(config.storage).absolute()))
    with connected(address, "study.ray") as ray:
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        actor = (
            ray.remote(KeptStudy)
            .options(num_cpus=0, scheduling_strategy=here)
            .remote(name, config, plain["seed"])
        )
        worker = ray.remote(num_cpus=1, num_gpus=config.gpus, max_retries=0)(_work)
        study, folder = RemoteStudy(name, config, actor), str(Path.cwd())
        running = [
            worker.remote(study, plain, described, folder, list(sys.path))
            for _ in range(config.processes)
        ]

        def are_working() -> bool:
            ended, running[:] = ray.wait(running, num_returns=len(running), timeout=0)
            for reason in ray.get(ended):
                if reason is not None:
                    raise InputError(reason)
            return bool(running)

        yield are_working


def _work(
    study: RemoteStudy,
    plain: Mapping[str, Any],
    described: Mapping[str, Any],
    folder: str,
    search_path: list[str],
) -> str | None:
    """Runs trials in a process of Ray, until none is left; returns why it could not."""
    # Packages of your own may lie beside the command.
    sys.path[:] = [*sys.path, *(path for path in search_path if path not in sys.path)]
    try:
        enter_folder(folder)
        settings = settings_of(plain, allowed_packages(plain.get("allow", [])))
        run_trials(study, settings, described, lambda: True)
    except InputError as error:
        return str(error)
    return None
