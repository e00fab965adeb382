"""Ids replaced at the door by a keyed hash: behind it nothing holds an id of the firm.

HMAC-SHA256 of the id as text, the same for one id in all tables, and the pseudonym that
`recsys.ops.keyed_hash` gives it: what the firm asks of an artifact it asks by `pseudonym`.
"""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from recsys.data import columns
from recsys.data.categories import mapped
from recsys.data.check import check_table, check_tables
from recsys.data.tables import Tables
from recsys.ops.keyed_hash import product_pseudonym, pseudonym

_CUSTOMERS = (columns.CUSTOMER, columns.ID_A, columns.ID_B, columns.RECORD)


def with_hashed_ids(tables: Tables, key: bytes, products: bool = False) -> Tables:
    """The tables, checked, with texts of 32 hexadecimal digits in place of ids.

    Ids of customers, of their records and of what is linked to them are hashed alike. Equal ids
    stay equal, so that 7, 7.0 and "7" are one customer as before; empty cells stay empty. Sessions,
    names and addresses in `records` stay as they are.

    Args:
        tables: as a source loads them.
        key: of the hash.
        products: whether ids of products are hashed too; those of offers stay.

    Raises:
        InputError: as for `check_tables`: an odd id is refused before its hash hides it.
    """
    checked = check_tables(tables)
    if tables.records is not None:
        checked = replace(checked, records=check_table("records", tables.records))

    def hashed(table: pd.DataFrame) -> pd.DataFrame:
        new = {
            name: _hashed(table[name], lambda each: pseudonym(key, each))
            for name in _CUSTOMERS
            if name in table
        }
        if products and columns.PRODUCT in table:
            new[columns.PRODUCT] = _hashed(
                table[columns.PRODUCT], lambda each: product_pseudonym(key, each)
            )
        return table.assign(**new)

    return replace(checked, **{name: hashed(table) for name, table in checked.items()})


def _hashed(ids: pd.Series, hash_of: Callable[[object], str]) -> pd.Series:
    return mapped(ids, lambda distinct: pd.Series(map(hash_of, distinct), dtype="str"))
