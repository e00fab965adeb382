"""Checks tables once, when they are loaded. An error names table, row and column of a bad cell."""

from dataclasses import replace
from typing import Any

import pandas as pd

from recsys.data.allowed import refuse_outside
from recsys.data.categories import folded
from recsys.data.cells import CellError, bad_cell
from recsys.data.consistency import faults_across_tables, row_faults
from recsys.data.faults.fault import refuse
from recsys.data.faults.header import header_faults
from recsys.data.known_ids import KnownIds, known_ids
from recsys.data.plausible import implausible_moments
from recsys.data.readers import CLOSED_LISTS, read_column, read_events_column
from recsys.data.tables import Tables, end_of_tables
from recsys.errors import InputError

_MOST_COLUMNS = 1_000
"""Tables with more columns are not read again to count the other faults."""


def check_tables(tables: Tables) -> Tables:
    """Checks all tables and converts their columns to the types that the library relies on.

    Ids and codes become int64 (Int64 with gaps) or str, texts str, times UTC timestamps, numbers
    float64 and flags bool. Ids, codes and texts of interactions become categories of these types,
    see `recsys.data.categories`. Records are checked and left out: they are personal data, which
    identity resolution alone reads (`recsys.customers.identity`), by `check_table`.

    Args:
        tables: as a source loads them; the frames are not changed.

    Raises:
        InputError: names the table, the row (counted from 0) and the column, what was expected,
            what came and what to do; or two tables whose ids do not match. Says how many more kinds
            of fault there are.
    """
    return check_and_count(tables)[0]


def check_and_count(tables: Tables) -> tuple[Tables, tuple[KnownIds, ...]]:
    """As `check_tables`; returns also how many ids of each side table the other tables know."""
    try:
        checked = Tables(**{name: check_table(name, table) for name, table in tables.items()})
        counts = known_ids(checked)
        refuse(implausible_moments(checked, end_of_tables(tables)))
        refuse(faults_across_tables(checked))
    except InputError as first:
        if sum(len(table.columns) for _, table in tables.items()) > _MOST_COLUMNS:
            raise
        # Imported late: only here a load asks for all faults.
        from recsys.data.faults.collect import collect, with_number_of_others

        raise with_number_of_others(first, collect(tables).faults) from None
    return replace(checked, records=None), counts


def check_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Checks a single table and converts its columns, as `check_tables` does.

    Args:
        name: "interactions", "customers" or another field of `Tables`.
        table: as it was loaded.

    Raises:
        InputError: names the row and the column of the first bad cell.
    """
    table = table.reset_index(drop=True)
    refuse(header_faults(name, table))
    read: dict[Any, pd.Series] = {}
    for label in table.columns:
        try:
            if name == "interactions":
                read[label] = read_events_column(label, table[label])
            else:
                read[label] = read_column(name, label, table[label])
        except CellError as error:
            raise bad_cell(
                name, error.row, label, error.expected, error.got, error.remedy
            ) from None
    refuse_outside(name, read)
    if name == "interactions":
        read |= {label: folded(read[label]) for label in CLOSED_LISTS if label in read}
    # Assigning column by column would copy a wide table once for each of its columns.
    table = pd.DataFrame(read, index=table.index, copy=False)
    refuse(row_faults(name, table))
    return table
