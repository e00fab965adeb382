"""What is counted from events, dated by the moment before which they were: columns, signals.

A source that has them implements `TakesSnapshots`; `build` then gives the table of customers a
dated row for each moment, so that a cut-off takes the latest one before it, as of any other
dated row, and the leakage audit counts each of them again from the events before its moment.
Signals, where it finds any, become a side table `signals`, of which a cut-off leaves out the rows
from it on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.interactions import microseconds, timestamp
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.data.dataset import Dataset


class Snapshot(NamedTuple):
    """What is known at a moment.

    Attributes:
        customers: [n] rows of customer_id and the columns.
        signals: [m] rows of customer_id, product_id (may be empty) and signal, to be edges of a
            graph; None for none.
    """

    customers: pd.DataFrame
    signals: pd.DataFrame | None = None


@runtime_checkable
class TakesSnapshots(Protocol):
    """What a source that counts columns of customers has beside the members of `Source`."""

    def snapshot_moments(self, data: "Dataset") -> Sequence[int]:
        """UTC microseconds, rising, at which the columns are counted.

        Args:
            data: all events.
        """
        ...

    def snapshot(self, data: "Dataset", moment: int) -> Snapshot:
        """What is known before a moment.

        Args:
            data: all events, or only those before the moment.
            moment: UTC microseconds.

        Raises:
            InputError: they cannot be counted.
        """
        ...


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Where columns of customers come from that were counted from events.

    Attributes:
        source: that counts them.
        uncounted: the side tables before it did.
    """

    source: TakesSnapshots
    uncounted: Mapping[str, pd.DataFrame]


def dated_customers(
    customers: pd.DataFrame | None, snapshots: Mapping[int, pd.DataFrame]
) -> pd.DataFrame:
    """The table of customers with a row for each customer and moment of a snapshot.

    A new row has the other columns as they are known at its moment. A row that was there has the
    columns of the snapshot of its customer before it, or none.

    Args:
        customers: checked; None where there is no table.
        snapshots: UTC microseconds -> [n] customer_id and the columns; customers once each.

    Raises:
        InputError: a column is already one of customers.
    """
    base = pd.DataFrame({columns.CUSTOMER: []}) if customers is None else customers
    counted = pd.concat(
        [
            table.assign(**{columns.VALID_FROM: timestamp(moment)})
            for moment, table in snapshots.items()
        ],
        ignore_index=True,
    )
    new = [name for name in counted.columns if name not in (columns.CUSTOMER, columns.VALID_FROM)]
    twice = [name for name in new if name in base]
    if twice:
        raise InputError(
            f"customers: expected no column '{twice[0]}', which is counted from events; rename one"
        )
    flags = {name: "boolean" for name in new if counted[name].dtype == bool}
    counted = counted.astype(flags)
    # Of equal dates the row that was there comes first: the new one knows it.
    rows = pd.concat([base, counted], ignore_index=True)
    is_new = np.arange(len(rows)) >= len(base)
    person = pd.factorize(rows[columns.CUSTOMER].astype(str))[0]
    order = np.lexsort((is_new, _microseconds(rows), person))
    old_row = _latest(order, person, ~is_new)
    new_row = _latest(order, person, is_new)
    others = [name for name in base.columns if name not in (columns.CUSTOMER, columns.VALID_FROM)]
    parts = [
        rows[[columns.CUSTOMER, columns.VALID_FROM]],
        base[others].reindex(old_row).set_axis(rows.index),
        counted[new].reindex(np.where(new_row < 0, -1, new_row - len(base))).set_axis(rows.index),
    ]
    return pd.concat(parts, axis="columns")


def _microseconds(rows: pd.DataFrame) -> IntArray:
    """Dates of rows; undated ones are the earliest."""
    if columns.VALID_FROM not in rows:
        return np.full(len(rows), np.iinfo(np.int64).min)
    dates = rows[columns.VALID_FROM]
    since = microseconds(dates)
    return np.where(dates.isna(), np.iinfo(np.int64).min, since)


def _latest(order: IntArray, person: IntArray, counts: BoolArray) -> IntArray:
    """[n] the latest row up to each row, of the same person and among those that count; or -1."""
    persons = person[order]
    starts = np.maximum.accumulate(
        np.where(np.append(True, persons[1:] != persons[:-1]), np.arange(len(order)), 0)
    )
    last = np.maximum.accumulate(np.where(counts[order], np.arange(len(order)), -1))
    latest = np.empty(len(order), np.int64)
    latest[order] = np.where(last >= starts, order[last], -1)
    return latest


def with_snapshots(data: "Dataset", source: TakesSnapshots) -> dict[str, pd.DataFrame]:
    """What a source counts from the events of a data set.

    Args:
        data: all events.
        source: of columns and signals.

    Returns:
        `customers` with the columns of the source and `signals`, each only where there are any.

    Raises:
        InputError: they cannot be counted.
    """
    taken = {moment: source.snapshot(data, moment) for moment in source.snapshot_moments(data)}
    counted = {moment: snapshot.customers for moment, snapshot in taken.items()}
    tables = {}
    if any(list(table) != [columns.CUSTOMER] for table in counted.values()):
        tables["customers"] = dated_customers(data.side_tables.get("customers"), counted)
    signals = dated_signals({moment: each.signals for moment, each in taken.items()})
    if len(signals):
        tables["signals"] = signals
    return tables


def dated_signals(found: Mapping[int, pd.DataFrame | None]) -> pd.DataFrame:
    """Signals as rows: customer_id, product_id, signal, timestamp.

    A signal has a row for each moment at which it shows.

    Args:
        found: moment in UTC microseconds, rising -> the signals of a `Snapshot`.
    """
    names = [columns.CUSTOMER, columns.PRODUCT, columns.SIGNAL, columns.TIMESTAMP]
    parts = [rows.assign(**{columns.TIMESTAMP: timestamp(moment)})[names]
             for moment, rows in found.items() if rows is not None]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
