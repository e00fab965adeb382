"""A study in MLflow: a parent run with one child for each trial."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from recsys.ops.shown_text import fenced, for_markdown
from recsys.tracking.client import ending_run, search_runs, store_errors
from recsys.tracking.data_sets import DataSet
from recsys.tracking.names import tracked_name, tracked_params
from recsys.tracking.report import log_values
from recsys.tracking.run_tags import origin, settings_params
from recsys.tracking.store import TrackConfig, TrackingStore, open_store

PARENT = "mlflow.parentRunId"
KIND = "kind"
BEST = "of_trial"
"""Tag of a run with the best settings: the number of their trial."""

_TRIAL, _IDENTITY = "trial", "study_identity"
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

    Attributes:
        run_id: of the parent run.

    Raises:
        InputError: the store cannot be opened, or does not accept what is logged; as all methods.
    """

    @store_errors("the study")
    def __init__(
        self,
        settings: TrackConfig,
        name: str,
        metric: str,
        tags: Mapping[str, str],
        identity: str,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self._store: TrackingStore = open_store(settings)
        self._hides = settings.pseudonyms
        self._metric = metric
        parents = self._search(f"tags.{_IDENTITY} = '{identity}' and tags.{KIND} = 'study'")
        tags = {**tags, "study": name, _IDENTITY: identity}
        self.run_id = str(parents[0].info.run_id) if parents else self._create(name, tags, config)
        self._logged = self._children()

    def running(self) -> AbstractContextManager[None]:
        """Sets the status of the parent: RUNNING inside, then FINISHED, FAILED or KILLED."""
        self._client.update_run(self.run_id, status="RUNNING")
        return ending_run(self._client, self.run_id, "study")

    @store_errors("the study")
    def log(self, trial: TrialRecord) -> bool:
        """Logs a trial as a child; returns False where it was logged before."""
        from mlflow.entities import Metric, Param

        if trial.number in self._logged:
            return False
        started = int(trial.started.timestamp() * 1000)
        finished = int(trial.finished.timestamp() * 1000)
        tags = {
            **origin(), PARENT: self.run_id, KIND: _TRIAL, _TRIAL: str(trial.number),
            "ended": trial.outcome,
        }  # fmt: skip
        if trial.why:
            # The reason may name a customer.
            why = _HIDDEN if self._hides else for_markdown(trial.why)
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

    @store_errors("the study")
    def log_best(self, value: float, step: int) -> None:
        """Logs the best quality after a number of trials: the curve of the study."""
        self._client.log_metric(self.run_id, tracked_name("best", self._metric), value, step=step)

    @store_errors("the study")
    def conclude(self, best: TrialRecord, experiment: str, data_set: DataSet) -> None:
        """Logs the best settings, and the data that they are the best on.

        Args:
            best: their trial.
            experiment: text of the experiment file.
            data_set: that was searched on.
        """
        tags = {f"best.{name}": str(value) for name, value in best.settings.items()}
        tags |= {
            "best.trial": str(best.number),
            "mlflow.note.content": fenced(experiment.rstrip("\n")),
        }
        for name, value in tags.items():
            self._client.set_tag(self.run_id, name, value)
        self._client.log_inputs(self.run_id, [data_set.as_input()])
        self._client.log_text(self.run_id, experiment, "experiment.yaml")

    @store_errors("the study")
    def logged_seeds(self, best: int) -> set[int]:
        """Seeds of the runs that were already logged with the settings of a trial.

        Args:
            best: number of the trial.
        """
        children = self._search(
            f"tags.`{PARENT}` = '{self.run_id}' and attributes.status = 'FINISHED'"
        )
        seeds = [
            child.data.tags.get("seed", "")
            for child in children
            if child.data.tags.get(BEST) == str(best)
        ]
        return {int(seed) for seed in seeds if seed.isdecimal()}

    @property
    def _client(self) -> Any:
        return self._store.client

    def _create(self, name: str, tags: Mapping[str, str], config: Mapping[str, Any] | None) -> str:
        run = self._client.create_run(
            self._store.experiment_id,
            run_name=f"study {name}",
            tags={**tags, **origin(), KIND: "study"},
        )
        run_id = str(run.info.run_id)
        log_values(self._client, run_id, settings_params(config or {}), {})
        return run_id

    def _children(self) -> set[int]:
        logged = set()
        for run in self._search(f"tags.`{PARENT}` = '{self.run_id}' and tags.{KIND} = '{_TRIAL}'"):
            if run.info.status == "RUNNING":
                self._client.delete_run(run.info.run_id)
            else:
                number = run.data.tags.get(_TRIAL, "")
                logged |= {int(number)} if number.isdecimal() else set()
        return logged

    def _search(self, query: str) -> list[Any]:
        return list(search_runs(self._client, [self._store.experiment_id], query))
