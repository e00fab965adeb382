"""Checks tables once, when they are loaded. An error names table, row and column of a bad cell."""

from dataclasses import replace

import pandas as pd
from pandera.errors import SchemaErrors

from recsys.data.cells import FILL, FIX, CellError, bad_cell
from recsys.data.consistency import faults_across_tables, row_faults
from recsys.data.faults.fault import refuse
from recsys.data.faults.header import header_faults
from recsys.data.known_ids import KnownIds, known_ids
from recsys.data.plausible import implausible_moments
from recsys.data.readers import read_column
from recsys.data.schema import SCHEMAS
from recsys.data.tables import EndingTables, StoredTables, Tables, end_of_tables
from recsys.errors import InputError

_MOST_COLUMNS = 1_000
"""Tables with more columns are not read again to count the other faults."""


def check_tables(tables: Tables) -> Tables:
    """Checks all tables and converts their columns to the types that the library relies on.

    Ids and codes become int64 (Int64 with gaps) or str, texts str, times UTC timestamps, numbers
    float64 and flags bool. Records are checked and left out: they are personal data, which identity
    resolution alone reads (`recsys.customers.identity`), by `check_table`.

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
    if isinstance(tables, StoredTables):
        checked, counts = check_outline(tables)
        return replace(checked, interactions=tables.interactions), counts
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


def check_outline(tables: StoredTables) -> tuple[Tables, tuple[KnownIds, ...]]:
    """As `check_and_count` for tables of a store; interactions are their outline, checked.

    Raises:
        InputError: as for the tables without a store, which are read again to find it.
    """
    whole = EndingTables.of(replace(tables, interactions=tables.outline), tables.ends)
    try:
        return check_and_count(whole)
    except InputError:
        check_and_count(tables.reread())
        raise


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
    read = {}
    for column in table.columns:
        try:
            read[column] = read_column(name, column, table[column])
        except CellError as error:
            raise bad_cell(
                name, error.row, column, error.expected, error.got, error.remedy
            ) from None
    # Assigning column by column would copy a wide table once for each of its columns.
    table = pd.DataFrame(read)
    try:
        table = SCHEMAS[name].validate(table, lazy=True)
    except SchemaErrors as errors:
        raise _first_failure(name, errors) from None
    refuse(row_faults(name, table))
    return table


def _first_failure(name: str, errors: SchemaErrors) -> InputError:
    cases = errors.failure_cases
    case = cases.loc[cases["index"].astype("float").idxmin()]
    missing = case["check"] == "not_nullable"
    return bad_cell(
        name,
        int(case["index"]),
        case["column"],
        "a value in every row" if missing else str(case["check"]),
        case["failure_case"],
        FILL if missing else FIX,
    )
