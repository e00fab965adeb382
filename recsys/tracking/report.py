"""Logs reports to MLflow: those about runs in the experiment of the runs, others by themselves."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import numpy as np

from recsys.ops.shown_text import for_markdown
from recsys.tracking.client import ending_run, store_errors
from recsys.tracking.data_sets import DataSet, inputs_of
from recsys.tracking.names import HasInterval, finite, tracked_estimate, tracked_params
from recsys.tracking.read import TrackedRun
from recsys.tracking.run_tags import origin
from recsys.tracking.store import TrackConfig, TrackingStore, open_store
from recsys.tracking.unsent import log_or_keep

ATTEMPT = "attempt"
"""Tag of a run: a token that is the same for all attempts to log it."""
NOT_SENT = "not sent yet (recsys sync)"
_BATCH = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What is kept of a report in MLflow.

    It has no tags of a model, so that `recsys.tracking.read.runs` skips it.

    Attributes:
        kind: tag "kind", as "comparison", by which reports are searched.
        name: of the run.
        note: description on MLflow's page of the run: plain text, a blank line between paragraphs.
        params: what was set: name -> value, or the same again, which becomes `name.name`.
        metrics: MLflow name, as "als/ndcg_10" -> number, or estimate, which becomes the name and
            `NAME.low` and `NAME.high`; "@" becomes "_", and what is not finite is left out.
        tags: further tags.
        data_sets: that the report read.
        files: name -> content of an artifact.
    """

    kind: str
    name: str
    note: str
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float | HasInterval] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    data_sets: Sequence[DataSet] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


def log_report(report: Report, runs: Sequence[TrackedRun], window: str = "valid") -> str:
    """Logs a report about runs to the experiment of the first one.

    Beside what the report holds, it gets their data set as an input, their ids as the param `runs`
    and in `runs.txt`, and the tags `data`, `fingerprint`, `split` and `window`.

    Args:
        report: what is kept.
        runs: what the report is about, of one data set and split, the best first.
        window: that it is about, "valid" or "test".

    Returns:
        the MLflow run id.

    Raises:
        InputError: the store does not accept it.
    """
    first = runs[0]
    with store_errors(f"the {report.kind}"):
        experiment = first.client.get_run(first.run_id).info.experiment_id
        inputs = inputs_of(runs, window)
    tags = {
        "data": first.data,
        "fingerprint": first.fingerprint,
        "split": first.split,
        "window": window,
    }
    ids = "".join(f"{run.run_id}\n" for run in runs)
    return _log(
        TrackingStore(first.client, experiment),
        report,
        tags=tags,
        params={"runs": " ".join(run.run_id[:8] for run in runs), "window": window},
        inputs=inputs,
        files={"runs.txt": ids.encode()},
    )


def log_standalone(report: Report, settings: TrackConfig) -> str:
    """Logs a report that is about no run of a model, such as one about policies.

    Args:
        report: what is kept.
        settings: the store and the experiment; their tags are set too.

    Returns:
        the MLflow run id; `NOT_SENT` where the server is lost and the report was kept in the
        current folder, see `recsys.tracking.unsent`.

    Raises:
        InputError: the store cannot be opened, or does not accept it.
    """
    token = {ATTEMPT: secrets.token_hex(8)}

    def log(track: TrackConfig) -> str:
        return _log(open_store(track), report, tags={**track.tags, **token})

    return log_or_keep(log, settings, Path()) or NOT_SENT


def _log(
    store: TrackingStore,
    report: Report,
    *,
    tags: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    inputs: Sequence[Any] = (),
    files: Mapping[str, bytes] | None = None,
) -> str:
    """Logs a report, with what its caller adds to it; inputs are entities of MLflow."""
    shown = "\n\n".join(map(for_markdown, report.note.split("\n\n")))
    every = {
        **origin(), **tags, **report.tags, "kind": report.kind, "mlflow.note.content": shown,
    }  # fmt: skip
    with store_errors(f"the {report.kind}"):
        run = store.client.create_run(store.experiment_id, run_name=report.name, tags=every)
    run_id = str(run.info.run_id)
    with ending_run(store.client, run_id, report.kind), TemporaryDirectory() as folder:
        log_values(
            store.client, run_id, {**tracked_params(report.params), **(params or {})},
            values_of(report.metrics),
        )  # fmt: skip
        described = [*inputs, *(data_set.as_input() for data_set in report.data_sets)]
        if described:
            store.client.log_inputs(run_id, described)
        for file, content in {**report.files, **(files or {})}.items():
            (Path(folder) / file).write_bytes(content)
        store.client.log_artifacts(run_id, folder)
    return run_id


def values_of(metrics: Mapping[str, float | HasInterval]) -> dict[str, float]:
    """MLflow name -> value of the metrics of a report, those that are finite."""
    values: dict[str, float] = {}
    for key, value in metrics.items():
        name = key.replace("@", "_")
        if isinstance(value, int | float | np.number):
            values[name] = float(value)
        else:
            values |= tracked_estimate(name, value)
    return finite(values)


def log_values(
    client: Any, run_id: str, params: Mapping[str, str], metrics: Mapping[str, float]
) -> None:
    """Logs params and metrics, as many at once as MLflow takes.

    Args:
        client: an `mlflow.MlflowClient`.
        run_id: of a run.
        params: dotted name -> value.
        metrics: MLflow name -> value.
    """
    from mlflow.entities import Metric, Param

    now = int(time() * 1000)
    for batch in _batches([Param(name, value) for name, value in params.items()]):
        client.log_batch(run_id, params=batch)
    for batch in _batches([Metric(name, value, now, 0) for name, value in metrics.items()]):
        client.log_batch(run_id, metrics=batch)


def _batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    yield from (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))
