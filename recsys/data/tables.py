"""The seven tables as one value; a source returns it, a `Dataset` is built from it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Tables as they came in, with outside ids; only `interactions` is required.

    Columns are listed in `recsys.data.schema`, names in `recsys.data.columns`.
    """

    interactions: pd.DataFrame
    customers: pd.DataFrame | None = None
    products: pd.DataFrame | None = None
    offers: pd.DataFrame | None = None
    touchpoints: pd.DataFrame | None = None
    identities: pd.DataFrame | None = None
    decisions: pd.DataFrame | None = None

    def items(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Name and table of those that are there, in the order of the fields."""
        for field in fields(Tables):
            table = getattr(self, field.name)
            if table is not None:
                yield field.name, table


@dataclass(frozen=True, kw_only=True)
class EndingTables(Tables):
    """Tables of a source that says when its data end.

    Attributes:
        ends: the last UTC moment at which anything in them can have happened; None for now.
    """

    ends: pd.Timestamp | None = None

    @classmethod
    def of(cls, tables: Tables, ends: pd.Timestamp | None) -> "EndingTables":
        """The same tables, with their end."""
        return cls(**dict(tables.items()), ends=ends)
