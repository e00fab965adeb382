"""Checks columns and signals that were counted from events: counts them again, from fewer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import Check, leak
from recsys.data.dataset import Dataset
from recsys.data.snapshots import Snapshot, Snapshots, dated_customers, dated_signals


class Recounted:
    """Counts every snapshot again, each from data that hold nothing of its moment or later.

    Args:
        data: all events.
        snapshots: of the data.
    """

    def __init__(self, data: Dataset, snapshots: Snapshots) -> None:
        self._data = replace(data, side_tables=snapshots.uncounted, snapshots=None)
        self._snapshots = snapshots
        self._taken: dict[int, Snapshot] = {}

    def checks(self, boundary: Boundary) -> list[Check]:
        """Compares what customers and signals say in the past of a window with what is counted.

        Raises:
            InputError: a value differs, or a signal does not show; names customer, moment, column.
        """
        start = boundary.window.start
        moments = [moment for moment in self._snapshots.source.snapshot_moments(self._data)
                   if start is None or moment < start]  # fmt: skip
        return [self._customers(boundary, moments), *self._signals(boundary, moments)]

    def _customers(self, boundary: Boundary, moments: Sequence[int]) -> Check:
        past = boundary.past.side_tables.get("customers")
        counted = {moment: self._again(moment).customers for moment in moments}
        found = {str(name) for table in counted.values() for name in table}
        names = sorted(found - {columns.CUSTOMER})
        if past is None or not names:
            return self._checked(boundary, "customers", columns.VALID_FROM, 0, None)
        again = dated_customers(self._snapshots.uncounted.get("customers"), counted)
        first, second = _by_row(past, names), _by_row(again, names)
        keys = second.index.intersection(first.index)
        if len(first) > len(keys):
            self._refuse(boundary, first.index.difference(keys)[0], columns.VALID_FROM)
        for name in names:
            differs = (first.loc[keys, name] != second.loc[keys, name]).to_numpy(bool)
            if differs.any():
                self._refuse(boundary, keys[int(np.flatnonzero(differs)[0])], name)
        return self._checked(boundary, "customers", columns.VALID_FROM, len(first), moments[-1])

    def _signals(self, boundary: Boundary, moments: Sequence[int]) -> Iterator[Check]:
        """Every edge of a signal is one that shows again, at a moment before the cut-off."""
        past = boundary.past.side_tables.get("signals")
        if past is None:
            return
        known = dated_signals({moment: self._again(moment).signals for moment in moments})
        keys = _signal_keys(past)
        unknown = keys[~keys.isin(_signal_keys(known) if len(known) else [])]
        if len(unknown):
            customer, _, signal, moment = unknown[0]
            raise leak(
                "snapshots",
                boundary.name,
                f"signals: customer {customer}, signal '{signal}' of {moment}",
                "one that shows in the events before its moment, which precedes the cut-off",
                "one that does not",
                "find it in events before its moment alone",
            )
        yield self._checked(
            boundary, "signals", columns.TIMESTAMP, len(keys), moments[-1] if moments else None
        )

    def _again(self, moment: int) -> Snapshot:
        if moment not in self._taken:
            self._taken[moment] = self._snapshots.source.snapshot(self._data.before(moment), moment)
        return self._taken[moment]

    def _refuse(self, boundary: Boundary, key: tuple[str, str], column: str) -> None:
        raise leak(
            "snapshots",
            boundary.name,
            f"customers: customer {key[0]} of {key[1] or 'no date'}, column '{column}'",
            "what the events before that moment give",
            "another value",
            "count it from events before its moment alone",
        )

    def _checked(
        self, boundary: Boundary, table: str, column: str, rows: int, latest: int | None
    ) -> Check:
        return Check(
            kind="snapshots",
            window=boundary.name,
            table=table,
            column=column,
            rows=rows,
            latest=None if latest is None else boundary.written(latest),
            cutoff=boundary.cutoff,
            how="counted again from the events before the moment of each row",
        )


def _signal_keys(rows: pd.DataFrame) -> pd.MultiIndex:
    """Customer, product, signal and moment of each row, as texts."""
    names = [columns.CUSTOMER, columns.PRODUCT, columns.SIGNAL, columns.TIMESTAMP]
    return pd.MultiIndex.from_frame(_texts(rows[names]))


def _by_row(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The columns as texts by customer and date, each pair once."""
    dates = table[columns.VALID_FROM].astype(str).where(table[columns.VALID_FROM].notna(), "")
    keys = pd.MultiIndex.from_arrays([table[columns.CUSTOMER].astype(str), dates])
    texts = _texts(table.reindex(columns=names)).set_axis(keys)
    return texts[~texts.index.duplicated(keep="last")]


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    """Each cell as a text; an empty one where it is missing."""
    return table.astype(object).map(str, na_action="ignore").astype(object).fillna("")
