"""One finished run into MLflow."""

import getpass
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import yaml

from recsys.ops.masking import masked_values
from recsys.ops.shown_text import fenced
from recsys.tracking import plots
from recsys.tracking.environment import environment
from recsys.tracking.names import bounds, means, slice_means, tracked_name
from recsys.tracking.pseudonyms import TAG, Pseudonyms, pseudonyms
from recsys.tracking.record import RunRecord, metrics_json, plain
from recsys.tracking.store import TrackConfig, TrackingStore, ended, open_store, taken

__all__ = ["TrackConfig", "log_run"]

_NAME_LENGTH = 250
_VALUE_LENGTH = 500
_BATCH = 100
_DIGEST_LENGTH = 16
# Where a run is kept and what the parts are called are no settings of the experiment.
_NOT_PARAMS = ("track", "names")
_ATTEMPT = "attempt"
_SAME = ("model", "data", "fingerprint", "split", "seed", "settings", "test_read")
_NOTE_LENGTH = 5000


def log_run(record: RunRecord, settings: TrackConfig, attempt: str | None = None) -> str:
    """Logs a run and returns its MLflow run id.

    Kept are: short flat params and the whole `config.yaml` and `chosen.json`; metrics under the
    names of `recsys.tracking.names`; `per_query_valid.parquet` (and `_test`); the data set with its
    fingerprint; plots; `audit.json`; `environment.json`; `metrics.json`; and the tags that runs
    are found by.
    Whatever breaks halfway leaves a run that is marked FAILED, which `read.runs` passes over.

    Args:
        record: of the run.
        settings: the store.
        attempt: of `tracking.attempt`; a run that an earlier start logged whole under it, and
            was killed before it could say so, is not logged again.

    Raises:
        InputError: the store cannot be opened, see `open_store`, or it stopped
            to take things halfway.
    """
    store = open_store(settings)
    hidden = pseudonyms(settings.pseudonyms)
    found = environment()
    tags = {**settings.tags, **_tags(record, found), **_key_tag(hidden)}
    with taken("the run"):
        if attempt is not None:
            tags[_ATTEMPT] = attempt
            logged = _logged_before(store, tags)
            if logged is not None:
                return logged
        run = store.client.create_run(
            store.experiment_id,
            # MLflow shows how long a run took from when it says it began.
            start_time=int((time() - sum(record.seconds.values())) * 1000),
            run_name=f"{record.model} {record.data_name} seed {record.seed}",
            tags=tags,
        )
    run_id = str(run.info.run_id)
    with ended(store.client, run_id, "run"):
        _log(store, run_id, record, found, hidden)
    return run_id


def _logged_before(store: TrackingStore, tags: Mapping[str, str]) -> str | None:
    """The whole run of a killed attempt; those that it left halfway are marked KILLED."""
    wanted = f"tags.{_ATTEMPT} = '{tags[_ATTEMPT]}'"
    for run in store.client.search_runs([store.experiment_id], wanted):
        # The command may have been changed since.
        is_same = all(run.data.tags.get(name) == tags.get(name) for name in _SAME)
        if run.info.status == "FINISHED" and is_same:
            return str(run.info.run_id)
        if run.info.status == "RUNNING":
            store.client.set_terminated(run.info.run_id, "KILLED")
    return None


def _log(
    store: TrackingStore,
    run_id: str,
    record: RunRecord,
    found: Mapping[str, Any],
    hidden: Pseudonyms | None,
) -> None:
    from mlflow.entities import Metric, Param

    now = int(time() * 1000)
    metrics = [Metric(name, value, now, 0) for name, value in _metrics(record).items()]
    curve = tracked_name("curve", record.metric)
    metrics += [Metric(curve, value, now, epoch) for epoch, value in record.curve.items()]
    loss = tracked_name("curve", "loss")
    metrics += [Metric(loss, value, now, epoch) for epoch, value in record.losses.items()]
    params = [Param(name, value) for name, value in _params(record).items()]
    for start in range(0, max(len(metrics), len(params)), _BATCH):
        batch = slice(start, start + _BATCH)
        store.client.log_batch(run_id, metrics=metrics[batch], params=params[batch])
    _log_data_set(store, run_id, record)
    with TemporaryDirectory() as folder:
        _write_artifacts(Path(folder), record, run_id, found, hidden)
        store.client.log_artifacts(run_id, folder)
    with TemporaryDirectory() as folder:
        # Last, and as they can: no name or metric in a picture is worth the run.
        if _draw(Path(folder), record):
            store.client.log_artifacts(run_id, folder, "plots")


def _draw(folder: Path, record: RunRecord) -> bool:
    """Draws the pictures; says where one cannot be drawn. False where there is none."""
    pictures = {
        f"{part}_by_k.png": partial(plots.by_k, record, part) for part in record.intervals()
    }
    if record.slices:
        pictures["valid_by_slice.png"] = partial(plots.by_slice, record)
    for name, draw in pictures.items():
        try:
            plots.save(draw(), folder / name)
        except OSError:
            raise
        except Exception as error:
            words = " ".join(str(error).split()) or type(error).__name__
            sys.stderr.write(f"picture {name} is left out, it cannot be drawn: {words}\n")
            (folder / name).unlink(missing_ok=True)
    return any(folder.iterdir())


def _metrics(record: RunRecord) -> dict[str, float]:
    found = {"peak_memory_mb": float(record.peak_memory_mb)}
    found |= {f"seconds/{stage}": seconds for stage, seconds in record.seconds.items()}
    if record.cpu_seconds is not None:
        found["cpu_seconds"] = record.cpu_seconds
    for part, intervals in record.intervals().items():
        found |= means(part, intervals) | bounds(part, intervals)
    for part, values in record.catalogue().items():
        found |= {tracked_name(f"{part}_catalogue", name): value for name, value in values.items()}
    for dimension, slices in record.slices.items():
        for name, intervals in slices.items():
            found |= slice_means("valid", dimension, name, intervals, record.metric)
    return found


def _params(record: RunRecord) -> dict[str, str]:
    """Flat names, cut to what MLflow takes; whole values are in the artifacts."""
    settings = {key: value for key, value in record.config.items() if key not in _NOT_PARAMS}
    flat = dict(_flat(masked_values(plain(settings)))) | dict(
        _flat({"chosen": plain(record.chosen)})
    )
    return {
        re.sub(r"[^\w.\- ]", "_", name)[:_NAME_LENGTH]: _cut(str(value))
        for name, value in flat.items()
    }


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix, value


def _cut(value: str) -> str:
    return value if len(value) <= _VALUE_LENGTH else value[: _VALUE_LENGTH - 3] + "..."


def _tags(record: RunRecord, found: Mapping[str, Any]) -> dict[str, str]:
    tags = {
        "model": record.model,
        "data": record.data_name,
        "fingerprint": record.fingerprint,
        "split": record.split,
        "seed": str(record.seed),
        "settings": _settings_digest(record),
        "device": record.device,
        "git_dirty": str(found["git_dirty"]).lower(),
        # The names that MLflow's own pages show.
        "mlflow.note.content": fenced(record.summary()[:_NOTE_LENGTH]),
        **origin(),
    }
    if found["git_commit"]:
        tags |= dict.fromkeys(("git_commit", "mlflow.source.git.commit"), found["git_commit"])
    if record.certificate:
        tags["audit"] = record.certificate.status
    if record.test is not None:
        tags["test_read"] = "true"
    return tags


def _key_tag(hidden: Pseudonyms | None) -> dict[str, str]:
    return {TAG: hidden.fingerprint} if hidden else {}


def _settings_digest(record: RunRecord) -> str:
    """Equal for runs of one model with equal settings, whatever else was asked of them."""
    settings = json.dumps(plain(record.config.get("model", {})), sort_keys=True)
    return hashlib.sha256(f"{record.model} {settings}".encode()).hexdigest()[:_DIGEST_LENGTH]


def origin() -> dict[str, str]:
    """Who started what: the tags that MLflow's pages show as source and user."""
    return {"mlflow.source.name": Path(sys.argv[0]).name or "python", "mlflow.user": _user()}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return "unknown"


def _log_data_set(store: TrackingStore, run_id: str, record: RunRecord) -> None:
    """A description only: MLflow's `from_pandas` would hash and profile whole tables."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    settings = masked_values(plain(record.config.get("data", {})))
    root = settings.get("root")
    described = Dataset(
        name=record.data_name,
        digest=record.fingerprint[:_DIGEST_LENGTH],
        source_type="local" if root else "code",
        source=json.dumps({"uri": root} if root else {"tags": settings}),
        profile=json.dumps({"fingerprint": record.fingerprint, **plain(record.data_facts)}),
    )
    context = InputTag("mlflow.data.context", "training")
    store.client.log_inputs(run_id, [DatasetInput(described, [context])])


def _write_artifacts(
    folder: Path,
    record: RunRecord,
    run_id: str,
    found: Mapping[str, Any],
    hidden: Pseudonyms | None,
) -> None:
    settings = masked_values(plain(record.config))
    config = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    documents = {
        "chosen": plain(record.chosen),
        "environment": found,
        "metrics": metrics_json(record, run_id),
    }
    if record.certificate:
        documents["audit"] = record.certificate.document()
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(
            json.dumps(document, indent=2) + "\n", encoding="utf-8"
        )
    for part, table in record.per_query_tables(hidden.of if hidden else list).items():
        table.to_parquet(folder / f"per_query_{part}.parquet", index=False)
