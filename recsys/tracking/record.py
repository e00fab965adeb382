"""What one run was and found, in memory and as `metrics.json`."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import IdArray
from recsys.data.audit import Certificate
from recsys.evaluation.evaluate import Slices
from recsys.evaluation.intervals import Interval
from recsys.evaluation.per_query import PerQuery
from recsys.ops.shown_text import for_terminal
from recsys.ops.whole_file import write_whole
from recsys.tracking.feature_lines import feature_lines


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
        curve: epoch -> `evaluate.metric` on valid, for models that learn in epochs.
        losses: epoch -> mean loss in training, for models that train in steps.
        valid: metrics by query on valid.
        valid_intervals: metric -> interval over customers on valid.
        test: metrics by query on test; None where it was not read.
        test_intervals: metric -> interval on test; None where it was not read.
        slices: dimension, as "history" -> slice, as "cold" -> metric -> interval on valid.
        seconds: stage -> wall seconds ("load", "fit", "refit", "evaluate").
        cpu_seconds: of all threads from the start of the run; None where not measured.
        peak_memory_mb: highest resident memory, in MiB.
        customer_ids: [C] outside ids by row number, for the metrics by query.
        data_facts: counts of the data set and its cut-off, as "interactions", "customers".
        notes: what a reader of the metrics has to know, one line each.
        features: table -> column -> what the model made of it; empty where it learns from events
            alone.
        certificate: of the leakage audit; None for a record that no run made.
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
    curve: Mapping[int, float] = field(default_factory=dict)
    losses: Mapping[int, float] = field(default_factory=dict)
    valid: PerQuery
    valid_intervals: Mapping[str, Interval]
    test: PerQuery | None = None
    test_intervals: Mapping[str, Interval] | None = None
    slices: Slices = field(default_factory=dict)
    seconds: Mapping[str, float]
    cpu_seconds: float | None = None
    peak_memory_mb: float
    customer_ids: IdArray
    data_facts: Mapping[str, int | None] = field(default_factory=dict)
    notes: Sequence[str] = ()
    features: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    certificate: Certificate | None = None

    @property
    def metric(self) -> str:
        """What models are chosen by: `evaluate.metric`, or the first that was measured."""
        wanted = self.config.get("evaluate", {}).get("metric")
        return wanted if wanted in self.valid_intervals else next(iter(self.valid_intervals))

    def intervals(self) -> dict[str, Mapping[str, Interval]]:
        """Part -> metric -> interval, of the parts that were read."""
        parts = {"valid": self.valid_intervals, "test": self.test_intervals}
        return {part: found for part, found in parts.items() if found is not None}

    def catalogue(self) -> dict[str, dict[str, float]]:
        """Part -> metric of all its lists together, as "coverage@20" -> value, where measured."""
        parts = {"valid": self.valid, "test": self.test}
        return {
            part: dict(found.catalogue)
            for part, found in parts.items()
            if found and found.catalogue
        }

    def per_query_tables(
        self, shown: Callable[[list[Any]], list[Any]] = list
    ) -> dict[str, pd.DataFrame]:
        """Part -> one row a query: customer_id, history, one column a metric.

        Args:
            shown: what stands for customer ids in the tables, one for each id.
        """
        parts = {"valid": self.valid, "test": self.test}
        return {
            part: found.table(shown(self.customer_ids[found.customers].tolist()))
            for part, found in parts.items()
            if found is not None
        }

    def summary(self) -> str:
        """A few lines for people, without invisible characters: what it was, found and cost."""
        lines = [f"{self.model} on {self.data_name}, seed {self.seed}", f"  split {self.split}"]
        for part, found in self.intervals().items():
            customers = max(value.customers for value in found.values())
            width = max(10, *map(len, found))
            lines.append(f"  {part}: {customers:,} customers")
            lines += [
                f"    {metric:<{width}} {value.mean:.4f}  [{value.low:.4f}, {value.high:.4f}]"
                for metric, value in found.items()
            ]
            lines += [
                f"    {metric:<{width}} {value:.4f}"
                for metric, value in self.catalogue().get(part, {}).items()
            ]
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  {line}" for line in feature_lines(self.model, self.features)]
        if self.certificate:
            lines.append(f"  {self.certificate.line()}")
        spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items())
        lines.append(f"  {spent}; peak memory {self.peak_memory_mb:,.0f} MiB")
        lines.append(f"  on {self.device}: {self.device_reason}")
        return "\n".join(map(for_terminal, lines))


def metrics_json(record: RunRecord, mlflow_run_id: str | None) -> dict[str, Any]:
    """The content of `metrics.json`; "test", "audit" and "catalogue" may be absent.

    The run id is None until MLflow has the run; a number that cannot be told is None too.
    """
    found: dict[str, Any] = {
        "model": record.model,
        "data": {"name": record.data_name, "fingerprint": record.fingerprint},
        "split": record.split,
        "seed": record.seed,
        "device": record.device,
    }
    for part, intervals in record.intervals().items():
        found[part] = _plain(intervals)
    if record.certificate:
        found["audit"] = record.certificate.status
    if record.catalogue():
        found["catalogue"] = record.catalogue()
    found |= {
        "slices": {
            dimension: {name: _plain(part) for name, part in slices.items()}
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
    told: dict[str, Any] = _told(found)
    return told


def write_metrics_json(path: Path, record: RunRecord, mlflow_run_id: str | None) -> None:
    """Writes `metrics.json`, whole or not at all.

    Raises:
        InputError: the folder cannot be written.
    """
    text = json.dumps(metrics_json(record, mlflow_run_id), indent=2, allow_nan=False) + "\n"
    write_whole(path, text)


def plain(value: Any) -> Any:
    """The same value in types that JSON and YAML know: NumPy scalars and tuples are unwrapped."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _told(value: Any) -> Any:
    """The same without numbers that JSON does not know, as the mean of nothing."""
    if isinstance(value, Mapping):
        return {key: _told(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_told(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {metric: asdict(interval) for metric, interval in intervals.items()}
