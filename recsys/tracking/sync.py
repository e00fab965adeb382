"""Sends what was kept while a server was lost: each run once, also if this is killed halfway."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.whole_file import write_whole
from recsys.tracking.client import search_runs, store_errors
from recsys.tracking.report import ATTEMPT, log_values
from recsys.tracking.runs import IDENTIFYING
from recsys.tracking.store import ARTIFACTS, TrackConfig, TrackingStore, open_store, open_to_read
from recsys.tracking.study import BEST, IDENTITY, KIND, PARENT, STUDY, TRIAL
from recsys.tracking.unsent import SERVER, UNSENT, database_of, writing

KEPT_AS = "unsent_run"
"""Tag of a run on the server: its id where it was kept."""
_SENT = "sent_as"
"""Tag of a kept run: its id on the server."""
_BATCH = 100
_METRICS = "metrics.json"


@dataclass(frozen=True)
class Sent:
    """What became of the runs that a folder kept.

    Attributes:
        runs: that were sent, or were there already.
        uri: of the server.
        unfinished: runs of commands that were killed, which go on when they are given again.
    """

    runs: int
    uri: str
    unfinished: int


def unsent_folders(below: Path) -> list[Path]:
    """The folders of runs below a folder, and it itself, that keep what was not sent.

    Raises:
        InputError: there is no such folder.
    """
    if not below.is_dir():
        raise InputError(f"folder={below}: expected a folder with runs in it, there is none")
    found = []
    for folder, names, _ in os.walk(below):
        if UNSENT in names:
            names.remove(UNSENT)
            found.append(Path(folder))
        names.sort()
    return found


def send(folder: Path, uri: str | None) -> Sent:
    """Sends what a folder of a run keeps, then removes it there.

    A run is looked for on the server first, and completed where it is there in part. A study that
    was searched while the server came and went becomes one study with each trial once.

    Args:
        folder: of the run, one of `unsent_folders`.
        uri: of the store to send to; None for the server that the runs were meant for.

    Raises:
        ServerLost: the server does not answer; nothing is lost here.
        InputError: the server refuses a run, or a file cannot be written.
    """
    with writing(folder, wait=False), store_errors(f"what {folder / UNSENT} keeps"):
        sent = _Sending(folder, uri).send() if database_of(folder).exists() else Sent(0, "", 0)
        if not sent.unfinished:
            # First the database: without it nothing of the rest is read again.
            database_of(folder).unlink(missing_ok=True)
            shutil.rmtree(folder / UNSENT)
    return sent


class _Sending:
    def __init__(self, folder: Path, uri: str | None) -> None:
        self._folder, self._uri = folder, uri
        kept = TrackConfig(uri=f"sqlite:///{database_of(folder)}")
        self._kept = open_to_read(kept)
        # Id here -> id on the server, of runs that others are nested below.
        self._ids: dict[str, str] = {}

    def send(self) -> Sent:
        count = unfinished = 0
        uri = self._uri or ""
        for experiment in self._kept.search_experiments():
            runs = list(search_runs(self._kept, [experiment.experiment_id], ""))
            if not runs:
                continue
            uri = self._address(experiment)
            server = open_store(TrackConfig(uri=uri, experiment=experiment.name))
            # Parents first, in the order in which they were logged.
            for run in sorted(runs, key=lambda one: (PARENT in one.data.tags, one.info.start_time)):
                count += self._send(server, run)
                unfinished += not _is_finished(run)
        return Sent(count, uri, unfinished)

    def _address(self, experiment: Any) -> str:
        address = self._uri or experiment.tags.get(SERVER)
        if not address:
            raise InputError(
                f"{self._folder / UNSENT}: the address of its server holds a password, and is not "
                "kept; set track.uri=URI"
            )
        return str(address)

    def _send(self, server: TrackingStore, run: Any) -> bool:
        """Sends a run; False where it is left for its command to finish."""
        if _SENT in run.data.tags:
            self._ids[run.info.run_id] = run.data.tags[_SENT]
            return False
        if not _is_finished(run) and run.data.tags.get(KIND) != STUDY:
            return False
        tags = self._tags(run)
        there = _found(server, tags)
        run_id = str(there.info.run_id) if there else _created(server, run, tags)
        self._ids[run.info.run_id] = run_id
        if there is None or there.info.status != "FINISHED" or tags.get(KIND) == STUDY:
            self._complete(server.client, run, run_id, tags, there)
        self._into_metrics_json(run, run_id)
        if _is_finished(run):
            self._kept.set_tag(run.info.run_id, _SENT, run_id)
        return _is_finished(run)

    def _tags(self, run: Any) -> dict[str, str]:
        tags = {**run.data.tags, KEPT_AS: run.info.run_id}
        if PARENT in tags:
            # Of a study that is on the server, it is its id there already.
            tags[PARENT] = self._ids.get(tags[PARENT], tags[PARENT])
        return tags

    def _complete(
        self, client: Any, run: Any, run_id: str, tags: Mapping[str, str], there: Any
    ) -> None:
        """Logs what the run on the server lacks; of a new one that is everything."""
        known = there.data.tags if there else tags
        for name, value in tags.items():
            if known.get(name) != value:
                client.set_tag(run_id, name, value)
        log_values(client, run_id, run.data.params, {})
        points = list(_new_points(self._kept, run, client if there else None, run_id))
        for start in range(0, len(points), _BATCH):
            client.log_batch(run_id, metrics=points[start : start + _BATCH])
        inputs = _new_inputs(run, there)
        if inputs:
            client.log_inputs(run_id, inputs)
        self._send_artifacts(client, run, run_id)
        if _is_finished(run):
            client.set_terminated(run_id, run.info.status, run.info.end_time)

    def _send_artifacts(self, client: Any, run: Any, run_id: str) -> None:
        folder = self._artifacts(run)
        if folder.is_dir():
            client.log_artifacts(run_id, str(folder))
        if (folder / _METRICS).is_file():
            document = json.loads((folder / _METRICS).read_text(encoding="utf-8"))
            client.log_text(run_id, _with_id(document, run_id), _METRICS)

    def _into_metrics_json(self, run: Any, run_id: str) -> None:
        """Writes the id into the metrics.json of the run's folder, where it is of this run."""
        path, kept = self._folder / _METRICS, self._artifacts(run) / _METRICS
        with suppress(OSError, ValueError):
            document, own = (json.loads(file.read_text(encoding="utf-8")) for file in (path, kept))
            if document["mlflow_run_id"] is None and {**own, "mlflow_run_id": None} == document:
                write_whole(path, _with_id(document, run_id))

    def _artifacts(self, run: Any) -> Path:
        # Not by the address in the database: the folder may have been moved.
        return self._folder / UNSENT / ARTIFACTS / str(run.info.run_id) / "artifacts"


def _is_finished(run: Any) -> bool:
    """Whether its command ended it; of a kill it is left running, or marked by the next attempt."""
    if ATTEMPT in run.data.tags:
        return bool(run.info.status == "FINISHED")
    return bool(run.info.status != "RUNNING")


def _found(server: TrackingStore, tags: Mapping[str, str]) -> Any:
    """The run on the server that is the same; None where there is none."""
    names: list[tuple[str, ...]] = [(KEPT_AS,)]
    if tags.get(KIND) == STUDY:
        names.append((KIND, IDENTITY))
    names += [(ATTEMPT,)] * (ATTEMPT in tags)
    names += [(PARENT, KIND, TRIAL)] * (TRIAL in tags)
    names += [(PARENT, BEST, "seed")] * (BEST in tags)
    for wanted in names:
        query = " and ".join(f"tags.`{name}` = '{tags[name]}'" for name in wanted)
        runs = [
            run
            for run in search_runs(server.client, [server.experiment_id], query)
            if all(run.data.tags.get(name) == tags.get(name) for name in IDENTIFYING)
        ]
        if runs:
            # A complete one rather than one of which a part arrived.
            return min(runs, key=lambda run: run.info.status != "FINISHED")
    return None


def _created(server: TrackingStore, run: Any, tags: Mapping[str, str]) -> str:
    made = server.client.create_run(
        server.experiment_id,
        start_time=run.info.start_time,
        run_name=run.info.run_name,
        tags=dict(tags),
    )
    return str(made.info.run_id)


def _new_points(kept: Any, run: Any, client: Any, run_id: str) -> Iterator[Any]:
    """Points of the metrics of a kept run that are not on the server yet."""
    for name in run.data.metrics:
        there = () if client is None else client.get_metric_history(run_id, name)
        steps = {point.step for point in there}
        for point in kept.get_metric_history(run.info.run_id, name):
            if point.step not in steps:
                yield point


def _new_inputs(run: Any, there: Any) -> Sequence[Any]:
    known = set()
    if there is not None:
        known = {(one.dataset.name, one.dataset.digest) for one in there.inputs.dataset_inputs}
    return [
        one
        for one in run.inputs.dataset_inputs
        if (one.dataset.name, one.dataset.digest) not in known
    ]


def _with_id(document: Mapping[str, Any], run_id: str) -> str:
    return json.dumps({**document, "mlflow_run_id": run_id}, indent=2) + "\n"
