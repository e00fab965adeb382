"""How the cells of a column are read: as ids, codes, texts, times, numbers, flags or features."""

from typing import Literal

from recsys.data import columns
from recsys.data.schema import SCHEMAS

Kind = Literal["id", "code", "text", "moment", "number", "flag", "feature"]

WORDS: tuple[Kind, ...] = ("id", "code", "text")
"""Columns read as written, of which many rows share a value; those of events are categories."""

MOMENTS = (columns.TIMESTAMP, columns.VALID_FROM, columns.VALID_TO)
OPEN_TABLES = ("customers", "products")
"""Tables that may have any further columns; these are features."""
UNBOUNDED_TABLES = (*OPEN_TABLES, "records")
"""Tables that may have any further columns."""


def kind_of(table: str, column: str) -> Kind:
    """How a column of a table is read.

    An `id` joins tables, and so does a `code`, whose cells may be empty. Both are whole numbers if
    all cells are whole numbers as a program writes them, otherwise texts. A `text` stays a text
    even if it looks like a number. The type of a `feature` follows from its cells: numbers, dates,
    flags, or texts such as codes with leading zeros.

    Args:
        table: its name, a field of `recsys.data.tables.Tables`.
        column: its name.
    """
    if table == "customers" and column.startswith(columns.CONSENT_PREFIX):
        return "flag"
    if table == "interactions" and column.startswith(columns.CONTEXT_PREFIX):
        return "text"
    expected = SCHEMAS[table].columns.get(column)
    if expected is None:
        return "feature" if table in OPEN_TABLES else "text"
    if column in columns.IDS:
        return "id"
    if column in columns.CODES:
        return "code"
    if column in MOMENTS:
        return "moment"
    dtype = str(expected.dtype)
    if dtype == "bool":
        return "flag"
    return "text" if expected.dtype is None else "number"
