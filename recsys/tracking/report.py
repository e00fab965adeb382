"""Logs reports to MLflow: those about runs in the experiment of the runs, others by themselves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from recsys.ops.shown_text import for_markdown
from recsys.tracking.client import ending_run, store_errors
from recsys.tracking.read import TrackedRun
from recsys.tracking.store import TrackConfig, TrackingStore, open_store


def log_report(
    kind: str, runs: Sequence[TrackedRun], metric: str, files: Mapping[str, bytes], note: str
) -> str:
    """Logs a report to the experiment of the first run, and returns its MLflow run id.

    It has no tags of a model, so that `recsys.tracking.read.runs` skips it.

    Args:
        kind: tag "kind" and name of the run.
        runs: what the report is about, of one data set and split.
        metric: that they were chosen by.
        files: name -> content of an artifact.
        note: description on MLflow's page of the run: plain text, a blank line between paragraphs.

    Raises:
        InputError: the store does not accept it.
    """
    first = runs[0]
    with store_errors(f"the {kind}"):
        experiment = first.client.get_run(first.run_id).info.experiment_id
    ids = "".join(f"{run.run_id}\n" for run in runs)
    return _log(
        TrackingStore(first.client, experiment),
        kind,
        f"{kind} {first.data} {metric}",
        tags={
            "data": first.data,
            "fingerprint": first.fingerprint,
            "split": first.split,
            "metric": metric,
        },
        files={**files, "runs.txt": ids.encode()},
        note=note,
    )


def log_standalone(
    kind: str,
    name: str,
    settings: TrackConfig,
    *,
    tags: Mapping[str, str],
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
    note: str,
) -> str:
    """Logs a report that is about no run of a model, such as one about policies.

    It has no tags of a model, so that `recsys.tracking.read.runs` skips it.

    Args:
        kind: tag "kind", as "policy_value".
        name: of the run.
        settings: the store and the experiment.
        tags: further tags.
        params: what was set.
        metrics: name -> value.
        files: name -> content of an artifact.
        note: as for `log_report`.

    Returns:
        the MLflow run id.

    Raises:
        InputError: the store cannot be opened, or does not accept it.
    """
    from mlflow.entities import Metric, Param

    now = int(time() * 1000)
    return _log(
        open_store(settings),
        kind,
        name,
        tags={**settings.tags, **tags},
        files=files,
        note=note,
        metrics=[Metric(key, value, now, 0) for key, value in metrics.items()],
        params=[Param(key, value) for key, value in params.items()],
    )


def log_comparison(
    runs: Sequence[TrackedRun], metric: str, files: Mapping[str, str], note: str
) -> str:
    """Logs a comparison of runs as a report of text files, and returns its MLflow run id.

    Args:
        runs: that were compared, the best first.
        metric: that they are ranked by.
        files: name -> text of an artifact.
        note: as for `log_report`.

    Raises:
        InputError: as `log_report`.
    """
    content = {name: text.encode() for name, text in files.items()}
    return log_report("comparison", runs, metric, content, note)


def _log(
    store: TrackingStore,
    kind: str,
    name: str,
    *,
    tags: Mapping[str, str],
    files: Mapping[str, bytes],
    note: str,
    metrics: Sequence[Any] = (),
    params: Sequence[Any] = (),
) -> str:
    """Logs a run of files; metrics and params are entities of MLflow."""
    shown = "\n\n".join(map(for_markdown, note.split("\n\n")))
    every = {**tags, "kind": kind, "mlflow.note.content": shown}
    with store_errors(f"the {kind}"):
        run = store.client.create_run(store.experiment_id, run_name=name, tags=every)
    run_id = str(run.info.run_id)
    with ending_run(store.client, run_id, kind), TemporaryDirectory() as folder:
        if metrics or params:
            store.client.log_batch(run_id, metrics=metrics, params=params)
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        store.client.log_artifacts(run_id, folder)
    return run_id
