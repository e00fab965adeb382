"""Checks tables once, when they are loaded. An error names table, row and column of a bad cell."""

from collections import Counter
from difflib import get_close_matches
from typing import Any

import pandas as pd
from pandera.errors import SchemaErrors

from recsys.data import columns
from recsys.data.cells import (
    FILL,
    FIX,
    CellError,
    bad_cell,
    listed,
    read_flags,
    read_numbers,
    read_whole_numbers,
)
from recsys.data.codes import read_ids, read_texts, refuse_nested
from recsys.data.consistency import check_across_tables, check_rows
from recsys.data.feature_columns import read_feature
from recsys.data.kinds import OPEN_TABLES, kind_of
from recsys.data.known_ids import KnownIds, known_ids
from recsys.data.moments import read_moments
from recsys.data.plausible import refuse_implausible, refuse_unknown_zones
from recsys.data.schema import SCHEMAS
from recsys.data.tables import EndingTables, Tables
from recsys.errors import InputError

_READERS = {
    "id": read_ids, "code": read_ids, "text": read_texts, "moment": read_moments,
    "flag": read_flags, "number": read_numbers, "feature": read_feature,
}  # fmt: skip
_CLOSED_LISTS = (columns.ACTION, columns.PART, columns.OUTCOME)
"""Columns of texts whose possible values the schema lists."""
_COMPARED_NAMES = 1_000
"""At most so many columns are compared with a missing one: comparing texts is slow."""


def check_tables(tables: Tables) -> Tables:
    """Checks all tables and converts their columns to the types that the library relies on.

    Ids and codes become int64 (Int64 with gaps) or str, texts str, times UTC timestamps, numbers
    float64 and flags bool.

    Args:
        tables: as a source loads them; the frames are not changed.

    Raises:
        InputError: names the table, the row (counted from 0) and the column, what was expected,
            what came and what to do; or two tables whose ids do not match.
    """
    return check_and_count(tables)[0]


def check_and_count(tables: Tables) -> tuple[Tables, tuple[KnownIds, ...]]:
    """As `check_tables`; returns also how many ids of each side table the other tables know."""
    checked = Tables(**{name: check_table(name, table) for name, table in tables.items()})
    counts = known_ids(checked)
    refuse_implausible(checked, tables.ends if isinstance(tables, EndingTables) else None)
    check_across_tables(checked)
    return checked, counts


def check_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Checks a single table and converts its columns, as `check_tables` does.

    Args:
        name: "interactions", "customers" or another field of `Tables`.
        table: as it was loaded.

    Raises:
        InputError: names the row and the column of the first bad cell.
    """
    table = table.reset_index(drop=True)
    _check_columns(name, table)
    if table.empty:
        raise InputError(
            f"{name}: expected at least one row, got an empty table; is it the right file?"
        )
    read = {}
    for column in table.columns:
        try:
            read[column] = _read_column(name, column, table[column])
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
    check_rows(name, table)
    return table


def _read_column(name: str, label: Any, column: pd.Series) -> pd.Series:
    kind = kind_of(name, str(label))
    if kind != "id":  # `read_ids` has its own words for nested cells
        refuse_nested(column)
    if label == columns.ORDER:
        return read_whole_numbers(column)
    # Left to the schema: it refuses an action written as a number with the list of all actions.
    if kind == "text" and label in _CLOSED_LISTS:
        return column
    column = _READERS[kind](column)
    if label == columns.TIME_ZONE:
        refuse_unknown_zones(column)
    return column


def _check_columns(name: str, table: pd.DataFrame) -> None:
    schema = SCHEMAS[name]
    expected = [column for column in schema.columns if not column.startswith("^")]
    present = [str(column) for column in table.columns]
    for column in expected:
        if schema.columns[column].required and column not in present:
            raise _missing(name, column, present, expected)
    counts = Counter(present)
    for column in present:
        if counts[column] > 1:
            raise InputError(
                f"{name}: column '{column}' appears {counts[column]} times; keep one of them"
            )
        if name in OPEN_TABLES or column in expected or column.startswith(columns.CONTEXT_PREFIX):
            continue
        near = get_close_matches(column, expected, n=1, cutoff=0.6)
        keep = f"name it '{columns.CONTEXT_PREFIX}{column}' to keep it as context"
        remedy = f"did you mean '{near[0]}'?" if near else f"drop it, or {keep}"
        raise InputError(f"{name}: column '{column}' is not known; {remedy}")


def _missing(name: str, column: str, present: list[str], expected: list[str]) -> InputError:
    # A column with a meaning of its own is not taken for a misspelling of another.
    others = [label for label in present if label not in expected][:_COMPARED_NAMES]
    near = get_close_matches(column, others, n=1, cutoff=0.6)
    remedy = f"did you mean '{near[0]}'? rename it" if near else "add it or map a column to it"
    return InputError(
        f"{name}: column '{column}' is missing; the table has {listed(present) or 'no column'}; "
        f"{remedy}"
    )


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
