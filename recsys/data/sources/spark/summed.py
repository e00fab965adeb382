"""Events of one pair as one row: what a driver needs of more events than it can hold."""

from collections.abc import Sequence
from typing import Any

from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.sources.spark.checked_rows import FAULT, is_in_dictionary
from recsys.errors import InputError

_WINDOW = "_window"
_SUMS = (columns.VALUE, columns.DURATION)


def require_windows(names: Sequence[str], cutoffs: Cutoffs | None) -> None:
    """Raises `InputError` unless events have times, and the windows between cut-offs are known."""
    if columns.TIMESTAMP not in names:
        raise InputError("data.sum_events: expected interactions with a column timestamp, got none")
    if cutoffs is None:
        raise InputError(
            "data.sum_events: expected the cut-offs, within which events are summed, got none; set "
            "data.valid_from and data.test_from"
        )


def summed_events(rows: Any, cutoffs: Cutoffs) -> Any:
    """One row for each customer, product, touchpoint, action, context and window.

    Its weight is the sum of the weights (1 an event without the column), its time the last; value
    and duration are summed. Sessions are left out. The graph without time decay, the queries and
    the split are those of the single events; how many events a customer had is not.

    Args:
        rows: of `checked_rows`.
        cutoffs: the times at which windows begin.
    """
    from pyspark.sql import functions

    when = rows[columns.TIMESTAMP]
    bounds = [functions.lit(bound) for bound in (cutoffs.valid_from, cutoffs.test_from)]
    window = sum((when >= bound).cast("int") for bound in bounds)
    weight = functions.lit(1.0)
    if columns.WEIGHT in rows.columns:
        weight = functions.coalesce(rows[columns.WEIGHT], weight)
    keys = [
        name
        for name in rows.columns
        if (is_in_dictionary(name) and name != columns.SESSION) or name == columns.ACTION
    ]
    return (
        rows.withColumn(_WINDOW, window)
        .groupBy(*keys, _WINDOW)
        .agg(
            functions.sum(weight).alias(columns.WEIGHT),
            functions.max(when).alias(columns.TIMESTAMP),
            functions.max(FAULT).alias(FAULT),
            *(functions.sum(name).alias(name) for name in _SUMS if name in rows.columns),
        )
        .drop(_WINDOW)
    )
