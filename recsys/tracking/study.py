"""A study in MLflow: a parent run with one child for each trial."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from recsys.ops.shown_text import fenced, for_markdown
from recsys.tracking.client import search_runs, store_errors
from recsys.tracking.data_sets import DataSet
from recsys.tracking.lost import ServerLost
from recsys.tracking.names import tracked_name, tracked_params
from recsys.tracking.record import RunRecord
from recsys.tracking.report import log_values
from recsys.tracking.run_tags import origin, settings_params
from recsys.tracking.runs import log_run
from recsys.tracking.store import TrackConfig, TrackingStore, open_store
from recsys.tracking.unsent import database_of, kept_store, log_or_keep, say_kept, writing

T = TypeVar("T")

PARENT = "mlflow.parentRunId"
KIND = "kind"
BEST = "of_trial"
"""Tag of a run with the best settings: the number of their trial."""

STUDY, TRIAL, IDENTITY = "study", "trial", "study_identity"
"""Kinds of runs, and tags of them: the number of a trial, what a study is known by."""
_HIDDEN = "The reason is in the study's database: track.pseudonyms keeps errors out of MLflow."
_STATUS = {"complete": "FINISHED", "given up": "KILLED", "refused": "FAILED"}


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """A finished trial.

    Attributes:
        number: in its study, from 0.
        settings: name -> value.
        value: quality on valid; None where the trial was refused.
        outcome: "complete", "given up" (stopped early on its curve) or "refused" (the settings
            cannot be fitted).
        why: reason of a refusal.
        curve: step (epochs, or number of customers) -> quality there.
        started, finished: local time.
    """

    number: int
    settings: Mapping[str, Any]
    value: float | None
    outcome: Literal["complete", "given up", "refused"]
    why: str | None = None
    curve: Mapping[int, float] = field(default_factory=dict)
    started: datetime
    finished: datetime


class StudyRun:
    """The parent run of a study; an existing one is resumed.

    Trials are written to the study's own database first. After a kill, those that are missing here
    are logged from there, and an incomplete child is replaced, so that each trial has one child.

    Args:
        settings: the store.
        name: of the study.
        metric: that is maximised, as "ndcg@10".
        tags: further tags of the parent.
        identity: of the study's database, hexadecimal; a new study of the same name has another
            one, and another parent.
        config: the configuration that the study starts from, for the params of a new parent.
        folder: where the study is kept from the moment that its server is lost, see
            `recsys.tracking.unsent`; None for nowhere.

    Attributes:
        run_id: of the parent run.
        settings: the store that is logged to: the one that was given, or the one that keeps.

    Raises:
        InputError: the store cannot be opened, or does not accept what is logged; as all methods.
    """

    def __init__(
        self,
        settings: TrackConfig,
        name: str,
        metric: str,
        tags: Mapping[str, str],
        identity: str,
        config: Mapping[str, Any] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.settings, self._metric, self._folder = settings, metric, folder
        self._name, self._identity, self._is_kept = name, identity, False
        self._open = partial(self._opened, tags, config)
        self._or_kept(self._open)

    @store_errors("the study")
    def _opened(self, tags: Mapping[str, str], config: Mapping[str, Any] | None) -> None:
        """Opens the store and finds, or creates, the parent."""
        self._store: TrackingStore = open_store(self.settings)
        parents = self._search(f"tags.{IDENTITY} = '{self._identity}' and tags.{KIND} = '{STUDY}'")
        tags = {**tags, STUDY: self._name, IDENTITY: self._identity}
        self.run_id = str(parents[0].info.run_id) if parents else self._create(tags, config)
        self._logged = self._children()

    def _or_kept(self, call: Callable[[], T]) -> T:
        """Calls it; where the server is lost, once more with the store in the folder."""
        try:
            return call()
        except ServerLost:
            if self._folder is None or self._is_kept:
                raise
            server = self.settings
            with writing(self._folder):
                self.settings, self._is_kept = kept_store(server, self._folder), True
                self._open()
            say_kept(server, self._folder)
            return call()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Sets the status of the parent: RUNNING inside, then FINISHED, FAILED or KILLED."""
        self._or_kept(lambda: self._set_status("RUNNING"))
        try:
            yield
        except BaseException as error:
            with suppress(Exception):
                self._end("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
            raise
        self._or_kept(lambda: self._end("FINISHED"))

    @store_errors("the study")
    def _set_status(self, status: str) -> None:
        self._client.update_run(self.run_id, status=status)

    @store_errors("the study")
    def _end(self, status: str) -> None:
        self._client.set_terminated(self.run_id, status)

    def log(self, trial: TrialRecord) -> bool:
        """Logs a trial as a child; returns False where it was logged before."""
        return self._or_kept(lambda: self._log(trial))

    @store_errors("the study")
    def _log(self, trial: TrialRecord) -> bool:
        from mlflow.entities import Metric, Param

        if trial.number in self._logged:
            return False
        started = int(trial.started.timestamp() * 1000)
        finished = int(trial.finished.timestamp() * 1000)
        tags = {
            **origin(), PARENT: self.run_id, KIND: TRIAL, TRIAL: str(trial.number),
            "ended": trial.outcome,
        }  # fmt: skip
        if trial.why:
            # The reason may name a customer.
            why = _HIDDEN if self.settings.pseudonyms else for_markdown(trial.why)
            tags["mlflow.note.content"] = why
        child = self._client.create_run(
            self._store.experiment_id,
            start_time=started,
            run_name=f"trial {trial.number}",
            tags=tags,
        )
        values = {"seconds/trial": (finished - started) / 1000}
        if trial.value is not None:
            values[tracked_name("valid", self._metric)] = trial.value
        metrics = [Metric(name, value, finished, 0) for name, value in values.items()]
        curve = tracked_name("curve", self._metric)
        metrics += [Metric(curve, value, finished, step) for step, value in trial.curve.items()]
        params = tracked_params({"model": trial.settings})
        self._client.log_batch(
            child.info.run_id,
            metrics=metrics,
            params=[Param(name, value) for name, value in params.items()],
        )
        self._client.set_terminated(child.info.run_id, _STATUS[trial.outcome], finished)
        self._logged.add(trial.number)
        return True

    def log_best(self, value: float, step: int) -> None:
        """Logs the best quality after a number of trials: the curve of the study."""
        self._or_kept(lambda: self._log_best(value, step))

    @store_errors("the study")
    def _log_best(self, value: float, step: int) -> None:
        self._client.log_metric(self.run_id, tracked_name("best", self._metric), value, step=step)

    def conclude(self, best: TrialRecord, experiment: str, data_set: DataSet) -> None:
        """Logs the best settings, and the data that they are the best on.

        Args:
            best: their trial.
            experiment: text of the experiment file.
            data_set: that was searched on.
        """
        self._or_kept(lambda: self._conclude(best, experiment, data_set))

    @store_errors("the study")
    def _conclude(self, best: TrialRecord, experiment: str, data_set: DataSet) -> None:
        tags = {f"best.{name}": str(value) for name, value in best.settings.items()}
        tags |= {
            "best.trial": str(best.number),
            "mlflow.note.content": fenced(experiment.rstrip("\n")),
        }
        for name, value in tags.items():
            self._client.set_tag(self.run_id, name, value)
        self._client.log_inputs(self.run_id, [data_set.as_input()])
        self._client.log_text(self.run_id, experiment, "experiment.yaml")

    def log_best_run(self, record: RunRecord, best: int) -> str | None:
        """Logs a run with the best settings as a child.

        Args:
            record: of the run.
            best: number of the trial with these settings.

        Returns:
            its id; None where the server is lost and it was kept in the folder.
        """
        tags = {PARENT: self.run_id, STUDY: self._name, IDENTITY: self._identity, BEST: str(best)}
        made = f"{self._identity} {best} {record.seed}"
        attempt = hashlib.sha256(made.encode()).hexdigest()[:16]

        def log(track: TrackConfig) -> str:
            return log_run(record, replace(track, tags={**track.tags, **tags}), attempt)

        if self._folder is None:
            return log(self.settings)
        run_id = log_or_keep(log, self.settings, self._folder)
        return None if self._is_kept else run_id

    def logged_seeds(self, best: int) -> set[int]:
        """Seeds of the runs that were logged, or kept, with the settings of a trial.

        Args:
            best: number of the trial.
        """
        runs = self._or_kept(lambda: self._best_runs(self._store, best))
        if self._folder is not None and database_of(self._folder).exists():
            runs += self._best_runs(open_store(kept_store(self.settings, self._folder)), best)
        seeds = [run.data.tags.get("seed", "") for run in runs]
        return {int(seed) for seed in seeds if seed.isdecimal()}

    @store_errors("the study")
    def _best_runs(self, store: TrackingStore, best: int) -> list[Any]:
        query = f"tags.{IDENTITY} = '{self._identity}' and tags.{BEST} = '{best}'"
        # Those of former versions are known by their parent alone.
        former = f"tags.`{PARENT}` = '{self.run_id}' and tags.{BEST} = '{best}'"
        return [
            run
            for part in (query, former)
            for run in search_runs(store.client, [store.experiment_id], part)
            if run.info.status == "FINISHED"
        ]

    @property
    def _client(self) -> Any:
        return self._store.client

    def _create(self, tags: Mapping[str, str], config: Mapping[str, Any] | None) -> str:
        run = self._client.create_run(
            self._store.experiment_id,
            run_name=f"study {self._name}",
            tags={**tags, **origin(), KIND: STUDY},
        )
        run_id = str(run.info.run_id)
        log_values(self._client, run_id, settings_params(config or {}), {})
        return run_id

    def _children(self) -> set[int]:
        logged = set()
        for run in self._search(f"tags.`{PARENT}` = '{self.run_id}' and tags.{KIND} = '{TRIAL}'"):
            if run.info.status == "RUNNING":
                self._client.delete_run(run.info.run_id)
            else:
                number = run.data.tags.get(TRIAL, "")
                logged |= {int(number)} if number.isdecimal() else set()
        return logged

    def _search(self, query: str) -> list[Any]:
        return list(search_runs(self._client, [self._store.experiment_id], query))
