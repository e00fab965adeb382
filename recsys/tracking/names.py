"""Maps names of metrics to names in MLflow and back.

MLflow refuses "@" in a name and groups its charts by what precedes the last "/", so that
`recall@20` on valid is logged as

    valid/recall_at_20              the mean
    valid_low/recall_at_20          the lower end of its interval
    valid_high/recall_at_20         the upper end
    valid/customers                 number of customers
    valid_customers/popularity_lift_at_20   number of customers of a metric that not all have
    valid_catalogue/coverage_at_20  a metric of all lists together, which has no interval
    valid_history_cold/ndcg_at_10   the mean of a slice, only of the metric that models are chosen
                                    by; the others, and intervals, are in metrics.json
    window/ndcg_at_10               the mean in each window of several; the step is its number
    window_deviation/ndcg_at_10     the standard deviation of these means
    cost_of_age/ndcg_at_10          old minus fresh models; the step is the age in windows

and the cost of a run as `seconds/fit` and `peak_memory_mb`.
"""

import hashlib
import re
from collections.abc import Mapping

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval

_CUSTOMERS = "customers"
_LONGEST = 180
"""Characters of a section, which leaves room for a metric: MLflow accepts 250 in all."""
_MOST_CUSTOMERS = 1e12


def tracked_name(part: str, metric: str) -> str:
    """The MLflow name of a metric.

    >>> tracked_name("valid", "recall@20")
    'valid/recall_at_20'
    """
    return f"{part}/{metric.replace('@', '_at_')}"


def metric_of(short: str) -> str:
    """The metric of an MLflow name without its section.

    >>> metric_of("hits_at_home_at_5")
    'hits_at_home@5'
    """
    return re.sub(r"_at_(\d+)$", r"@\1", short)


def means(part: str, intervals: Mapping[str, Interval]) -> dict[str, float]:
    """MLflow name -> mean or number of customers.

    Args:
        part: "valid" or "test".
        intervals: metric -> its interval.
    """
    values = {tracked_name(part, metric): value.mean for metric, value in intervals.items()}
    customers = max((value.customers for value in intervals.values()), default=0)
    fewer = {
        tracked_name(f"{part}_{_CUSTOMERS}", metric): float(value.customers)
        for metric, value in intervals.items()
        if value.customers < customers
    }
    return values | fewer | {tracked_name(part, _CUSTOMERS): float(customers)}


def slice_means(
    part: str, dimension: str, name: str, intervals: Mapping[str, Interval], metric: str
) -> dict[str, float]:
    """MLflow name -> mean of one metric in a slice, and its customers.

    The names of segments and touchpoints come from the data: characters that MLflow refuses become
    "_", and long names are cut.

    Args:
        part: "valid" or "test".
        dimension: as "history".
        name: of the slice, as "cold".
        intervals: metric -> its interval in the slice.
        metric: to log; nothing is returned where the slice does not have it.
    """
    if metric not in intervals:
        return {}
    section = re.sub(r"[^\w.\- ]", "_", f"{part}_{dimension}_{name}")
    if len(section) > _LONGEST:
        digest = hashlib.sha256(section.encode()).hexdigest()[:8]
        section = f"{section[: _LONGEST - 9]}-{digest}"
    return means(section, {metric: intervals[metric]})


def bounds(part: str, intervals: Mapping[str, Interval]) -> dict[str, float]:
    """MLflow name -> lower or upper end of an interval.

    Args:
        part: "valid" or "test".
        intervals: metric -> its interval.
    """
    lows = {tracked_name(f"{part}_low", name): value.low for name, value in intervals.items()}
    highs = {tracked_name(f"{part}_high", name): value.high for name, value in intervals.items()}
    return lows | highs


def intervals_of(part: str, tracked: Mapping[str, float]) -> dict[str, Interval]:
    """Metric -> interval, the inverse of `means` and `bounds`.

    Args:
        part: "valid" or "test".
        tracked: MLflow name -> value; those without bounds are ignored.

    Raises:
        InputError: a number of customers is negative or too large.
    """
    intervals = {}
    all_customers = tracked.get(tracked_name(part, _CUSTOMERS), 0)
    for name in tracked:
        section, _, short = name.partition("/")
        metric = metric_of(short)
        ends = [tracked.get(tracked_name(f"{part}_{end}", metric)) for end in ("low", "high")]
        if section != part or short == _CUSTOMERS or None in ends:
            continue
        customers = tracked.get(tracked_name(f"{part}_{_CUSTOMERS}", metric), all_customers)
        if not 0 <= customers < _MOST_CUSTOMERS:
            raise InputError(f"{part} {metric}: {customers} is no number of customers")
        intervals[metric] = Interval(
            mean=tracked[name],
            low=tracked[tracked_name(f"{part}_low", metric)],
            high=tracked[tracked_name(f"{part}_high", metric)],
            customers=int(customers),
        )
    return intervals
