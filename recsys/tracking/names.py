"""The one mapping between our names of metrics and those that MLflow shows.

MLflow refuses "@" in a name and makes one section of its charts for whatever stands before the last
"/", so `recall@20` on valid is kept as

    valid/recall_at_20              the mean
    valid_low/recall_at_20          the lower end of its interval
    valid_high/recall_at_20         the upper end
    valid/customers                 how many customers stand behind the part
    valid_customers/popularity_lift_at_20   how many behind a metric that not all have
    valid_catalogue/coverage_at_20  a metric of all lists together, which has no interval
    valid_history_cold/ndcg_at_10   the mean of a slice, only of the metric that models are chosen
                                    by; the others, and intervals, are in metrics.json

and what a run cost as `seconds/fit` and `peak_memory_mb`.
"""

import hashlib
import re
from collections.abc import Mapping

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval

_CUSTOMERS = "customers"
_LONGEST = 180
"""Letters of a section, which leaves room for a metric: MLflow takes 250 in all."""
_MOST_CUSTOMERS = 1e12


def tracked_name(part: str, metric: str) -> str:
    """The MLflow name of a metric.

    >>> tracked_name("valid", "recall@20")
    'valid/recall_at_20'
    """
    return f"{part}/{metric.replace('@', '_at_')}"


def metric_of(short: str) -> str:
    """The metric that an MLflow name without its section stands for.

    >>> metric_of("hits_at_home_at_5")
    'hits_at_home@5'
    """
    return re.sub(r"_at_(\d+)$", r"@\1", short)


def means(part: str, intervals: Mapping[str, Interval]) -> dict[str, float]:
    """MLflow name -> mean, and the numbers of customers.

    Args:
        part: "valid" or "test".
        intervals: metric -> its interval.
    """
    found = {tracked_name(part, metric): value.mean for metric, value in intervals.items()}
    customers = max((value.customers for value in intervals.values()), default=0)
    fewer = {
        tracked_name(f"{part}_{_CUSTOMERS}", metric): float(value.customers)
        for metric, value in intervals.items()
        if value.customers < customers
    }
    return found | fewer | {tracked_name(part, _CUSTOMERS): float(customers)}


def slice_means(
    part: str, dimension: str, name: str, intervals: Mapping[str, Interval], metric: str
) -> dict[str, float]:
    """MLflow name -> mean of one metric in a slice, and its customers; none where it has none.

    Names of segments and touchpoints are the data's own: what MLflow refuses in them becomes "_",
    and long ones are cut.
    """
    if metric not in intervals:
        return {}
    section = re.sub(r"[^\w.\- ]", "_", f"{part}_{dimension}_{name}")
    if len(section) > _LONGEST:
        digest = hashlib.sha256(section.encode()).hexdigest()[:8]
        section = f"{section[: _LONGEST - 9]}-{digest}"
    return means(section, {metric: intervals[metric]})


def bounds(part: str, intervals: Mapping[str, Interval]) -> dict[str, float]:
    """MLflow name -> lower and upper ends of the intervals."""
    lows = {tracked_name(f"{part}_low", name): value.low for name, value in intervals.items()}
    highs = {tracked_name(f"{part}_high", name): value.high for name, value in intervals.items()}
    return lows | highs


def intervals_of(part: str, tracked: Mapping[str, float]) -> dict[str, Interval]:
    """Metric -> interval out of MLflow metrics, the inverse of `means` and `bounds`.

    What somebody logged beside them has no bounds, and is left out.

    Raises:
        InputError: a number of customers is none.
    """
    found = {}
    everybody = tracked.get(tracked_name(part, _CUSTOMERS), 0)
    for name in tracked:
        section, _, short = name.partition("/")
        metric = metric_of(short)
        ends = [tracked.get(tracked_name(f"{part}_{end}", metric)) for end in ("low", "high")]
        if section != part or short == _CUSTOMERS or None in ends:
            continue
        customers = tracked.get(tracked_name(f"{part}_{_CUSTOMERS}", metric), everybody)
        if not 0 <= customers < _MOST_CUSTOMERS:
            raise InputError(f"{part} {metric}: {customers} is no number of customers")
        found[metric] = Interval(
            mean=tracked[name],
            low=tracked[tracked_name(f"{part}_low", metric)],
            high=tracked[tracked_name(f"{part}_high", metric)],
            customers=int(customers),
        )
    return found
