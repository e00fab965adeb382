"""What was read off runs, into MLflow beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.ops.shown_text import for_markdown
from recsys.tracking.read import TrackedRun
from recsys.tracking.store import ended, taken


def log_report(
    kind: str, runs: Sequence[TrackedRun], metric: str, files: Mapping[str, bytes], note: str
) -> str:
    """Logs a report into the experiment of the first run, and returns its MLflow run id.

    It has no tags of a model, so `recsys.tracking.read.runs` passes over it.

    Args:
        kind: tag "kind" and name of the run.
        runs: that the report is about, of one data set and split.
        metric: that they were chosen by.
        files: name -> content, kept as artifacts.
        note: what MLflow's page of the run says: plain text, a blank line between paragraphs.

    Raises:
        InputError: the store stopped to take things.
    """
    first = runs[0]
    tags = {
        "kind": kind,
        "data": first.data,
        "fingerprint": first.fingerprint,
        "split": first.split,
        "metric": metric,
        "mlflow.note.content": "\n\n".join(map(for_markdown, note.split("\n\n"))),
    }
    ids = "".join(f"{run.run_id}\n" for run in runs)
    with taken(f"the {kind}"):
        experiment = first.client.get_run(first.run_id).info.experiment_id
        run = first.client.create_run(
            experiment, run_name=f"{kind} {first.data} {metric}", tags=tags
        )
    run_id = str(run.info.run_id)
    with ended(first.client, run_id, kind), TemporaryDirectory() as folder:
        for name, content in {**files, "runs.txt": ids.encode()}.items():
            (Path(folder) / name).write_bytes(content)
        first.client.log_artifacts(run_id, folder)
    return run_id
