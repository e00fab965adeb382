"""The metrics, params and tags of a run in MLflow."""

import getpass
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recsys.evaluation.windows import spreads
from recsys.ops.masking import masked_values
from recsys.ops.shown_text import fenced
from recsys.tracking.data_sets import DIGEST_LENGTH
from recsys.tracking.metrics_json import plain
from recsys.tracking.names import (
    slice_means,
    tracked_estimate,
    tracked_intervals,
    tracked_name,
    tracked_params,
)
from recsys.tracking.record import RunRecord

WINDOWS = "windows"
"""Tag of runs with several windows: their number."""

_NOTE_LENGTH = 5000
_NOT_PARAMS = ("track", "names")
"""Parts of the configuration that are no settings of the experiment."""


def run_metrics(record: RunRecord) -> dict[str, float]:
    """MLflow name -> value: means, ends of intervals, and cost."""
    metrics = {"peak_memory_mb": float(record.peak_memory_mb)}
    metrics |= {f"seconds/{stage}": seconds for stage, seconds in record.seconds.items()}
    if record.windows:
        metrics |= {
            f"{tracked_name('window', name)}.deviation": spread.deviation
            for name, spread in spreads(record.windows).items()
        }
    if record.cpu_seconds is not None:
        metrics["cpu_seconds"] = record.cpu_seconds
    for part, intervals in record.intervals().items():
        metrics |= tracked_intervals(part, intervals)
    for part, values in record.catalogue().items():
        metrics |= {tracked_name(part, name): value for name, value in values.items()}
    for dimension, slices in record.slices.items():
        for name, intervals in slices.items():
            metrics |= slice_means("valid", dimension, name, intervals, record.metric)
    return metrics


def window_points(record: RunRecord) -> list[tuple[str, float, int]]:
    """MLflow name, value and step: results by window, and by age what old models have less."""
    by_step = {
        "window": {number: window.intervals for number, window in enumerate(record.windows)},
        "cost_of_age": record.cost_of_age,
    }
    return [
        (name, value, step)
        for part, by_number in by_step.items()
        for step, intervals in by_number.items()
        for metric, interval in intervals.items()
        for name, value in tracked_estimate(tracked_name(part, metric), interval).items()
    ]


def settings_params(config: Mapping[str, Any]) -> dict[str, str]:
    """Dotted name, as `model.dim` -> value of the settings of a configuration, without secrets."""
    settings = {key: value for key, value in config.items() if key not in _NOT_PARAMS}
    return tracked_params(masked_values(plain(settings)))


def run_params(record: RunRecord) -> dict[str, str]:
    """Dotted name, as `model.dim` -> value, cut to the lengths of MLflow; artifacts hold all."""
    return settings_params(record.config) | tracked_params({"chosen": plain(record.chosen)})


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
