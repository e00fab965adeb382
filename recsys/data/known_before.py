"""`KnownBefore`: side tables as they were known at a moment, each made when it is asked for."""

from collections.abc import Iterator, Mapping
from weakref import WeakValueDictionary

import pandas as pd

from recsys.data import columns

_DATED = {
    "customers": columns.VALID_FROM,
    "identities": columns.TIMESTAMP,
    "decisions": columns.TIMESTAMP,
    "signals": columns.TIMESTAMP,
}
"""Side table -> the column that says when a row became known. Products and offers are not here:
their `valid_from` and `valid_to` are the firm's own calendar, which it knows in advance."""


class KnownBefore(Mapping[str, pd.DataFrame]):
    """Side tables without the rows dated at or after a moment; undated rows are always known.

    A table lives as long as somebody holds it: two windows of a large log of decisions would
    otherwise be two more copies of it, which most models never read.

    Args:
        tables: side tables by name.
        moment: UTC.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], moment: pd.Timestamp) -> None:
        self._tables: Mapping[str, pd.DataFrame] = tables
        self._moment: pd.Timestamp = moment
        if isinstance(tables, KnownBefore):
            self._tables, self._moment = tables._tables, min(moment, tables._moment)
        self._made: WeakValueDictionary[str, pd.DataFrame] = WeakValueDictionary()

    def __reduce__(self) -> tuple[object, ...]:
        return KnownBefore, (dict(self._tables), self._moment)

    def __getitem__(self, name: str) -> pd.DataFrame:
        table, column = self._tables[name], _DATED.get(name)
        if column is None or column not in table:
            return table
        made = self._made.get(name)
        if made is None:
            made = table[table[column].isna() | (table[column] < self._moment)]
            self._made[name] = made
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
