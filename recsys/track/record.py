"""What one run was and found, in memory and as `metrics.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import IdArray
from recsys.errors import InputError
from recsys.evaluate.intervals import Interval
from recsys.evaluate.per_query import PerQuery


@dataclass(frozen=True, kw_only=True, eq=False)
class RunRecord:
    """A finished run; `metrics.json` and the MLflow run are both written from it.

    Attributes:
        model: name of the model, as in `model=NAME`.
        data_name: name of the data set.
        fingerprint: SHA-256 of the data set.
        split: what the split did, in words.
        seed: of the run.
        device: "cpu" or "cuda".
        device_reason: why that one.
        config: the resolved configuration, plain.
        chosen: settings that the model chose on valid.
        valid: metrics by query on valid.
        valid_intervals: metric -> interval over customers on valid.
        test: metrics by query on test; None where it was not read.
        test_intervals: metric -> interval on test; None where it was not read.
        slices: "cold" | "warm" | "hot" -> metric -> interval on valid.
        seconds: stage -> wall seconds ("load", "fit", "refit", "evaluate").
        peak_memory_mb: highest resident memory, in MiB.
        customer_ids: [C] outside ids by row number, for the metrics by query.
        data_facts: counts of the data set and its cut-off, as "interactions", "customers".
        notes: what a reader of the metrics has to know, one line each.
    """

    model: str
    data_name: str
    fingerprint: str
    split: str
    seed: int
    device: str
    device_reason: str
    config: Mapping[str, Any]
    chosen: Mapping[str, Any]
    valid: PerQuery
    valid_intervals: Mapping[str, Interval]
    test: PerQuery | None = None
    test_intervals: Mapping[str, Interval] | None = None
    slices: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    seconds: Mapping[str, float]
    peak_memory_mb: float
    customer_ids: IdArray
    data_facts: Mapping[str, int | None] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def metric(self) -> str:
        """What models are chosen by: `evaluate.metric`, or the first that was measured."""
        wanted = self.config.get("evaluate", {}).get("metric")
        return wanted if wanted in self.valid_intervals else next(iter(self.valid_intervals))

    def intervals(self) -> dict[str, Mapping[str, Interval]]:
        """Part -> metric -> interval, of the parts that were read."""
        parts = {"valid": self.valid_intervals, "test": self.test_intervals}
        return {part: found for part, found in parts.items() if found is not None}

    def per_query_tables(self) -> dict[str, pd.DataFrame]:
        """Part -> one row a query: customer_id, history, one column a metric."""
        parts = {"valid": self.valid, "test": self.test}
        return {
            part: found.table(self.customer_ids[found.customers].tolist())
            for part, found in parts.items()
            if found is not None
        }

    def summary(self) -> str:
        """A few lines for people: what ran, what it found, what it cost."""
        lines = [f"{self.model} on {self.data_name}, seed {self.seed}", f"  split {self.split}"]
        for part, found in self.intervals().items():
            customers = next(iter(found.values())).customers
            width = max(10, *map(len, found))
            lines.append(f"  {part}: {customers:,} customers")
            lines += [
                f"    {metric:<{width}} {value.mean:.4f}  [{value.low:.4f}, {value.high:.4f}]"
                for metric, value in found.items()
            ]
        lines += [f"  {note}" for note in self.notes]
        spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items())
        lines.append(f"  {spent}; peak memory {self.peak_memory_mb:,.0f} MiB")
        lines.append(f"  on {self.device}: {self.device_reason}")
        return "\n".join(lines)


def metrics_json(record: RunRecord, mlflow_run_id: str) -> dict[str, Any]:
    """The content of `metrics.json`; "test" is absent where test was not read."""
    found: dict[str, Any] = {
        "model": record.model,
        "data": {"name": record.data_name, "fingerprint": record.fingerprint},
        "split": record.split,
        "seed": record.seed,
        "device": record.device,
    }
    for part, intervals in record.intervals().items():
        found[part] = _plain(intervals)
    return found | {
        "slices": {name: _plain(intervals) for name, intervals in record.slices.items()},
        "chosen": plain(record.chosen),
        "seconds": dict(record.seconds),
        "peak_memory_mb": record.peak_memory_mb,
        "mlflow_run_id": mlflow_run_id,
    }


def write_metrics_json(path: Path, record: RunRecord, mlflow_run_id: str) -> None:
    """Writes `metrics.json` beside its place and renames it, so that a crash leaves no half file.

    Raises:
        InputError: the folder cannot be written.
    """
    text = json.dumps(metrics_json(record, mlflow_run_id), indent=2, allow_nan=False) + "\n"
    beside = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def plain(value: Any) -> Any:
    """The same value in types that JSON and YAML know: NumPy scalars and tuples are unwrapped."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _plain(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {metric: asdict(interval) for metric, interval in intervals.items()}
