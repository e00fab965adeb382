"""A finished run in memory, from which `metrics.json` and the MLflow run are written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import IdArray
from recsys.data.audit import Certificate
from recsys.evaluation.evaluate import Slices
from recsys.evaluation.intervals import Interval
from recsys.evaluation.per_query import PerQuery
from recsys.evaluation.windows import WindowResult, spreads
from recsys.ops.shown_text import for_terminal
from recsys.tracking.chosen_lines import chosen_lines

_LEFT_OUT = "left out: "


@dataclass(frozen=True, kw_only=True, eq=False)
class RunRecord:
    """Settings, metrics and cost of a finished run.

    Attributes:
        model: name of the model, as in `model=NAME`.
        data_name: name of the data set.
        fingerprint: SHA-256 of the data set.
        split: description of the split.
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
        features: table -> column -> how the model uses it, or "left out: " and why; empty where it
            learns from events alone.
        certificate: of the leakage audit; None where the record was not made by a run.
        windows: results by window, the oldest first, of a split with several; `valid` then has the
            queries of all of them, in this order. Empty for other splits.
        cost_of_age: age in windows -> metric -> old minus fresh models, see
            `recsys.evaluation.windows.cost_of_age`.
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
    windows: Sequence[WindowResult] = ()
    cost_of_age: Mapping[int, Mapping[str, Interval]] = field(default_factory=dict)

    @property
    def metric(self) -> str:
        """The metric that models are chosen by: `evaluate.metric`, or the first one measured."""
        metric = self.config.get("evaluate", {}).get("metric")
        return metric if metric in self.valid_intervals else next(iter(self.valid_intervals))

    def intervals(self) -> dict[str, Mapping[str, Interval]]:
        """Part, "valid" or "test" -> metric -> interval, of the parts that were evaluated."""
        parts = {"valid": self.valid_intervals, "test": self.test_intervals}
        return {part: intervals for part, intervals in parts.items() if intervals is not None}

    def catalogue(self) -> dict[str, dict[str, float]]:
        """Part -> metric of all its lists together, as "coverage@20" -> value, where measured."""
        parts = {"valid": self.valid, "test": self.test}
        return {
            part: dict(result.catalogue)
            for part, result in parts.items()
            if result and result.catalogue
        }

    def per_query_tables(
        self, rename: Callable[[list[Any]], list[Any]] = list
    ) -> dict[str, pd.DataFrame]:
        """Part -> one row a query: customer_id, history, one column a metric.

        With several windows valid has a column `window`, from 0, and "aged" the same queries as
        models answer them that were fitted `age` windows earlier.

        Args:
            rename: takes customer ids and returns what the tables hold instead, one for each id.
        """
        parts = {"valid": self.valid, "test": self.test}
        tables = {
            part: self._table(result, rename)
            for part, result in parts.items()
            if result is not None
        }
        if self.windows:
            sizes = [len(result.per_query.customers) for result in self.windows]
            tables["valid"]["window"] = np.repeat(np.arange(len(sizes)), sizes)
            aged = [
                self._table(old, rename).assign(window=number + age, age=age)
                for number, result in enumerate(self.windows)
                for age, old in result.aged.items()
            ]
            if aged:
                tables["aged"] = pd.concat(aged, ignore_index=True)
        return tables

    def _table(self, result: PerQuery, rename: Callable[[list[Any]], list[Any]]) -> pd.DataFrame:
        return result.table(rename(self.customer_ids[result.customers].tolist()))

    def summary(self) -> str:
        """Settings, metrics and cost in a few lines of text, without invisible characters."""
        lines = [f"{self.model} on {self.data_name}, seed {self.seed}", f"  split {self.split}"]
        for part, intervals in self.intervals().items():
            customers = max(value.customers for value in intervals.values())
            width = max(10, *map(len, intervals))
            lines.append(f"  {part}: {customers:,} customers")
            lines += [
                f"    {metric:<{width}} {value.mean:.4f}  [{value.low:.4f}, {value.high:.4f}]"
                for metric, value in intervals.items()
            ]
            lines += [
                f"    {metric:<{width}} {value:.4f}"
                for metric, value in self.catalogue().get(part, {}).items()
            ]
        lines += self._window_lines()
        lines += [f"  {line}" for line in [*chosen_lines(self.chosen), *self.notes]]
        lines += [f"  {line}" for line in feature_lines(self.model, self.features)]
        if self.certificate:
            lines.append(f"  {self.certificate.line()}")
        cost = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items())
        lines.append(f"  {cost}; peak memory {self.peak_memory_mb:,.0f} MiB")
        lines.append(f"  on {self.device}: {self.device_reason}")
        return "\n".join(map(for_terminal, lines))

    def _window_lines(self) -> list[str]:
        """Means by window and what age costs, of the metric that models are chosen by."""
        if not self.windows:
            return []
        spread = spreads(self.windows)[self.metric]
        means = " ".join(f"{window.intervals[self.metric].mean:.4f}" for window in self.windows)
        lines = [f"  {self.metric} by window: {means} (standard deviation {spread.deviation:.4f})"]
        for age, intervals in self.cost_of_age.items():
            cost = intervals[self.metric]
            lines.append(
                f"  fitted {age} window{'s' if age > 1 else ''} earlier: {self.metric} "
                f"{cost.mean:+.4f}  [{cost.low:+.4f}, {cost.high:+.4f}]"
            )
        return lines


def feature_lines(model: str, features: Mapping[str, Mapping[str, str]]) -> list[str]:
    """One line for each table: the columns used as features, and those left out and why.

    >>> feature_lines("als", {})
    ['features: none reported by als']
    >>> feature_lines("gnn", {"products": {"price": "number", "name": "left out: 9,000 values"}})
    ['features of products: price (number); left out: name (9,000 values)']

    Args:
        model: its name.
        features: as in `RunRecord`.
    """
    lines = [feature_line(table, outcomes) for table, outcomes in features.items() if outcomes]
    return lines or [f"features: none reported by {model}"]


def feature_line(table: str, outcomes: Mapping[str, str]) -> str:
    """The line of one table.

    Args:
        table: its name.
        outcomes: column -> how it is used, or "left out: " and why.
    """
    used = {name: how for name, how in outcomes.items() if not how.startswith(_LEFT_OUT)}
    unused = {
        name: how.removeprefix(_LEFT_OUT) for name, how in outcomes.items() if name not in used
    }
    parts = [_listed(used) if used else "none"]
    if unused:
        parts.append(f"left out: {_listed(unused)}")
    return f"features of {table}: {'; '.join(parts)}"


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({how})" for name, how in columns.items())
