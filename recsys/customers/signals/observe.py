"""Signals at several moments, and what was accepted after each of them."""

from collections.abc import Sequence

import numpy as np

from recsys.arrays import IntArray
from recsys.customers.signals.detect import Detected
from recsys.customers.signals.lift import Observations, joined
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import microseconds
from recsys.errors import InputError


def look_moments(data: Dataset, end: int, every: int, looks: int) -> list[int]:
    """Moments at which signals are looked for, `every` microseconds apart, the last before `end`.

    Raises:
        InputError: no event lies before any of them.
    """
    assert data.interactions.when is not None
    first = int(data.interactions.when.min())
    moments = [end - every * back for back in range(looks, 0, -1)]
    usable = [moment for moment in moments if moment > first]
    if not usable:
        raise InputError(
            f"every: expected at most {(end - first) / 86_400_000_000:.0f} days, those of the data"
        )
    return usable


def observed(found: Sequence[Detected], data: Dataset, every: int) -> Observations:
    """What customers showed at each moment, and accepted in the time after it.

    A row is a decision of the table of decisions, compared within its touchpoint; without that
    table it is a customer known at the moment, compared within the moment, who accepted if an event
    with a target action follows.

    Args:
        found: signals at moments, rising.
        data: with timestamps.
        every: microseconds after each moment whose outcomes count.

    Raises:
        InputError: no row follows.
    """
    decided = data.side_tables.get("decisions")
    parts = []
    for at, detected in enumerate(found):
        part = (
            _periods(detected, data, detected.as_of + every, at)
            if decided is None or decided.empty
            else _decisions(detected, data, detected.as_of + every)
        )
        parts.append(part)
    together = joined(parts)
    if not len(together.accepted):
        raise InputError(
            "decisions: expected some within the time that is looked at, got none; set every= or "
            "looks= higher"
        )
    return together


def _decisions(detected: Detected, data: Dataset, end: int) -> Observations:
    table = data.side_tables["decisions"]
    when = microseconds(table[columns.TIMESTAMP])
    rows = data.customers.rows(table[columns.CUSTOMER])
    kept = (when >= detected.as_of) & (when < end) & (rows >= 0)
    table, rows = table[kept], rows[kept].astype(np.int64)
    return Observations(
        names=detected.names,
        shown=detected.shown_by(len(data.customers))[rows],
        accepted=(table[columns.OUTCOME] == "accept").to_numpy(bool),
        customers=rows,
        strata=data.touchpoints.rows(table[columns.TOUCHPOINT]).astype(np.int64) + 1,
        unit="decision",
    )


def _periods(detected: Detected, data: Dataset, end: int, at: int) -> Observations:
    events = data.interactions
    assert events.when is not None
    after = data.is_target & (events.when >= detected.as_of) & (events.when < end)
    took = np.zeros(len(data.customers), dtype=bool)
    took[events.customers[after]] = True
    known: IntArray = detected.known
    return Observations(
        names=detected.names,
        shown=detected.shown_by(len(data.customers))[known],
        accepted=took[known],
        customers=known,
        strata=np.full(len(known), at),
        unit="customer and period",
    )
