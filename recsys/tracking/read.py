"""Finished runs back out of MLflow."""

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
from recsys.tracking.bounded import (
    LARGEST,
    TABLE_BYTES,
    json_mapping,
    read_per_query,
    read_text,
    require_size,
    yaml_mapping,
)
from recsys.tracking.kept_slices import slices_of
from recsys.tracking.names import intervals_of, metric_of
from recsys.tracking.store import TrackConfig, open_to_read

_PAGE = 1000
_CURVE = "curve/"
_LATEST = 253_370_764_800_000
"""Milliseconds to the year 9999, which is as far as `datetime` goes."""
_FINISHED = "attributes.status = 'FINISHED'"
# Whatever else lies in the experiment was not logged by `log_run`.
_TAGS = ("model", "data", "fingerprint", "split", "seed", "settings")


@dataclass(frozen=True)
class Skipped:
    """A finished run that cannot be used, and why."""

    run_id: str
    why: str

    def line(self) -> str:
        """Both, in one line."""
        return f"run {self.run_id[:8]}: {' '.join(self.why.split())}"


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackedRun:
    """A finished run; its artifacts are fetched when they are first asked for.

    Attributes:
        run_id: of MLflow.
        model: name of the model.
        data: name of the data set.
        fingerprint: SHA-256 of the data set.
        split: what the split did, in words.
        seed: of the run.
        settings: digest of the model's settings, equal for equal settings.
        started: when it was logged (UTC).
        metrics: MLflow name -> value, see `recsys.tracking.names`.
        params: flat settings, as `model.dim`, cut to what MLflow takes; whole in `config`.
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
            InputError: the run has none, or something that is none.
        """
        return yaml_mapping("config.yaml", self._artifact("config.yaml"))

    @cached_property
    def metrics_json(self) -> dict[str, Any]:
        """The content of its `metrics.json`.

        Raises:
            InputError: the run has none, or something that is none.
        """
        return json_mapping("metrics.json", self._artifact("metrics.json"))

    @cached_property
    def slices(self) -> dict[str, dict[str, dict[str, Interval]]]:
        """Dimension ("history", "segment", ...) -> slice -> metric -> interval on valid.

        Raises:
            InputError: as `metrics_json`, or there is something else in its place.
        """
        return slices_of(self.metrics_json.get("slices", {}))

    def curves(self) -> dict[str, dict[int, float]]:
        """Metric -> step -> value on valid, of models that logged a curve while they learned."""
        return {
            metric_of(name.removeprefix(_CURVE)): {
                point.step: point.value
                for point in self.client.get_metric_history(self.run_id, name)
            }
            for name in self.metrics
            if name.startswith(_CURVE)
        }

    def intervals(self, part: str) -> dict[str, Interval]:
        """Metric -> interval of "valid" or "test"; empty where the part was not read.

        Raises:
            InputError: the metrics of the run make no intervals.
        """
        return intervals_of(part, self.metrics)

    def per_query(self, part: str) -> pd.DataFrame:
        """One row a query of "valid" or "test": customer_id, history, one column a metric.

        Raises:
            InputError: the run has no such table, or something else in its place.
        """
        with TemporaryDirectory() as folder:
            return read_per_query(self._download(f"per_query_{part}.parquet", folder, TABLE_BYTES))

    def _artifact(self, name: str) -> str:
        with TemporaryDirectory() as folder:
            return read_text(self._download(name, folder, LARGEST[name]))

    def _download(self, name: str, folder: str, most: int) -> Path:
        from mlflow.exceptions import MlflowException

        try:
            # Asked before, because a disk is full sooner than a file of a store is fetched.
            for file in self.client.list_artifacts(self.run_id):
                if file.path == name:
                    require_size(name, file.file_size, most)
            return Path(self.client.download_artifacts(self.run_id, name, folder))
        except (MlflowException, OSError):
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

    Those whose tags cannot be read are passed over, and named on stderr.

    Args:
        settings: where the runs are.
        experiment: name of the MLflow experiment; that of `settings` where None.
        run_ids: only these, whole or as their first characters, of whatever experiment.
        tags: only runs with all these tags, as `{"data": "gowalla"}`.

    Raises:
        InputError: the store or experiment is not there, or a run id names no finished run, or one
            whose tags cannot be read.
    """
    found, skipped = runs_and_skipped(settings, experiment=experiment, run_ids=run_ids, tags=tags)
    name_skipped(skipped)
    return found


def runs_and_skipped(
    settings: TrackConfig,
    *,
    experiment: str | None = None,
    run_ids: Sequence[str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> tuple[list[TrackedRun], list[Skipped]]:
    """As `runs`, and those whose tags cannot be read, with why."""
    client = open_to_read(settings)
    wanted = _experiments(client, experiment or settings.experiment, everywhere=bool(run_ids))
    found: list[TrackedRun] = []
    skipped: list[Skipped] = []
    for run in _search(client, wanted):
        if not _is_ours(run):
            continue
        try:
            found.append(_tracked(run, client))
        except InputError as error:
            skipped.append(Skipped(str(run.info.run_id), str(error)))
    if run_ids:
        _refuse_named(skipped, run_ids)
        found, skipped = _pick(found, run_ids), []
    return [run for run in found if (tags or {}).items() <= run.tags.items()], skipped


def name_skipped(skipped: Iterable[Skipped]) -> None:
    """One line on stderr for each run that is passed over."""
    for one in skipped:
        sys.stderr.write(f"{for_terminal(f'skipped {one.line()}')}\n")


def _refuse_named(skipped: Iterable[Skipped], run_ids: Sequence[str]) -> None:
    for one in skipped:
        if any(wanted and one.run_id.startswith(wanted) for wanted in run_ids):
            raise InputError(one.line())


def _experiments(client: Any, name: str, everywhere: bool) -> list[str]:
    found = {found.name: found.experiment_id for found in client.search_experiments()}
    if everywhere:
        return list(found.values())
    if name not in found:
        others = ", ".join(sorted(set(found) - {"Default"})) or "none"
        raise InputError(f"experiment={name} is not in the store; there is {others}")
    return [found[name]]


def _search(client: Any, experiments: list[str]) -> Iterable[Any]:
    token = None
    while True:
        page = client.search_runs(
            experiments, _FINISHED, max_results=_PAGE, page_token=token,
            order_by=["attributes.start_time DESC"],
        )  # fmt: skip
        yield from page
        token = page.token
        if not token:
            return


def _is_ours(run: Any) -> bool:
    return all(name in run.data.tags for name in _TAGS)


def _tracked(run: Any, client: Any) -> TrackedRun:
    tags, started = run.data.tags, run.info.start_time
    if not tags["seed"].isascii() or not tags["seed"].isdecimal() or len(tags["seed"]) > 18:
        raise InputError(f"tag seed: expected a whole number, got {tags['seed'][:40]!r}")
    if not isinstance(started, int) or not 0 <= started <= _LATEST:
        raise InputError(f"its start time is no time: {started}")
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


def _pick(found: list[TrackedRun], run_ids: Sequence[str]) -> list[TrackedRun]:
    picked = {}
    for wanted in run_ids:
        matches = [run for run in found if wanted and run.run_id.startswith(wanted)]
        if len(matches) != 1:
            count = "several" if matches else "no"
            raise InputError(f"run id {wanted!r}: {count} finished runs start with it")
        picked[matches[0].run_id] = matches[0]
    return list(picked.values())
