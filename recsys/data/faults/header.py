"""Faults of the columns that a table has, before any cell is read."""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

import pandas as pd

from recsys.data import columns
from recsys.data.cells import listed
from recsys.data.faults.fault import Fault
from recsys.data.kinds import UNBOUNDED_TABLES
from recsys.data.schema import SCHEMAS

_NAMED = 20
"""So many unknown columns are named."""

_COMPARED_NAMES = 1_000
"""At most so many columns are compared with a missing one: comparing texts is slow."""


def header_faults(name: str, table: pd.DataFrame) -> Iterator[Fault]:
    """Missing, repeated and unknown columns, and a table without rows.

    Args:
        name: of the table.
        table: as it was loaded.
    """
    expected = expected_columns(name)
    present = [str(column) for column in table.columns]
    for column in required_columns(name):
        if column not in present:
            yield _missing(name, column, present, expected)
    counts = Counter(present)
    unknown = 0
    for column in counts:
        if counts[column] > 1:
            what = f"column '{column}' appears {counts[column]} times"
            yield Fault.of_table(name, what, "keep one of them", column)
        elif not is_known(name, column):
            unknown += 1
            if unknown > _NAMED:
                continue
            near = get_close_matches(column, expected, n=1, cutoff=0.6)
            keep = f"name it '{columns.CONTEXT_PREFIX}{column}' to keep it as context"
            remedy = f"did you mean '{near[0]}'?" if near else f"drop it, or {keep}"
            yield Fault.of_table(name, f"column '{column}' is not known", remedy, column)
    if unknown > _NAMED:
        what = f"{unknown - _NAMED:,} more columns are not known"
        yield Fault.of_table(name, what, "is it the right file?")
    if table.empty:
        what = "expected at least one row, got an empty table"
        yield Fault.of_table(name, what, "is it the right file?")


def expected_columns(name: str) -> list[str]:
    """The columns of a table that have a name of their own."""
    return [column for column in SCHEMAS[name].columns if not column.startswith("^")]


def required_columns(name: str) -> list[str]:
    """Those of `expected_columns` that a table cannot do without."""
    schema = SCHEMAS[name].columns
    return [column for column in expected_columns(name) if schema[column].required]


def is_known(name: str, column: str) -> bool:
    """Whether a table may have a column of this name."""
    return (
        name in UNBOUNDED_TABLES
        or column in expected_columns(name)
        or column.startswith(columns.CONTEXT_PREFIX)
    )


def _missing(name: str, column: str, present: list[str], expected: list[str]) -> Fault:
    # A column with a meaning of its own is not taken for a misspelling of another.
    others = [label for label in present if label not in expected][:_COMPARED_NAMES]
    near = get_close_matches(column, others, n=1, cutoff=0.6)
    remedy = f"did you mean '{near[0]}'? rename it" if near else "add it or map a column to it"
    if (name, column) == ("decisions", columns.OUTCOME):
        # A log of answers has none: they are among the interactions.
        remedy += ", or set data.outcome_days=DAYS to take outcomes from the interactions"
    what = f"column '{column}' is missing; the table has {listed(present) or 'no column'}"
    return Fault.of_table(name, what, remedy, column)
