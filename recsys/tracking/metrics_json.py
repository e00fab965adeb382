"""The file `metrics.json` of a run: what is written to it, and its slices read back."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.evaluation.windows import spreads
from recsys.ops.whole_file import write_whole
from recsys.tracking.record import RunRecord


def metrics_json(record: RunRecord, mlflow_run_id: str | None) -> dict[str, Any]:
    """The content of `metrics.json`; "test", "audit", "catalogue" and "windows" may be absent.

    Numbers that JSON does not know, as the mean of nothing, become None.

    Args:
        record: of the run.
        mlflow_run_id: None until MLflow has the run.
    """
    document: dict[str, Any] = {
        "model": record.model,
        "data": {"name": record.data_name, "fingerprint": record.fingerprint},
        "split": record.split,
        "seed": record.seed,
        "device": record.device,
    }
    for part, intervals in record.intervals().items():
        document[part] = _plain_intervals(intervals)
    if record.windows:
        document |= _of_windows(record)
    if record.certificate:
        document["audit"] = record.certificate.status
    if record.catalogue():
        document["catalogue"] = record.catalogue()
    document |= {
        "slices": {
            dimension: {name: _plain_intervals(part) for name, part in slices.items()}
            for dimension, slices in record.slices.items()
        },
        "chosen": plain(record.chosen),
        "notes": list(record.notes),
        "features": plain(record.features),
        "seconds": dict(record.seconds),
        **({} if record.cpu_seconds is None else {"cpu_seconds": record.cpu_seconds}),
        "peak_memory_mb": record.peak_memory_mb,
        "mlflow_run_id": mlflow_run_id,
    }
    return {key: _finite(value) for key, value in document.items()}


def _of_windows(record: RunRecord) -> dict[str, Any]:
    """Results by window, their spread, and what age costs."""
    return {
        "windows": [
            {
                "from": window.start,
                "to": window.end,
                "fitted_on": window.events,
                "valid": _plain_intervals(window.intervals),
            }
            for window in record.windows
        ],
        "spread": {name: asdict(spread) for name, spread in spreads(record.windows).items()},
        "cost_of_age": {
            str(age): _plain_intervals(intervals) for age, intervals in record.cost_of_age.items()
        },
    }


def write_metrics_json(path: Path, record: RunRecord, mlflow_run_id: str | None) -> None:
    """Writes `metrics.json` atomically.

    Args:
        path: of the file.
        record: of the run.
        mlflow_run_id: None until MLflow has the run.

    Raises:
        InputError: the folder cannot be written.
    """
    text = json.dumps(metrics_json(record, mlflow_run_id), indent=2, allow_nan=False) + "\n"
    write_whole(path, text)


def plain(value: Any) -> Any:
    """The same value in the types of JSON and YAML: NumPy values and tuples are converted."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _finite(value: Any) -> Any:
    """The same value with None for every number that is infinite or not a number."""
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain_intervals(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {metric: asdict(interval) for metric, interval in intervals.items()}


def slices_of(document: Any) -> dict[str, dict[str, dict[str, Interval]]]:
    """Dimension -> slice -> metric -> interval.

    Args:
        document: the content of "slices" in `metrics.json`; others may have written it.

    Raises:
        InputError: it holds something else.
    """
    try:
        return _slices(document)
    except (AttributeError, TypeError, ValueError):
        raise InputError("metrics.json: slices: expected intervals by slice") from None


def _slices(document: Any) -> dict[str, dict[str, dict[str, Interval]]]:
    # Early runs were sliced by history alone, without its name.
    if any("mean" in metric for part in document.values() for metric in part.values()):
        document = {"history": document}
    slices = {
        dimension: {
            name: {metric: Interval(**value) for metric, value in part.items()}
            for name, part in parts.items()
        }
        for dimension, parts in document.items()
    }
    for parts in slices.values():
        for part in parts.values():
            for interval in part.values():
                _require_numbers(interval)
    return slices


def _require_numbers(interval: Interval) -> None:
    """Raises `TypeError` unless all four are finite numbers, the customers whole."""
    ends = (interval.mean, interval.low, interval.high)
    if not all(isinstance(end, int | float) and math.isfinite(end) for end in ends):
        raise TypeError
    if not isinstance(interval.customers, int):
        raise TypeError
