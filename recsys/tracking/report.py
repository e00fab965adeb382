"""Logs reports about runs to MLflow, in the experiment of the runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.ops.shown_text import for_markdown
from recsys.tracking.client import ending_run, store_errors
from recsys.tracking.read import TrackedRun


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
    tags = {
        "kind": kind,
        "data": first.data,
        "fingerprint": first.fingerprint,
        "split": first.split,
        "metric": metric,
        "mlflow.note.content": "\n\n".join(map(for_markdown, note.split("\n\n"))),
    }
    ids = "".join(f"{run.run_id}\n" for run in runs)
    with store_errors(f"the {kind}"):
        experiment = first.client.get_run(first.run_id).info.experiment_id
        run = first.client.create_run(
            experiment, run_name=f"{kind} {first.data} {metric}", tags=tags
        )
    run_id = str(run.info.run_id)
    with ending_run(first.client, run_id, kind), TemporaryDirectory() as folder:
        for name, content in {**files, "runs.txt": ids.encode()}.items():
            (Path(folder) / name).write_bytes(content)
        first.client.log_artifacts(run_id, folder)
    return run_id


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
