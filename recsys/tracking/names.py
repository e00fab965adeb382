"""Maps names of metrics and settings to names in MLflow and back.

MLflow refuses "@" in a name, sorts its charts by name and groups them by what precedes the last
"/", so that `recall@20` on valid is logged as

    valid/recall_20             the mean
    valid/recall_20.low         the lower end of its interval
    valid/recall_20.high        the upper end
    valid/recall_20.customers   number of customers of a metric that not all of them have
    valid/customers             number of customers
    valid/coverage_20           a metric of all lists together, which has no interval
    valid/history.cold/ndcg_10  the mean of a slice, only of the metric that models are chosen by;
                                the others, and intervals, are in metrics.json
    window/ndcg_10              the mean in each window of several; the step is its number
    window/ndcg_10.deviation    the standard deviation of these means
    cost_of_age/ndcg_10         old minus fresh models; the step is the age in windows

and the cost of a run as `seconds/fit` and `peak_memory_mb`. Settings are params under their dotted
names, as `model.dim`. Until version 0.2.0 the names were `valid/recall_at_20`,
`valid_low/recall_at_20` and `valid_high/recall_at_20`; they are still read.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval

CUSTOMERS = "customers"
LOW, HIGH = ".low", ".high"
_LONGEST = 180
"""Characters of a section, which leaves room for a metric: MLflow accepts 250 in all."""
_NAME_LENGTH = 250
_VALUE_LENGTH = 500
_MOST_CUSTOMERS = 1e12


class HasInterval(Protocol):
    """A mean with the ends of its interval, as `Interval`, `Difference` and `Estimate` are."""

    @property
    def mean(self) -> float:
        """The estimate."""
        ...

    @property
    def low(self) -> float:
        """Lower end."""
        ...

    @property
    def high(self) -> float:
        """Upper end."""
        ...


class Estimate(NamedTuple):
    """A mean with the ends of its interval, of a row of a table."""

    mean: float
    low: float
    high: float


def tracked_name(part: str, metric: str) -> str:
    """The MLflow name of a metric.

    >>> tracked_name("valid", "recall@20")
    'valid/recall_20'
    """
    return f"{part}/{metric.replace('@', '_')}"


def section(*names: str) -> str:
    """Names of the data, as of a segment or a model, as one section of MLflow's charts.

    Characters that MLflow refuses become "_", and long names are cut.

    >>> section("segment", "<25, Köln/Süd")
    'segment._25_ Köln_Süd'
    """
    joined = re.sub(r"[^\w.\- ]", "_", ".".join(names))
    if len(joined) > _LONGEST:
        digest = hashlib.sha256(joined.encode()).hexdigest()[:8]
        joined = f"{joined[: _LONGEST - 9]}-{digest}"
    return joined


def tracked_estimate(name: str, estimate: HasInterval) -> dict[str, float]:
    """MLflow name -> mean, lower and upper end; of a mean without interval only the mean.

    Args:
        name: of the mean in MLflow, as "valid/recall_20".
        estimate: with its interval.
    """
    values = {name: estimate.mean, f"{name}{LOW}": estimate.low, f"{name}{HIGH}": estimate.high}
    return {key: float(value) for key, value in values.items()}


def tracked_intervals(part: str, intervals: Mapping[str, Interval]) -> dict[str, float]:
    """MLflow name -> mean, end of an interval, or number of customers.

    Args:
        part: "valid" or "test".
        intervals: metric -> its interval.
    """
    values: dict[str, float] = {}
    customers = max((value.customers for value in intervals.values()), default=0)
    for metric, interval in intervals.items():
        name = tracked_name(part, metric)
        values |= tracked_estimate(name, interval)
        if interval.customers < customers:
            values[f"{name}.{CUSTOMERS}"] = float(interval.customers)
    return values | {tracked_name(part, CUSTOMERS): float(customers)}


def slice_means(
    part: str, dimension: str, name: str, intervals: Mapping[str, Interval], metric: str
) -> dict[str, float]:
    """MLflow name -> mean of one metric in a slice, and its customers.

    Args:
        part: "valid" or "test".
        dimension: as "history".
        name: of the slice, as "cold"; those of segments and touchpoints come from the data.
        intervals: metric -> its interval in the slice.
        metric: to log; nothing is returned where the slice does not have it.
    """
    if metric not in intervals:
        return {}
    under = f"{part}/{section(dimension, name)}"
    interval = intervals[metric]
    return {
        tracked_name(under, metric): interval.mean,
        tracked_name(under, CUSTOMERS): float(interval.customers),
    }


def intervals_of(part: str, tracked: Mapping[str, float]) -> dict[str, Interval]:
    """Metric -> interval, the inverse of `tracked_intervals`.

    Args:
        part: "valid" or "test".
        tracked: MLflow name -> value; those without bounds are ignored.

    Raises:
        InputError: a number of customers is negative or too large.
    """
    all_customers = tracked.get(tracked_name(part, CUSTOMERS), 0)
    names = [name for name in tracked if name.rpartition("/")[0] == part]
    intervals = {}
    for name in names:
        for metric, low, high, fewer in _readings(part, name):
            if low not in tracked or high not in tracked:
                continue
            customers = tracked.get(fewer, all_customers)
            if not 0 <= customers < _MOST_CUSTOMERS:
                raise InputError(f"{part} {metric}: {customers} is no number of customers")
            intervals[metric] = Interval(tracked[name], tracked[low], tracked[high], int(customers))
    return intervals


def _readings(part: str, name: str) -> Iterator[tuple[str, str, str, str]]:
    """Metric and names of its ends and customers: by the names until 0.2.0, and by today's."""
    short = name.rpartition("/")[2]
    former = f"{part}_low/{short}", f"{part}_high/{short}", f"{part}_{CUSTOMERS}/{short}"
    yield metric_of(short, is_former=True), *former
    yield metric_of(short), f"{name}{LOW}", f"{name}{HIGH}", f"{name}.{CUSTOMERS}"


def metric_of(short: str, is_former: bool = False) -> str:
    """The metric of an MLflow name without its section.

    >>> metric_of("hits_at_home_5"), metric_of("hits_at_home_at_5", is_former=True)
    ('hits_at_home@5', 'hits_at_home@5')

    Args:
        short: as "ndcg_10".
        is_former: whether it was logged until version 0.2.0, see `has_former_names`.
    """
    return re.sub(r"_at_(\d+)$" if is_former else r"_(\d+)$", r"@\1", short)


def has_former_names(tracked: Mapping[str, float]) -> bool:
    """Whether metrics of a run have the names that were used until version 0.2.0."""
    return any(name.startswith("valid_low/") for name in tracked)


def tracked_params(settings: Mapping[str, Any]) -> dict[str, str]:
    """Dotted name -> value, cut to the lengths that MLflow takes.

    >>> tracked_params({"model": {"dim": 64, "l2": None}, "seed": 0})
    {'model.dim': '64', 'model.l2': 'None', 'seed': '0'}

    Args:
        settings: name -> value, or the same again.
    """
    return {
        re.sub(r"[^\w.\- ]", "_", name)[:_NAME_LENGTH]: _cut(str(value))
        for name, value in _flat(settings)
    }


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(part, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix, value


def _cut(value: str) -> str:
    return value if len(value) <= _VALUE_LENGTH else f"{value[: _VALUE_LENGTH - 3]}..."


def finite(values: Mapping[str, float]) -> dict[str, float]:
    """The values that are finite: others draw no point, and not every store takes them."""
    return {name: value for name, value in values.items() if math.isfinite(value)}
