"""Outside ids of customers, aliases and records, and from ids back to row numbers."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.simulation.names import ALIAS_KINDS

# An odd factor permutes the numbers below 2**40, so that aliases look like hashes, never collide
# and can be traced back to their customer without a table.
_BITS = 40
_FACTOR = 0x9E3779B97F | 1
_INVERSE = pow(_FACTOR, -1, 1 << _BITS)
_MASK = np.uint64((1 << _BITS) - 1)
_SOURCES = 8
"""More than there are sources of records."""


def customer_ids(rows: IntArray) -> pd.Series:
    """`C0000123` of market rows [n]."""
    return pd.Series(rows).map("C{:07d}".format).astype("str")


def alias_ids(rows: IntArray, which: IntArray, kinds: IntArray) -> pd.Series:
    """Distinct ids as `device-03f9c2…` of aliases [n]: market row, alias 0 or 1, and kind."""
    numbers = (2 * rows + which).astype(np.uint64)
    # The last part of a market may have no alias, and nothing mapped stays a column of numbers.
    codes = pd.Series(numbers * np.uint64(_FACTOR) & _MASK).map("{:010x}".format).astype("str")
    return (pd.Series(np.array(ALIAS_KINDS)[kinds]) + "-" + codes).astype("str")


def record_ids(rows: IntArray, sources: IntArray) -> pd.Series:
    """Distinct ids as `R03f9c2…` of the records that sources [n] keep of market rows [n]."""
    # From 1 on, since 0 stays 0.
    numbers = (_SOURCES * rows + sources + 1).astype(np.uint64)
    codes = pd.Series(numbers * np.uint64(_FACTOR) & _MASK)
    return codes.map("R{:010x}".format).astype("str")


def record_rows(ids: IdArray, count: int) -> IntArray:
    """Market rows [n] int64 of the persons of records [n].

    Raises:
        InputError: an id is not one of a record of the `count` customers of the market.
    """
    texts = pd.Series(np.asarray(ids, dtype=object)).astype("str")
    good = texts.str.fullmatch("R[0-9a-f]{10}").to_numpy(bool)
    rows = np.full(len(texts), -1)
    rows[good] = _numbers(texts[good].str[1:]) // _SOURCES
    return _checked("record", rows, texts, (rows >= 0) & (rows < count))


def customer_rows(ids: IdArray, count: int) -> IntArray:
    """Market rows [n] int64 of customer ids or aliases [n].

    Raises:
        InputError: an id is not one of the `count` customers of the market.
    """
    texts = pd.Series(np.asarray(ids, dtype=object)).astype("str")
    is_id = texts.str.fullmatch(r"C\d{7,}").to_numpy(bool)
    is_alias = texts.str.fullmatch(rf"({'|'.join(ALIAS_KINDS)})-[0-9a-f]{{10}}").to_numpy(bool)
    rows = np.full(len(texts), -1)
    rows[is_id] = texts[is_id].str[1:].astype("int64")
    rows[is_alias] = _numbers(texts[is_alias].str[-10:]) // 2
    return _checked("customer", rows, texts, (rows >= 0) & (rows < count))


def rows_in_list(kind: str, ids: IdArray, names: list[str]) -> IntArray:
    """Positions [n] int64 of ids [n] in a list of all ids of a kind.

    Raises:
        InputError: an id is not in the list.
    """
    texts = pd.Series(np.asarray(ids, dtype=object)).astype("str")
    rows = pd.Index(names).get_indexer(pd.Index(texts))
    return _checked(kind, rows.astype(np.int64), texts, rows >= 0)


def _numbers(codes: pd.Series) -> IntArray:
    numbers = codes.map(lambda code: int(code, 16)).to_numpy(np.uint64)
    return (numbers * np.uint64(_INVERSE) & _MASK).astype(np.int64)


def _checked(kind: str, rows: IntArray, texts: pd.Series, good: BoolArray) -> IntArray:
    if not good.all():
        raise InputError(
            f"{kind} id '{texts[~good].iloc[0]}' is not in this market: use ids of its own tables, "
            "and the `events` and `seed` that they were made with"
        )
    return rows
