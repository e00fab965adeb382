"""Logs a finished run to MLflow."""

import json
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import yaml

from recsys.errors import InputError
from recsys.ops.locks import lock
from recsys.ops.masking import masked_values
from recsys.ops.whole_file import reason
from recsys.tracking import plots
from recsys.tracking.client import ending_run, store_errors
from recsys.tracking.data_sets import DataSet
from recsys.tracking.environment import environment
from recsys.tracking.metrics_json import metrics_json, plain
from recsys.tracking.names import tracked_name
from recsys.tracking.pseudonyms import TAG, Pseudonyms, pseudonyms
from recsys.tracking.record import RunRecord
from recsys.tracking.report import ATTEMPT
from recsys.tracking.run_tags import run_metrics, run_params, run_tags, window_points
from recsys.tracking.store import TrackConfig, TrackingStore, open_store

__all__ = ["TrackConfig", "log_run"]

_BATCH = 100
_TOKEN_FILE = ".logging"
IDENTIFYING = ("model", "data", "fingerprint", "split", "seed", "settings", "test_read")
"""Tags that are equal for two attempts to log one run."""
_COST = ("seconds/", "cpu_seconds", "peak_memory_mb")


@contextmanager
def attempt(folder: Path) -> Iterator[str]:
    """Claims the folder of a run, and yields its token for `log_run`.

    The token stays in the folder, so that the same command, given again after a kill at whatever
    moment, does not log its run twice.

    Args:
        folder: of the run; created where it is missing.

    Raises:
        InputError: the folder cannot be written, or another run is at work in it.
    """
    path = folder / _TOKEN_FILE
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(lock(path, wait=False, make=True))
            token = path.read_text(encoding="ascii", errors="replace")
            if not re.fullmatch("[0-9a-f]{16}", token):
                token = secrets.token_hex(8)
                path.write_text(token, encoding="ascii")
        except BlockingIOError:
            raise InputError(
                f"the run's folder {folder} is in use by another run; wait for its end, or set "
                "another hydra.run.dir"
            ) from None
        except OSError as error:
            raise InputError(
                f"the run's folder {folder} cannot be written: {reason(error)}; set hydra.run.dir"
            ) from None
        yield token


def log_run(record: RunRecord, settings: TrackConfig, attempt: str | None = None) -> str:
    """Logs a run and returns its MLflow run id.

    Logged are: short flat params and the complete `config.yaml` and `chosen.json`; metrics under
    the names of `recsys.tracking.names`; `per_query_valid.parquet` (and `_test`, `_aged`); the
    data set with its fingerprint; plots; `audit.json`; `environment.json`; `metrics.json`; tags.
    An error halfway leaves a run that is marked FAILED, which `recsys.tracking.read.runs` skips.

    Args:
        record: of the run.
        settings: the store.
        attempt: token from `attempt`; a run that an earlier attempt logged completely, with equal
            settings, data and metrics, is not logged again.

    Raises:
        InputError: the store cannot be opened, see `open_store`, or does not accept the run.
    """
    store = open_store(settings)
    hidden = pseudonyms(settings.pseudonyms)
    env = environment()
    key_tag = {TAG: hidden.fingerprint} if hidden else {}
    tags = {**settings.tags, **run_tags(record, env), **key_tag}
    with store_errors("the run"):
        if attempt is not None:
            tags[ATTEMPT] = attempt
            logged = _logged_before(store, tags, run_metrics(record))
            if logged is not None:
                return logged
        run = store.client.create_run(
            store.experiment_id,
            # MLflow shows the time from here as the duration of the run.
            start_time=int((time() - sum(record.seconds.values())) * 1000),
            run_name=f"{record.model} {record.data_name} seed {record.seed}",
            tags=tags,
        )
    run_id = str(run.info.run_id)
    with ending_run(store.client, run_id, "run"):
        _log(store, run_id, record, env, hidden)
    return run_id


def _logged_before(
    store: TrackingStore, tags: Mapping[str, str], metrics: Mapping[str, float]
) -> str | None:
    """The id of a run that an attempt logged completely; incomplete ones are marked KILLED."""
    for run in store.client.search_runs(
        [store.experiment_id], f"tags.{ATTEMPT} = '{tags[ATTEMPT]}'"
    ):
        # The command, or the program, may have changed since.
        is_same = all(run.data.tags.get(name) == tags.get(name) for name in IDENTIFYING)
        if run.info.status == "FINISHED" and is_same and _are_equal(run.data.metrics, metrics):
            return str(run.info.run_id)
        if run.info.status == "RUNNING":
            store.client.set_terminated(run.info.run_id, "KILLED")
    return None


def _are_equal(logged: Mapping[str, float], metrics: Mapping[str, float]) -> bool:
    """Whether a run has these metrics; what it cost may differ."""
    measured = {
        name: value
        for name, value in metrics.items()
        if not name.startswith(_COST) and isfinite(value)
    }
    return all(logged.get(name) == value for name, value in measured.items())


def _log(
    store: TrackingStore,
    run_id: str,
    record: RunRecord,
    env: Mapping[str, Any],
    hidden: Pseudonyms | None,
) -> None:
    from mlflow.entities import Metric, Param

    now = int(time() * 1000)
    metrics = [Metric(name, value, now, 0) for name, value in run_metrics(record).items()]
    curve = tracked_name("curve", record.metric)
    metrics += [Metric(curve, value, now, epoch) for epoch, value in record.curve.items()]
    loss = tracked_name("curve", "loss")
    metrics += [Metric(loss, value, now, epoch) for epoch, value in record.losses.items()]
    metrics += [Metric(name, value, now, step) for name, value, step in window_points(record)]
    params = [Param(name, value) for name, value in run_params(record).items()]
    for start in range(0, max(len(metrics), len(params)), _BATCH):
        batch = slice(start, start + _BATCH)
        store.client.log_batch(run_id, metrics=metrics[batch], params=params[batch])
    store.client.log_inputs(run_id, [_data_set(record).as_input()])
    with TemporaryDirectory() as folder:
        _write_artifacts(Path(folder), record, run_id, env, hidden)
        store.client.log_artifacts(run_id, folder)
    with TemporaryDirectory() as folder:
        # Last: a figure that cannot be drawn must not cost the run.
        if _draw(Path(folder), record):
            store.client.log_artifacts(run_id, folder, "plots")


def _draw(folder: Path, record: RunRecord) -> bool:
    """Writes the figures; names those that cannot be drawn. Returns whether there is any."""
    figures = {f"{part}_by_k.png": partial(plots.by_k, record, part) for part in record.intervals()}
    if record.slices:
        figures["valid_by_slice.png"] = partial(plots.by_slice, record)
    for name, draw in figures.items():
        try:
            plots.save(draw(), folder / name)
        except OSError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            sys.stderr.write(f"figure {name} is left out, it cannot be drawn: {reason}\n")
            (folder / name).unlink(missing_ok=True)
    return any(folder.iterdir())


def _data_set(record: RunRecord) -> DataSet:
    return DataSet(
        name=record.data_name,
        fingerprint=record.fingerprint,
        context="training",
        settings=record.config.get("data", {}),
        facts=record.data_facts,
    )


def _write_artifacts(
    folder: Path,
    record: RunRecord,
    run_id: str,
    env: Mapping[str, Any],
    hidden: Pseudonyms | None,
) -> None:
    settings = masked_values(plain(record.config))
    config = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    documents = {
        "chosen": plain(record.chosen),
        "environment": env,
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
