"""What the cells of a column are: ids, codes, texts, times, or what a firm likes to add."""

from typing import Literal

from recsys.data import columns
from recsys.data.schema import SCHEMAS

Kind = Literal["id", "code", "text", "moment", "number", "flag", "feature"]

IDS = (columns.CUSTOMER, columns.PRODUCT, columns.OFFER, columns.DECISION, columns.ID_A,
       columns.ID_B)  # fmt: skip
CODES = (columns.TOUCHPOINT, columns.SESSION, columns.SLATE)
MOMENTS = (columns.TIMESTAMP, columns.VALID_FROM, columns.VALID_TO)
OPEN_TABLES = ("customers", "products")
"""Tables that may hold any further columns, as features."""


def kind_of(table: str, column: str) -> Kind:
    """How a column of a table is read.

    An `id` joins tables, and so does a `code`, which may be missing. Both are whole numbers where
    the column holds nothing else, each spelt as a program writes it, and texts otherwise. A `text`
    is never a number, whatever it looks like. A `feature` is what its cells look like: numbers,
    flags, or texts, such as codes with leading zeros.
    """
    if table == "customers" and column.startswith(columns.CONSENT_PREFIX):
        return "flag"
    if table == "interactions" and column.startswith(columns.CONTEXT_PREFIX):
        return "text"
    expected = SCHEMAS[table].columns.get(column)
    if expected is None:
        return "feature" if table in OPEN_TABLES else "text"
    if column in IDS:
        return "id"
    if column in CODES:
        return "code"
    if column in MOMENTS:
        return "moment"
    dtype = str(expected.dtype)
    if dtype == "bool":
        return "flag"
    return "text" if expected.dtype is None else "number"
