"""Outside ids of customers and offers, and the way back from id to row number."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.simulation.names import ALIAS_KINDS

# An odd factor permutes the numbers below 2**40, so that aliases look like hashes, never collide,
# and lead back to their customer without a table of them all.
_BITS = 40
_FACTOR = 0x9E3779B97F | 1
_INVERSE = pow(_FACTOR, -1, 1 << _BITS)
_MASK = np.uint64((1 << _BITS) - 1)


def customer_ids(rows: IntArray) -> pd.Series:
    """`C0000123` of market rows [n]."""
    return pd.Series(rows).map("C{:07d}".format).astype("str")


def alias_ids(rows: IntArray, which: IntArray, kinds: IntArray) -> pd.Series:
    """`device-03f9c2…` of market rows [n], alias 0 or 1, and kind; opaque, never equal."""
    numbers = (2 * rows + which).astype(np.uint64)
    codes = pd.Series(numbers * np.uint64(_FACTOR) & _MASK).map("{:010x}".format)
    return (pd.Series(np.array(ALIAS_KINDS)[kinds]) + "-" + codes).astype("str")


def customer_rows(ids: IdArray, count: int) -> IntArray:
    """Market rows [n] int64 of customer ids or aliases [n].

    Raises:
        InputError: an id is not one of the `count` customers of the market.
    """
    asked = pd.Series(np.asarray(ids, dtype=object)).astype("str")
    own = asked.str.fullmatch(r"C\d{7,}")
    rows = np.full(len(asked), -1)
    rows[own.to_numpy(bool)] = asked[own].str[1:].astype("int64")
    alias = (~own & asked.str.fullmatch(rf"({'|'.join(ALIAS_KINDS)})-[0-9a-f]{{10}}")).to_numpy(
        bool
    )
    codes = asked[alias].str[-10:].map(lambda code: int(code, 16)).to_numpy(np.uint64)
    rows[alias] = (codes * np.uint64(_INVERSE) & _MASK).astype(np.int64) // 2
    return _checked("customer", rows, asked, (rows >= 0) & (rows < count))


def known_rows(kind: str, ids: IdArray, known: list[str]) -> IntArray:
    """Rows [n] of ids [n] in a list of all there are.

    Raises:
        InputError: an id is not in the list.
    """
    asked = pd.Series(np.asarray(ids, dtype=object)).astype("str")
    rows = pd.Index(known).get_indexer(pd.Index(asked))
    return _checked(kind, rows.astype(np.int64), asked, rows >= 0)


def _checked(kind: str, rows: IntArray, asked: pd.Series, good: BoolArray) -> IntArray:
    if not good.all():
        raise InputError(
            f"{kind} id '{asked[~good].iloc[0]}' is not in this market: ask with the ids of its "
            "own tables, and the events and seed they were made with"
        )
    return rows
