"""A comparison of runs into MLflow, beside the runs that it compares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.errors import InputError
from recsys.track.read import TrackedRun
from recsys.track.store import ended

KIND = "comparison"
"""Tag "kind" of such runs; `recsys.track.read.runs` passes over them."""


def log_comparison(
    runs: Sequence[TrackedRun], metric: str, files: Mapping[str, str], note: str
) -> str:
    """Logs a comparison into the experiment of its first run, and returns its MLflow run id.

    Args:
        runs: that were compared, the best first.
        metric: that they are ranked by.
        files: name -> content, kept as artifacts.
        note: what MLflow's page of the run says.

    Raises:
        InputError: the store stopped to take things.
    """
    from mlflow.exceptions import MlflowException

    first = runs[0]
    try:
        experiment = first.client.get_run(first.run_id).info.experiment_id
        run = first.client.create_run(
            experiment, run_name=f"comparison {first.data} {metric}", tags=_tags(runs, metric, note)
        )
    except MlflowException as error:
        raise InputError(f"the comparison could not be logged: {error}") from error
    run_id = str(run.info.run_id)
    with ended(first.client, run_id, "comparison"), TemporaryDirectory() as folder:
        for name, content in {**files, "runs.txt": _ids(runs)}.items():
            (Path(folder) / name).write_text(content, encoding="utf-8")
        first.client.log_artifacts(run_id, folder)
    return run_id


def _tags(runs: Sequence[TrackedRun], metric: str, note: str) -> dict[str, str]:
    first = runs[0]
    return {
        "kind": KIND,
        "data": first.data,
        "fingerprint": first.fingerprint,
        "split": first.split,
        "metric": metric,
        "mlflow.note.content": note,
    }


def _ids(runs: Sequence[TrackedRun]) -> str:
    return "".join(f"{run.run_id}\n" for run in runs)
