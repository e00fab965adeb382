"""Whether what a run says of itself is what it kept by query.

MLflow's metrics are whatever was logged: anybody who may write to the store can claim a quality.
What chooses is therefore taken from the file of one value a query, which is what the paired
comparisons read too; a run whose means are others is passed over and named.
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

_STRANGE = "it did not ask about the customers that the other runs asked about"


def sound(
    runs: Sequence[TrackedRun], alike: bool = False
) -> tuple[list[TrackedRun], list[Skipped]]:
    """Runs whose artifacts can be read and say what their metrics say; and the others, with why.

    Args:
        runs: of a store.
        alike: whether those that did not ask about the customers that most runs on the same data
            and split asked about are among the others too.

    Raises:
        InputError: there are runs, and none is usable; says why of the first.
    """
    asked: dict[str, tuple[int, int]] = {}
    kept, skipped = [], []
    for run in runs:
        try:
            asked[run.run_id] = _checked(run)
            kept.append(run)
        except InputError as error:
            skipped.append(Skipped(run.run_id, str(error)))
    if skipped and not kept:
        raise InputError(f"no run is usable: {skipped[0].line()}")
    usual = _usual(list(asked.values()))
    if alike and usual is not None and len({(run.fingerprint, run.split) for run in kept}) == 1:
        strange = [run for run in kept if asked[run.run_id] != usual]
        kept = [run for run in kept if asked[run.run_id] == usual]
        skipped += [Skipped(run.run_id, _STRANGE) for run in strange]
    return kept, skipped


def fault(run: TrackedRun) -> str | None:
    """What is wrong with what a run kept of valid; None where nothing is."""
    try:
        _checked(run)
    except InputError as error:
        return str(error)
    return None


def _checked(run: TrackedRun) -> tuple[int, int]:
    """Who was asked, as a number that differs where they differ. Raises where a run is unsound."""
    claimed = run.intervals("valid")
    if not claimed:
        raise InputError("it has no metrics of valid")
    table = run.per_query("valid")
    _require_one_value_a_query(table, list(claimed))
    for metric, interval in claimed.items():
        _require_mean(metric, table[metric].to_numpy(np.float64), interval.mean)
    # Read now, so that what is wrong with them is known now.
    _ = run.slices
    hashes = pd.util.hash_array(table[columns.CUSTOMER].to_numpy(dtype=object))
    return len(hashes), int(hashes.sum())


def _usual(asked: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """What more runs have than have anything else; None where no answer leads."""
    counted = Counter(asked).most_common(2)
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
    there = values[~np.isnan(values)]
    if not np.isfinite(there).all():
        raise InputError(f"per_query_valid.parquet: {metric} holds values that are not finite")
    if (
        metric.partition("@")[0] in OF_HITS
        and len(there)
        and not 0 <= there.min() <= there.max() <= 1
    ):
        raise InputError(f"per_query_valid.parquet: {metric} holds values outside of 0 to 1")
    mean = float(there.mean()) if len(there) else math.nan
    if not math.isclose(mean, claimed, rel_tol=1e-6, abs_tol=1e-9):
        raise InputError(
            f"valid {metric} is {claimed:.6g} by its metrics and {mean:.6g} by its queries"
        )
