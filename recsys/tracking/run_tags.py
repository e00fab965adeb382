"""The metrics, params and tags of a run in MLflow."""

import getpass
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recsys.evaluation.windows import spreads
from recsys.ops.masking import masked_values
from recsys.ops.shown_text import fenced
from recsys.tracking.metrics_json import plain
from recsys.tracking.names import bounds, means, slice_means, tracked_name
from recsys.tracking.record import RunRecord

DIGEST_LENGTH = 16
WINDOWS = "windows"
"""Tag of runs with several windows: their number."""

_NAME_LENGTH = 250
_VALUE_LENGTH = 500
_NOTE_LENGTH = 5000
_NOT_PARAMS = ("track", "names")
"""Parts of the configuration that are no settings of the experiment."""


def run_metrics(record: RunRecord) -> dict[str, float]:
    """MLflow name -> value: means, ends of intervals, and cost."""
    metrics = {"peak_memory_mb": float(record.peak_memory_mb)}
    metrics |= {f"seconds/{stage}": seconds for stage, seconds in record.seconds.items()}
    if record.windows:
        metrics |= {
            tracked_name("window_deviation", name): spread.deviation
            for name, spread in spreads(record.windows).items()
        }
    if record.cpu_seconds is not None:
        metrics["cpu_seconds"] = record.cpu_seconds
    for part, intervals in record.intervals().items():
        metrics |= means(part, intervals) | bounds(part, intervals)
    for part, values in record.catalogue().items():
        metrics |= {
            tracked_name(f"{part}_catalogue", name): value for name, value in values.items()
        }
    for dimension, slices in record.slices.items():
        for name, intervals in slices.items():
            metrics |= slice_means("valid", dimension, name, intervals, record.metric)
    return metrics


def window_points(record: RunRecord) -> list[tuple[str, float, int]]:
    """MLflow name, value and step: means by window, and by age what old models have less."""
    by_window = [
        (tracked_name("window", metric), interval.mean, number)
        for number, window in enumerate(record.windows)
        for metric, interval in window.intervals.items()
    ]
    by_age = [
        (tracked_name("cost_of_age", metric), interval.mean, age)
        for age, intervals in record.cost_of_age.items()
        for metric, interval in intervals.items()
    ]
    return by_window + by_age


def run_params(record: RunRecord) -> dict[str, str]:
    """Flat name, as `model.dim` -> value, cut to the lengths of MLflow; artifacts hold all."""
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


def run_tags(record: RunRecord, environment: Mapping[str, Any]) -> dict[str, str]:
    """The tags that runs are searched by, and those of MLflow's own pages.

    Args:
        record: of the run.
        environment: from `recsys.tracking.environment.environment`.
    """
    tags = {
        "model": record.model,
        "data": record.data_name,
        "fingerprint": record.fingerprint,
        "split": record.split,
        "seed": str(record.seed),
        "settings": _settings_digest(record),
        "device": record.device,
        "git_dirty": str(environment["git_dirty"]).lower(),
        # A name that MLflow's own pages read.
        "mlflow.note.content": fenced(record.summary()[:_NOTE_LENGTH]),
        **origin(),
    }
    commit = environment["git_commit"]
    if commit:
        tags |= dict.fromkeys(("git_commit", "mlflow.source.git.commit"), commit)
    if record.certificate:
        tags["audit"] = record.certificate.status
    if record.windows:
        tags[WINDOWS] = str(len(record.windows))
    if record.test is not None:
        tags["test_read"] = "true"
    return tags


def _settings_digest(record: RunRecord) -> str:
    """Equal for runs of one model with equal settings, whatever else differs."""
    settings = json.dumps(plain(record.config.get("model", {})), sort_keys=True)
    return hashlib.sha256(f"{record.model} {settings}".encode()).hexdigest()[:DIGEST_LENGTH]


def origin() -> dict[str, str]:
    """The tags that MLflow's pages show as source and user."""
    return {"mlflow.source.name": Path(sys.argv[0]).name or "python", "mlflow.user": _user()}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return "unknown"
