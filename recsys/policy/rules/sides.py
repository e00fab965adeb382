"""Distinct values of the columns that an expression uses: of customers, and of offers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.sql_expressions.expressions import Expression
from recsys.graph.features import as_of
from recsys.policy.rules.offers import Offers, filled_up
from recsys.policy.rules.policy import CUSTOMER_SIDE, OFFER_SIDE


@dataclass(frozen=True, eq=False)
class Sides:
    """The tables that expressions read, by row number.

    Attributes:
        data: the data set; rows of customers count as of its cut-off.
        offers: of the data set.
    """

    data: Dataset
    offers: Offers

    @cached_property
    def customers_table(self) -> pd.DataFrame | None:
        """[C + 1] rows; the last, without values, is that of an unknown customer."""
        table = self.data.side_tables.get("customers")
        if table is None:
            return None
        latest = as_of(table, columns.CUSTOMER, self.data.as_of_seconds)
        rows = self.data.customers.rows(latest[columns.CUSTOMER])
        return filled_up(latest.set_axis(rows), len(self.data.customers) + 1)

    @property
    def known(self) -> dict[str, list[str]]:
        """Table, as expressions name it, -> its columns."""
        tables = {"customer": self.customers_table, "product": self.offers.products_table,
                  "offer": self.offers.about}  # fmt: skip
        return {name: [str(label) for label in table.columns]
                for name, table in tables.items() if table is not None}  # fmt: skip

    def of_customers(self, expression: Expression) -> tuple[IntArray, pd.DataFrame]:
        """Group [C + 1] of each customer (unknown ones last), and the values [G] of the groups."""
        count = len(self.data.customers) + 1
        chosen = expression.of(CUSTOMER_SIDE)
        if not chosen or self.customers_table is None:
            return np.zeros(count, np.int64), pd.DataFrame(index=range(1))
        return _distinct(
            pd.DataFrame({f"{table}.{name}": self.customers_table[name] for table, name in chosen})
        )

    def of_products(self, expression: Expression) -> tuple[IntArray, pd.DataFrame]:
        """Group [M] of each product of each offer, and the values [H] of the groups."""
        chosen, offers = expression.of(OFFER_SIDE), self.offers
        if not chosen:
            return np.zeros(len(offers.products), np.int64), pd.DataFrame(index=range(1))
        values = {}
        for table, name in chosen:
            source, rows = offers.products_table, offers.products
            if table == "offer":
                source, rows = offers.about, offers.owners
            assert source is not None  # `require_columns` has checked it
            values[f"{table}.{name}"] = source[name].take(rows).reset_index(drop=True)
        return _distinct(pd.DataFrame(values))


def _distinct(table: pd.DataFrame) -> tuple[IntArray, pd.DataFrame]:
    groups = table.groupby(list(table.columns), dropna=False, sort=False).ngroup().to_numpy()
    firsts = np.unique(groups, return_index=True)[1]
    return groups, table.iloc[firsts].reset_index(drop=True)
