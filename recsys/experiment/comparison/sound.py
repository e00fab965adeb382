"""Whether what a run says of itself is what it kept by query.

MLflow's metrics are whatever was logged: anybody who may write to the store can claim a quality.
What chooses is therefore taken from the file of one value a query, which is what the paired
comparisons read too; a run whose means are others is passed over and named.
"""

import math
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.errors import InputError
from recsys.evaluate.measures import OF_HITS
from recsys.shown_text import for_terminal
from recsys.track.read import Skipped, TrackedRun


def sound(runs: Sequence[TrackedRun]) -> tuple[list[TrackedRun], list[Skipped]]:
    """Runs whose artifacts can be read and say what their metrics say; and the others, with why.

    Raises:
        InputError: there are runs, and none is usable; says why of the first.
    """
    faults = {run.run_id: fault(run) for run in runs}
    kept = [run for run in runs if faults[run.run_id] is None]
    skipped = [Skipped(run_id, why) for run_id, why in faults.items() if why is not None]
    if skipped and not kept:
        raise InputError(f"no run is usable: {skipped[0].line()}")
    return kept, skipped


def fault(run: TrackedRun) -> str | None:
    """What is wrong with what a run kept of valid; None where nothing is."""
    try:
        claimed = run.intervals("valid")
        if not claimed:
            return "it has no metrics of valid"
        table = run.per_query("valid")
        _require_one_value_a_query(table, list(claimed))
        for metric, interval in claimed.items():
            _require_mean(metric, table[metric].to_numpy(np.float64), interval.mean)
        assert run.slices is not None
    except InputError as error:
        return str(error)
    return None


def name_skipped(skipped: Sequence[Skipped]) -> None:
    """One line on stderr for each run that is passed over."""
    for one in skipped:
        sys.stderr.write(f"{for_terminal(f'skipped {one.line()}')}\n")


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
