"""Logs a report that is about no run of a model, such as one about policies or rules, to MLflow."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time

from recsys.ops.shown_text import for_markdown
from recsys.tracking.client import ending_run, store_errors
from recsys.tracking.store import TrackConfig, open_store


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
    """Logs a report as a run of its own, and returns its MLflow run id.

    It has no tags of a model, so that `recsys.tracking.read.runs` skips it.

    Args:
        kind: tag "kind", as "policy_value".
        name: of the run.
        settings: the store and the experiment.
        tags: further tags.
        params: what was set.
        metrics: name -> value.
        files: name -> content of an artifact.
        note: description on MLflow's page of the run: plain text, a blank line between paragraphs.

    Raises:
        InputError: the store cannot be opened, or does not accept it.
    """
    from mlflow.entities import Metric, Param

    store = open_store(settings)
    shown = "\n\n".join(map(for_markdown, note.split("\n\n")))
    every = {**settings.tags, **tags, "kind": kind, "mlflow.note.content": shown}
    with store_errors(f"the {kind}"):
        run = store.client.create_run(store.experiment_id, run_name=name, tags=every)
    run_id = str(run.info.run_id)
    with ending_run(store.client, run_id, kind), TemporaryDirectory() as folder:
        now = int(time() * 1000)
        store.client.log_batch(
            run_id,
            metrics=[Metric(key, value, now, 0) for key, value in metrics.items()],
            params=[Param(key, value) for key, value in params.items()],
        )
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        store.client.log_artifacts(run_id, folder)
    return run_id
