"""The eight tables together, as a source returns them and a `Dataset` is built from them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Tables with outside ids; only `interactions` is required.

    `recsys.data.schema.SCHEMAS` lists the columns of each, `recsys.data.columns` has their names.

    Attributes:
        interactions: one row per event.
        customers: one row per customer, or several dated by `valid_from`.
        products: one row per product.
        offers: what the firm offers, one row per offer and product.
        touchpoints: one row per touchpoint.
        identities: pairs of ids that belong to the same person.
        decisions: logged offers, their propensities and outcomes.
        records: one row per record that a source keeps of a person. Identity resolution links
            them; a `Dataset` does not hold them, since no model may read personal data.
    """

    interactions: pd.DataFrame
    customers: pd.DataFrame | None = None
    products: pd.DataFrame | None = None
    offers: pd.DataFrame | None = None
    touchpoints: pd.DataFrame | None = None
    identities: pd.DataFrame | None = None
    decisions: pd.DataFrame | None = None
    records: pd.DataFrame | None = None

    def items(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Names and tables that are not None, in the order of the fields."""
        for field in fields(Tables):
            table = getattr(self, field.name)
            if table is not None:
                yield field.name, table


@dataclass(frozen=True, kw_only=True)
class EndingTables(Tables):
    """Tables of a source that knows when its data end.

    Attributes:
        ends: the last UTC moment at which a row can have happened; None for now.
    """

    ends: pd.Timestamp | None = None

    @classmethod
    def of(cls, tables: Tables, ends: pd.Timestamp | None) -> "EndingTables":
        """The same tables, with their end."""
        return cls(**dict(tables.items()), ends=ends)


@dataclass(frozen=True, kw_only=True)
class StoredTables(EndingTables):
    """Tables whose interactions were checked part by part, when they were put into a store.

    Attributes:
        outline: a small table of interactions that passes the checks of a whole table if, and only
            if, all parts together do.
        reread: loads the tables from their files, unchecked, for an error that names their rows.
    """

    outline: pd.DataFrame
    reread: Callable[[], Tables]


def end_of_tables(tables: Tables) -> pd.Timestamp | None:
    """The last UTC moment at which a row can have happened; None for now."""
    return tables.ends if isinstance(tables, EndingTables) else None
