"""Checks that the metrics of a run agree with the values that it kept for every query.

Anybody who may write to an MLflow store can log any metric. The means are therefore computed again
from the file with one value per query, which the paired comparisons read as well. A run whose
metrics differ from them is passed over and named.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.errors import InputError
from recsys.evaluation.measures import OF_HITS
from recsys.tracking.read import Skipped, TrackedRun

_STRANGE = "its customers of valid are not those of the other runs"


def sound(
    runs: Sequence[TrackedRun], alike: bool = False
) -> tuple[list[TrackedRun], list[Skipped]]:
    """Separates runs that can be used from those that cannot.

    A run can be used if its artifacts can be read and agree with its metrics.

    Args:
        runs: finished runs of a store.
        alike: whether to pass over runs with other customers in valid than most runs on the same
            data and split.

    Returns:
        the usable runs; and the others, with the reason.

    Raises:
        InputError: there are runs, but none is usable; gives the reason for the first.
    """
    customers: dict[str, tuple[int, int]] = {}
    kept, skipped = [], []
    for run in runs:
        try:
            customers[run.run_id] = _checked(run)
            kept.append(run)
        except InputError as error:
            skipped.append(Skipped(run.run_id, str(error)))
    if skipped and not kept:
        raise InputError(f"no run is usable: {skipped[0].line()}")
    usual = _usual(list(customers.values()))
    if alike and usual is not None and len({(run.fingerprint, run.split) for run in kept}) == 1:
        strange = [run for run in kept if customers[run.run_id] != usual]
        kept = [run for run in kept if customers[run.run_id] == usual]
        skipped += [Skipped(run.run_id, _STRANGE) for run in strange]
    return kept, skipped


def fault(run: TrackedRun) -> str | None:
    """What is wrong with the results on valid of a run; None where nothing is."""
    try:
        _checked(run)
    except InputError as error:
        return str(error)
    return None


def _checked(run: TrackedRun) -> tuple[int, int]:
    """The customers of valid as a count and a hash.

    Raises:
        InputError: the run cannot be used.
    """
    claimed = run.intervals("valid")
    if not claimed:
        raise InputError("it has no metrics of valid")
    table = run.per_query("valid")
    _require_one_value_a_query(table, list(claimed))
    for metric, interval in claimed.items():
        _require_mean(metric, table[metric].to_numpy(np.float64), interval.mean)
    # Read here, so that slices that cannot be read are noticed here.
    _ = run.slices
    hashes = pd.util.hash_array(table[columns.CUSTOMER].to_numpy(dtype=object))
    return len(hashes), int(hashes.sum())


def _usual(customers: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The most frequent entry; None where two are equally frequent."""
    counted = Counter(customers).most_common(2)
    if not counted or (len(counted) == 2 and counted[0][1] == counted[1][1]):
        return None
    return counted[0][0]


def _require_one_value_a_query(table: pd.DataFrame, metrics: Sequence[str]) -> None:
    missing = [name for name in (columns.CUSTOMER, *metrics) if name not in table]
    if missing:
        raise InputError(f"per_query_valid.parquet has no column {missing[0]}")
    for name in metrics:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise InputError(f"per_query_valid.parquet: {name}: expected numbers")
    if not len(table):
        raise InputError("per_query_valid.parquet has no row")


def _require_mean(metric: str, values: np.ndarray, claimed: float) -> None:
    known = values[~np.isnan(values)]
    if not np.isfinite(known).all():
        raise InputError(f"per_query_valid.parquet: {metric} holds values that are not finite")
    if (
        metric.partition("@")[0] in OF_HITS
        and len(known)
        and not 0 <= known.min() <= known.max() <= 1
    ):
        raise InputError(f"per_query_valid.parquet: {metric} holds values outside of 0 to 1")
    mean = float(known.mean()) if len(known) else math.nan
    if not math.isclose(mean, claimed, rel_tol=1e-6, abs_tol=1e-9):
        raise InputError(
            f"valid {metric} is {claimed:.6g} by its metrics and {mean:.6g} by its queries"
        )
