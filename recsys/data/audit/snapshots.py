"""Checks columns of customers that were counted from events: counts them again, from fewer."""

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import Check, leak
from recsys.data.dataset import Dataset
from recsys.data.snapshots import Snapshots, dated_customers


class Recounted:
    """Counts every snapshot again, each from data that hold nothing of its moment or later.

    Args:
        data: all events.
        snapshots: of the data.
    """

    def __init__(self, data: Dataset, snapshots: Snapshots) -> None:
        self._data = replace(data, side_tables=snapshots.uncounted, snapshots=None)
        self._snapshots = snapshots
        self._made: dict[int, pd.DataFrame] = {}

    def check(self, boundary: Boundary) -> Check:
        """Compares the rows of customers in the past of a window with what is counted again.

        Raises:
            InputError: a value differs; names the customer, the moment and the column.
        """
        start = boundary.window.start
        moments = [moment for moment in self._snapshots.source.snapshot_moments(self._data)
                   if start is None or moment < start]  # fmt: skip
        past = boundary.past.side_tables.get("customers")
        if past is None or not moments:
            return self._checked(boundary, 0, None)
        again = dated_customers(
            self._snapshots.uncounted.get("customers"),
            {moment: self._counted(moment) for moment in moments},
        )
        names = [name for name in self._counted(moments[0]).columns if name != columns.CUSTOMER]
        first, second = _by_row(past, names), _by_row(again, names)
        keys = second.index.intersection(first.index)
        if len(first) > len(keys):
            self._refuse(boundary, first.index.difference(keys)[0], columns.VALID_FROM)
        for name in names:
            differs = (first.loc[keys, name] != second.loc[keys, name]).to_numpy(bool)
            if differs.any():
                self._refuse(boundary, keys[int(np.flatnonzero(differs)[0])], name)
        return self._checked(boundary, len(first), pd.Timestamp(moments[-1], unit="us", tz="UTC"))

    def _counted(self, moment: int) -> pd.DataFrame:
        if moment not in self._made:
            when = self._data.interactions.when
            assert when is not None
            before = self._data.select(when < moment, as_of=moment)
            self._made[moment] = self._snapshots.source.snapshot(before, moment)
        return self._made[moment]

    def _refuse(self, boundary: Boundary, key: tuple[str, str], column: str) -> None:
        raise leak(
            "snapshots",
            boundary.name,
            f"customers: customer {key[0]} of {key[1] or 'no date'}, column '{column}'",
            "what the events before that moment give",
            "another value",
            "count it from events before its moment alone",
        )

    def _checked(self, boundary: Boundary, rows: int, latest: pd.Timestamp | None) -> Check:
        return Check(
            kind="snapshots",
            window=boundary.name,
            table="customers",
            column=columns.VALID_FROM,
            rows=rows,
            latest=None if latest is None else latest.isoformat(),
            cutoff=boundary.cutoff,
            how="each column counted again from the events before the moment of its row",
        )


def _by_row(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The columns as texts by customer and date, each pair once."""
    dates = table[columns.VALID_FROM].astype(str).where(table[columns.VALID_FROM].notna(), "")
    keys = pd.MultiIndex.from_arrays([table[columns.CUSTOMER].astype(str), dates])
    values = table.reindex(columns=names).astype(object)
    texts = values.map(str, na_action="ignore").astype(object).fillna("").set_axis(keys)
    return texts[~texts.index.duplicated(keep="last")]
