"""Reads finished runs from MLflow."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.ops.shown_text import for_terminal
from recsys.tracking.bounded_files import (
    LARGEST,
    TABLE_BYTES,
    json_mapping,
    read_per_query,
    read_text,
    require_size,
    yaml_mapping,
)
from recsys.tracking.client import refuse_full, search_runs
from recsys.tracking.metrics_json import slices_of
from recsys.tracking.names import has_former_names, intervals_of, metric_of
from recsys.tracking.store import TrackConfig, open_to_read

_CURVE = "curve/"
_LATEST = 253_370_764_800_000
"""Milliseconds to the year 9999, the last one of `datetime`."""
_FINISHED = "attributes.status = 'FINISHED'"
_LATEST_FIRST = "attributes.start_time DESC"
# Runs without these tags were not logged by `log_run`.
_TAGS = ("model", "data", "fingerprint", "split", "seed", "settings")


@dataclass(frozen=True)
class Skipped:
    """A finished run that cannot be used.

    Attributes:
        run_id: of MLflow.
        why: the reason.
    """

    run_id: str
    why: str

    def line(self) -> str:
        """Run and reason in one line."""
        return f"run {self.run_id[:8]}: {' '.join(self.why.split())}"


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackedRun:
    """A finished run; its artifacts are downloaded when they are first used.

    Attributes:
        run_id: of MLflow.
        model: name of the model.
        data: name of the data set.
        fingerprint: SHA-256 of the data set.
        split: description of the split.
        seed: of the run.
        settings: digest of the model's settings, equal for equal settings.
        started: when it was logged (UTC).
        metrics: MLflow name -> value, see `recsys.tracking.names`.
        params: flat settings, as `model.dim`, cut to the lengths of MLflow; complete in `config`.
        tags: all tags.
    """

    run_id: str
    model: str
    data: str
    fingerprint: str
    split: str
    seed: int
    settings: str
    started: datetime
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    client: Any = field(repr=False)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved configuration of the run.

        Raises:
            InputError: the run has no such artifact, or it cannot be parsed.
        """
        return yaml_mapping("config.yaml", self._artifact("config.yaml"))

    @cached_property
    def metrics_json(self) -> dict[str, Any]:
        """The content of its `metrics.json`.

        Raises:
            InputError: the run has no such artifact, or it cannot be parsed.
        """
        return json_mapping("metrics.json", self._artifact("metrics.json"))

    @cached_property
    def slices(self) -> dict[str, dict[str, dict[str, Interval]]]:
        """Dimension ("history", "segment", ...) -> slice -> metric -> interval on valid.

        Raises:
            InputError: as `metrics_json`, or its slices hold something else.
        """
        return slices_of(self.metrics_json.get("slices", {}))

    def curves(self) -> dict[str, dict[int, float]]:
        """Metric -> epoch -> value on valid, of models that learn in epochs; "loss" of training."""
        is_former = has_former_names(self.metrics)
        return {
            metric_of(name.removeprefix(_CURVE), is_former): {
                point.step: point.value
                for point in self.client.get_metric_history(self.run_id, name)
            }
            for name in self.metrics
            if name.startswith(_CURVE)
        }

    def intervals(self, part: str) -> dict[str, Interval]:
        """Metric -> interval; empty where the part was not evaluated.

        Args:
            part: "valid" or "test".

        Raises:
            InputError: a number of customers is negative or too large.
        """
        return intervals_of(part, self.metrics)

    def per_query(self, part: str) -> pd.DataFrame:
        """A table of one row per query: customer_id, history and one column for each metric.

        Args:
            part: "valid" or "test".

        Raises:
            InputError: the run has no such artifact, or it is no such table.
        """
        with TemporaryDirectory() as folder:
            return read_per_query(self._download(f"per_query_{part}.parquet", folder, TABLE_BYTES))

    def _artifact(self, name: str) -> str:
        with TemporaryDirectory() as folder:
            return read_text(self._download(name, folder, LARGEST[name]))

    def _download(self, name: str, folder: str, limit: int) -> Path:
        from mlflow.exceptions import MlflowException

        try:
            # Before the download, because a large file may fill the disk.
            for file in self.client.list_artifacts(self.run_id):
                if file.path == name:
                    require_size(name, file.file_size, limit)
            return Path(self.client.download_artifacts(self.run_id, name, folder))
        except (MlflowException, OSError) as error:
            refuse_full(error, folder)
            raise InputError(
                f"run {self.run_id} has no artifact {name}; was its folder of artifacts moved?"
            ) from None


def runs(
    settings: TrackConfig,
    *,
    experiment: str | None = None,
    run_ids: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> list[TrackedRun]:
    """Finished runs that `log_run` logged, the latest first.

    Runs whose tags cannot be read are skipped, and named on stderr.

    Args:
        settings: where the runs are.
        experiment: name of the MLflow experiment; that of `settings` where None.
        run_ids: only these, in full or by their first characters, of any experiment.
        tags: only runs with all these tags, as `{"data": "gowalla"}`.

    Raises:
        InputError: there is no such store or experiment, or a run id names no finished run, more
            than one, or one whose tags cannot be read.
    """
    readable, skipped = runs_and_skipped(
        settings, experiment=experiment, run_ids=run_ids, tags=tags
    )
    name_skipped(skipped)
    return readable


def runs_and_skipped(
    settings: TrackConfig,
    *,
    experiment: str | None = None,
    run_ids: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> tuple[list[TrackedRun], list[Skipped]]:
    """As `runs`, and the runs whose tags cannot be read, which are not named on stderr."""
    client = open_to_read(settings)
    experiments = _experiments(client, experiment or settings.experiment, everywhere=bool(run_ids))
    readable: list[TrackedRun] = []
    skipped: list[Skipped] = []
    for run in search_runs(client, experiments, _FINISHED, order_by=[_LATEST_FIRST]):
        if not _is_logged_run(run):
            continue
        try:
            readable.append(_tracked(run, client))
        except InputError as error:
            skipped.append(Skipped(str(run.info.run_id), str(error)))
    if run_ids:
        _refuse_requested(skipped, run_ids)
        readable, skipped = _pick(readable, run_ids), []
    return [run for run in readable if (tags or {}).items() <= run.tags.items()], skipped


def name_skipped(skipped: Iterable[Skipped]) -> None:
    """Writes one line to stderr for each run."""
    for run in skipped:
        sys.stderr.write(f"{for_terminal(f'skipped {run.line()}')}\n")


def _refuse_requested(skipped: Iterable[Skipped], run_ids: Sequence[str]) -> None:
    for run in skipped:
        if any(prefix and run.run_id.startswith(prefix) for prefix in run_ids):
            raise InputError(run.line())


def _experiments(client: Any, name: str, everywhere: bool) -> list[str]:
    ids = {experiment.name: experiment.experiment_id for experiment in client.search_experiments()}
    if everywhere:
        return list(ids.values())
    if name not in ids:
        names = ", ".join(sorted(set(ids) - {"Default"})) or "none"
        raise InputError(f"experiment={name} is not in the store; there is {names}")
    return [ids[name]]


def _is_logged_run(run: Any) -> bool:
    return all(name in run.data.tags for name in _TAGS)


def _tracked(run: Any, client: Any) -> TrackedRun:
    tags, started = run.data.tags, run.info.start_time
    if not tags["seed"].isascii() or not tags["seed"].isdecimal() or len(tags["seed"]) > 18:
        raise InputError(f"tag seed: expected a whole number, got {tags['seed'][:40]!r}")
    if not isinstance(started, int) or not 0 <= started <= _LATEST:
        raise InputError(f"its start time is out of range: {started}")
    return TrackedRun(
        run_id=run.info.run_id,
        model=tags["model"],
        data=tags["data"],
        fingerprint=tags["fingerprint"],
        split=tags["split"],
        seed=int(tags["seed"]),
        settings=tags["settings"],
        started=datetime.fromtimestamp(started / 1000, UTC),
        metrics=dict(run.data.metrics),
        params=dict(run.data.params),
        tags=dict(tags),
        client=client,
    )


def _pick(readable: list[TrackedRun], run_ids: Sequence[str]) -> list[TrackedRun]:
    picked = {}
    for prefix in run_ids:
        matches = [run for run in readable if prefix and run.run_id.startswith(prefix)]
        if len(matches) != 1:
            count = "several" if matches else "no"
            raise InputError(f"run id {prefix!r}: {count} finished runs start with it")
        picked[matches[0].run_id] = matches[0]
    return list(picked.values())
