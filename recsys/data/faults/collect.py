"""All faults of all tables at once, where a load ends at the first."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.consistency import faults_across_tables, identifying, row_faults
from recsys.data.faults.cells import Reader, read_cells
from recsys.data.faults.fault import Fault
from recsys.data.faults.header import header_faults, is_known, required_columns
from recsys.data.known_ids import KnownIds, id_matches
from recsys.data.plausible import moments_out_of_range
from recsys.data.readers import read_column
from recsys.data.tables import Tables, end_of_tables
from recsys.errors import InputError

OnFault = Literal["drop", "empty"]


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """What becomes of the rows of a table that are at fault.

    Attributes:
        cells: column -> "drop" leaves out the rows whose cell is at fault, "empty" empties it.
        duplicates: the row of a repeated id that is kept; None for a fault.
    """

    cells: Mapping[str, OnFault] = field(default_factory=dict)
    duplicates: Literal["first", "last"] | None = None


class CollectedTable(NamedTuple):
    """A table without the cells at fault.

    Attributes:
        frame: columns of the types of `check_tables`; a cell at fault is null.
        faults: kinds of fault.
        rows: [n] positions of its rows in the table as loaded.
        left_out: why rows were left out, or cells emptied -> their number.
    """

    frame: pd.DataFrame
    faults: list[Fault]
    rows: IntArray
    left_out: dict[str, int]


class Collected(NamedTuple):
    """All tables, and what is wrong with them.

    Attributes:
        tables: table -> what was read of it.
        faults: all kinds of fault, table by table, then those between tables.
        known: how many ids of each side table the others know.
    """

    tables: Mapping[str, CollectedTable]
    faults: list[Fault]
    known: tuple[KnownIds, ...]


def collect(tables: Tables) -> Collected:
    """Reads tables as `check_tables` does, and names every kind of fault instead of the first.

    Args:
        tables: as a source loads them.
    """
    ends = end_of_tables(tables)
    return across({name: collect_table(name, table, ends) for name, table in tables.items()})


def collect_table(
    name: str,
    table: pd.DataFrame,
    ends: pd.Timestamp | None = None,
    *,
    read: Reader = read_column,
    remedies: Remedies | None = None,
) -> CollectedTable:
    """Reads a table and names every kind of fault in it.

    Args:
        name: of the table.
        table: [n] as loaded; text may come as categories. Ids and texts of interactions become
            categories.
        ends: the last moment of the data, see `EndingTables`.
        read: how a column is read.
        remedies: what becomes of rows at fault; None for nothing.
    """
    remedies = remedies or Remedies()
    table = table.reset_index(drop=True)
    faults = list(header_faults(name, table))
    times = Counter(table.columns)
    labels = [label for label in table.columns if times[label] == 1]
    bad: dict[Any, BoolArray] = {}
    read_columns: dict[Any, pd.Series] = {}
    for label in labels if len(table) else ():
        if not is_known(name, str(label)):
            continue
        cells = read_cells(name, label, table[label], read, coded=name == "interactions")
        read_columns[label], bad[label] = cells.values, cells.bad
        faults += cells.faults
    frame = pd.DataFrame(read_columns, index=table.index)
    applied = _Applied(frame, np.arange(len(table)), bad, remedies)
    faults = applied.settled(faults)
    of_rows = [*row_faults(name, applied.frame), *moments_out_of_range(name, applied.frame, ends)]
    faults += applied.settled(applied.only_new(of_rows))
    return CollectedTable(applied.frame, faults, applied.rows, applied.left_out)


class _Applied:
    """A table while remedies are applied to it."""

    def __init__(
        self,
        frame: pd.DataFrame,
        rows: IntArray,
        bad: dict[Any, BoolArray],
        remedies: Remedies,
    ) -> None:
        self.frame, self.rows, self._bad, self._remedies = frame, rows, bad, remedies
        self.left_out: dict[str, int] = {}

    def only_new(self, faults: Iterable[Fault]) -> list[Fault]:
        """Faults of rows without the cells that are at fault already, as a time that is none."""
        new = []
        for fault in faults:
            known = self._bad.get(fault.column)
            if fault.bad is None or known is None or not (fault.bad & known).any():
                new.append(fault)
            elif (bad := fault.bad & ~known).any():
                what = fault.what.removeprefix("expected ")
                cells = self.frame[fault.column]
                new.append(Fault.of_rows(fault.table, cells, bad, what, fault.remedy))
        return new

    def settled(self, faults: list[Fault]) -> list[Fault]:
        """Leaves out rows, or empties cells, as the remedies say; returns the other faults."""
        others, drop = [], np.zeros(len(self.frame), dtype=bool)
        for fault in faults:
            what = self._remedies.cells.get(fault.column or "")
            if fault.is_of_repeated_id and self._remedies.duplicates:
                keys, keep = identifying(fault.table, self.frame), self._remedies.duplicates
                bad = self.frame.duplicated(keys, keep=keep).to_numpy(dtype=bool)
            elif fault.bad is None or what is None:
                others.append(fault)
                continue
            else:
                bad = fault.bad
            if what == "empty" and not fault.is_of_repeated_id:
                if self.frame[fault.column].dtype != bool:  # no flag is False: no consent
                    self.frame.loc[bad, fault.column] = None
                self._count(f"cells of '{fault.column}' emptied", bad)
            else:
                drop |= bad
                self._count(f"rows left out for '{fault.column}'", bad)
        return self._without(drop, others)

    def _count(self, why: str, bad: BoolArray) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + int(bad.sum())

    def _without(self, drop: BoolArray, faults: list[Fault]) -> list[Fault]:
        rows = self.rows
        if drop.any():
            self.frame = self.frame[~drop].reset_index(drop=True)
            self.rows = rows[~drop]
            self._bad = {label: bad[~drop] for label, bad in self._bad.items()}
        return [fault.at(rows) for fault in faults]


def across(tables: Mapping[str, CollectedTable]) -> Collected:
    """Adds the faults between tables.

    Args:
        tables: table -> what was read of it.
    """
    faults = [fault for table in tables.values() for fault in table.faults]
    whole: Any = {name: of.frame for name, of in tables.items() if _is_whole(name, of.frame)}
    if "identities" in whole:  # half a link joins nothing
        whole["identities"] = whole["identities"].dropna(subset=[columns.ID_A, columns.ID_B])
    complete = Tables(**{"interactions": None, **whole})
    known, unrelated = id_matches(complete)
    return Collected(
        tables, [*faults, *unrelated, *_at_rows(faults_across_tables(complete), tables)], known
    )


def _is_whole(name: str, frame: pd.DataFrame) -> bool:
    return len(frame) > 0 and set(required_columns(name)) <= set(frame.columns)


def _at_rows(faults: Iterable[Fault], tables: Mapping[str, CollectedTable]) -> Iterable[Fault]:
    for fault in faults:
        yield fault.at(tables[fault.table].rows)


def with_number_of_others(first: InputError, faults: Iterable[Fault]) -> InputError:
    """The error of a load, and how many more kinds of fault there are.

    Args:
        first: the error that ends the load.
        faults: all kinds of fault.
    """
    others = sum(fault.message != str(first) for fault in faults)
    if not others:
        return first
    kinds = "1 more kind of fault" if others == 1 else f"{others} more kinds of fault"
    verb = "lists it" if others == 1 else "lists them all"
    return InputError(f"{first}; and {kinds}: recsys check {verb}")
