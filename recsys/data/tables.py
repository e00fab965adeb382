"""The seven tables as one value; a source returns it, a `Dataset` is built from it."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Tables as they came in, with outside ids; only `interactions` is required.

    Columns are listed in `recsys.data.schema`, names in `recsys.data.columns`. Beside the tables,
    `ends` is the last UTC moment at which anything in them can have happened; None for now.
    """

    interactions: pd.DataFrame
    customers: pd.DataFrame | None = None
    products: pd.DataFrame | None = None
    offers: pd.DataFrame | None = None
    touchpoints: pd.DataFrame | None = None
    identities: pd.DataFrame | None = None
    decisions: pd.DataFrame | None = None
    # Not `pd.Timestamp`, which tables by name, `Tables(**frames)`, would be taken for.
    ends: Any = None

    def items(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Name and table of those that are there, in the order of the fields."""
        for name in TABLE_NAMES:
            table = getattr(self, name)
            if table is not None:
                yield name, table


TABLE_NAMES = tuple(field.name for field in fields(Tables) if field.name != "ends")
"""The names of the seven, in the order of the fields."""
