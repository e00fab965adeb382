"""A study in MLflow: one parent run, and below it a child a trial."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from recsys.ops.shown_text import fenced, for_markdown
from recsys.tracking.names import tracked_name
from recsys.tracking.runs import origin
from recsys.tracking.store import TrackConfig, TrackingStore, ended, open_store, taken

PARENT = "mlflow.parentRunId"
KIND = "kind"
BEST = "of_trial"
"""Tag of a run with the best settings: the trial that they are of."""

_TRIAL, _IDENTITY = "trial", "study_identity"
_HIDDEN = "The reason is in the study's database: track.pseudonyms keeps error lines out of here."
_STATUS = {"complete": "FINISHED", "given up": "KILLED", "refused": "FAILED"}


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """A trial that has ended.

    Attributes:
        number: in its study, from 0.
        settings: what was tried.
        value: quality on valid; None where the trial was refused.
        ended: how: "complete", "given up" (fell behind on the curve) or "refused" (could not run).
        why: of a refusal.
        curve: step (epochs, or customers asked) -> quality there.
        began, finished: local time.
    """

    number: int
    settings: Mapping[str, Any]
    value: float | None
    ended: Literal["complete", "given up", "refused"]
    why: str | None = None
    curve: Mapping[int, float] = field(default_factory=dict)
    began: datetime
    finished: datetime


class StudyRun:
    """The parent run of a study; taken up again where it is there already.

    Trials are kept in the study's own database first. What is missing here after a kill is logged
    again from there, and a child that was cut short is replaced, so each trial has one child.

    Args:
        settings: the store.
        name: of the study.
        metric: that is searched for, as "ndcg@10".
        tags: further tags of the parent.
        identity: hexadecimal, of the trials: a study of the same name that is begun anew has
            another, and a parent of its own.
    """

    @taken("the study")
    def __init__(
        self,
        settings: TrackConfig,
        name: str,
        metric: str,
        tags: Mapping[str, str],
        identity: str,
    ) -> None:
        self._store: TrackingStore = open_store(settings)
        self._hides = settings.pseudonyms
        self._metric = metric
        found = self._search(f"tags.{_IDENTITY} = '{identity}' and tags.{KIND} = 'study'")
        about = {**tags, "study": name, _IDENTITY: identity}
        self.run_id = str(found[0].info.run_id) if found else self._begin(name, about)
        self._logged = self._children()

    def under_way(self) -> AbstractContextManager[None]:
        """Of the search: RUNNING inside, and afterwards as it ended."""
        self._client.update_run(self.run_id, status="RUNNING")
        return ended(self._client, self.run_id, "study")

    @taken("the study")
    def log(self, trial: TrialRecord) -> bool:
        """Logs a trial as a child; False where that was done before."""
        from mlflow.entities import Metric, Param

        if trial.number in self._logged:
            return False
        began, finished = (int(at.timestamp() * 1000) for at in (trial.began, trial.finished))
        tags = {
            **origin(), PARENT: self.run_id, KIND: _TRIAL, _TRIAL: str(trial.number),
            "ended": trial.ended,
        }  # fmt: skip
        if trial.why:
            # What went wrong may name a customer.
            why = _HIDDEN if self._hides else for_markdown(trial.why)
            tags["mlflow.note.content"] = why
        child = self._client.create_run(
            self._store.experiment_id, start_time=began, run_name=f"trial {trial.number}", tags=tags
        )
        measured = {"seconds/trial": (finished - began) / 1000}
        if trial.value is not None:
            measured[tracked_name("valid", self._metric)] = trial.value
        metrics = [Metric(name, value, finished, 0) for name, value in measured.items()]
        curve = tracked_name("curve", self._metric)
        metrics += [Metric(curve, value, finished, step) for step, value in trial.curve.items()]
        params = [Param(name, str(value)) for name, value in trial.settings.items()]
        self._client.log_batch(child.info.run_id, metrics=metrics, params=params)
        self._client.set_terminated(child.info.run_id, _STATUS[trial.ended], finished)
        self._logged.add(trial.number)
        return True

    @taken("the study")
    def best(self, value: float, step: int) -> None:
        """Notes the best quality after so many trials: the curve of the study."""
        self._client.log_metric(self.run_id, tracked_name("best", self._metric), value, step=step)

    @taken("the study")
    def conclude(self, best: TrialRecord, experiment: str) -> None:
        """Notes the best settings and the experiment file that holds them."""
        tags = {f"best.{name}": str(value) for name, value in best.settings.items()}
        tags |= {
            "best.trial": str(best.number),
            "mlflow.note.content": fenced(experiment.rstrip("\n")),
        }
        for name, value in tags.items():
            self._client.set_tag(self.run_id, name, value)
        self._client.log_text(self.run_id, experiment, "experiment.yaml")

    @taken("the study")
    def repeated(self, best: int) -> set[int]:
        """Seeds with which the settings of this trial were fitted and tracked already."""
        found = self._search(
            f"tags.`{PARENT}` = '{self.run_id}' and attributes.status = 'FINISHED'"
        )
        tags = [run.data.tags for run in found]
        seeds = [one.get("seed", "") for one in tags if one.get(BEST) == str(best)]
        return {int(seed) for seed in seeds if seed.isdecimal()}

    @property
    def _client(self) -> Any:
        return self._store.client

    def _begin(self, name: str, tags: Mapping[str, str]) -> str:
        run = self._client.create_run(
            self._store.experiment_id,
            run_name=f"study {name}",
            tags={**tags, **origin(), KIND: "study"},
        )
        return str(run.info.run_id)

    def _children(self) -> set[int]:
        logged = set()
        for run in self._search(f"tags.`{PARENT}` = '{self.run_id}' and tags.{KIND} = '{_TRIAL}'"):
            if run.info.status == "RUNNING":
                self._client.delete_run(run.info.run_id)
            else:
                number = run.data.tags.get(_TRIAL, "")
                logged |= {int(number)} if number.isdecimal() else set()
        return logged

    def _search(self, wanted: str) -> list[Any]:
        found: list[Any] = []
        token = None
        while True:
            page = self._client.search_runs(
                [self._store.experiment_id], wanted, max_results=1000, page_token=token
            )
            found += page
            token = page.token
            if not token:
                return found
