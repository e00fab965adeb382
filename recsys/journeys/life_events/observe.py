"""The life events that a firm has recorded: the dated changes of a column of customers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import microseconds
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest

LABEL = "life_event"
"""Column of customers that is read by default."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LifeEvents:
    """E life events, in order of time.

    Attributes:
        names: [K] of the kinds, in alphabetical order.
        customers: [E] row numbers; kinds: [E] positions in names.
        when: [E] UTC microseconds at which each was recorded.
    """

    names: Sequence[str]
    customers: IntArray
    kinds: IntArray
    when: IntArray

    def select(self, keep: BoolArray) -> "LifeEvents":
        """The events that a mask [E] keeps."""
        return LifeEvents(
            names=self.names,
            customers=self.customers[keep],
            kinds=self.kinds[keep],
            when=self.when[keep],
        )


def observe(data: Dataset, label: str = LABEL) -> LifeEvents:
    """The life events of a data set.

    One happened where a dated row of `customers` has another value than the row before it. An
    undated value has no time, so it is none; nor is a second value in a row that is the same.

    Args:
        data: with timestamps, and customers with a column `valid_from`.
        label: column of customers with the kind of the latest life event, empty before the first.

    Raises:
        InputError: there is no such column, no time, or no life event.
    """
    table = labelled_customers(data, label)
    changes = _changes(data, table, label)
    if not len(changes):
        raise InputError(
            f"customers, column '{label}': expected dated values, got none; add a row for each "
            "life event of the past, dated by its day"
        )
    kinds, names = pd.factorize(changes[label].astype(str), sort=True)
    return LifeEvents(
        names=tuple(map(str, names)),
        customers=changes["row"].to_numpy(np.int64),
        kinds=kinds.astype(np.int64),
        when=microseconds(changes[columns.VALID_FROM]),
    )


def labelled_customers(data: Dataset, label: str) -> pd.DataFrame:
    """The table of customers, which has dated rows with a column for life events.

    Raises:
        InputError: there is no such column, or no time.
    """
    if data.clock != "timestamp":
        raise InputError(
            f"interactions: life events need a column timestamp, got {data.clock or 'no order'}"
        )
    table = data.side_tables.get("customers")
    known = [] if table is None else [str(name) for name in table]
    if table is None or label not in known:
        raise InputError(
            f"label: expected a column of customers with life events, got '{label[:80]}'; "
            f"{nearest(label, known, 'there is no table customers')}"
        )
    if columns.VALID_FROM not in table:
        raise InputError(
            f"customers: expected a column valid_from, which says when '{label}' became known; add "
            "a row for each life event, dated by its day"
        )
    return table


def _changes(data: Dataset, table: pd.DataFrame, label: str) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"row": data.customers.rows(table[columns.CUSTOMER]),
         label: table[label], columns.VALID_FROM: table[columns.VALID_FROM]}
    )  # fmt: skip
    rows = rows[(rows["row"] >= 0) & rows[label].notna()]
    rows = rows.sort_values(["row", columns.VALID_FROM], na_position="first", kind="stable")
    same = (rows["row"] == rows["row"].shift()) & (rows[label] == rows[label].shift())
    changes = rows[~same & rows[columns.VALID_FROM].notna()]
    return changes.sort_values([columns.VALID_FROM, "row"], kind="stable")
