"""Which offers a signal raises, for which customers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.customers.signals.detect import Detected
from recsys.customers.signals.library import CATEGORY, Signal
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.offer_rows import offer_rows
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest


@dataclass(frozen=True, eq=False)
class RaisedOffers:
    """O offers, and the products that they cover.

    Attributes:
        ids: [O] as text, each once.
        owners: [M] offer of each pair of an offer and a product.
        products: [M] row number of the product.
    """

    ids: pd.Index
    owners: IntArray
    products: IntArray

    @classmethod
    def of(cls, data: Dataset) -> "RaisedOffers":
        """Those of the table of offers, or else each product."""
        rows = offer_rows(data)
        if rows is None:
            every = np.arange(len(data.products))
            return cls(pd.Index(data.products.ids.astype(str)), every, every)
        numbers, ids = pd.factorize(rows.about[columns.OFFER].astype(str))
        owners = np.repeat(numbers, np.diff(rows.starts))
        return cls(pd.Index(ids), owners, rows.products)

    def of_signal(self, signal: Signal, data: Dataset) -> BoolArray:
        """[O] bool, offers that a signal may raise."""
        covered = np.ones(len(self.owners), bool)
        if signal.per == "customer" and signal.raises:
            covered = _in_categories(signal, data)[self.products]
        raised = np.zeros(len(self.ids), bool)
        raised[self.owners[covered]] = True
        return raised

    def shown(self, signal: Signal, detected: Detected, data: Dataset) -> IntArray:
        """[n] customer x O + offer, of who shows a signal and the offers it raises."""
        rows = detected.of_signal(signal.name)
        customers, count = detected.customers[rows].astype(np.int64), len(self.ids)
        if signal.per == "product":
            of_products: IntArray = np.arange(len(data.products))
            if signal.raises == (CATEGORY,):
                of_products = _categories(signal, data)
            shows = pd.DataFrame(
                {"customer": customers, "what": of_products[detected.products[rows]]}
            ).drop_duplicates()
            covers = pd.DataFrame(
                {"offer": self.owners, "what": of_products[self.products]}
            ).drop_duplicates()
            pairs = shows[shows["what"] >= 0].merge(covers, on="what")
            return np.unique(pairs["customer"].to_numpy() * count + pairs["offer"].to_numpy())
        offers = np.flatnonzero(self.of_signal(signal, data))
        return np.unique((customers[:, None] * count + offers).ravel())


def _in_categories(signal: Signal, data: Dataset) -> BoolArray:
    """[P] bool, products of the categories of a signal."""
    table = _with_category(signal, data)
    known = set(table[columns.CATEGORY].dropna().astype(str))
    for name in signal.raises:
        if name not in known:
            raise InputError(
                f"signals.{signal.name}.raises: expected categories of products, got '{name}'; "
                f"{nearest(name, sorted(known), 'use one of them')}"
            )
    inside = np.zeros(len(data.products), bool)
    chosen = table[columns.CATEGORY].astype(str).isin(signal.raises)
    inside[data.products.rows(table.loc[chosen, columns.PRODUCT])] = True
    return inside


def _categories(signal: Signal, data: Dataset) -> IntArray:
    """[P] number of each product's category; -1 for none."""
    table = _with_category(signal, data)
    codes, _ = pd.factorize(table[columns.CATEGORY])
    categories = np.full(len(data.products), -1)
    categories[data.products.rows(table[columns.PRODUCT])] = codes
    return categories


def _with_category(signal: Signal, data: Dataset) -> pd.DataFrame:
    table = data.side_tables.get("products")
    if table is None or columns.CATEGORY not in table:
        raise InputError(
            f"signals.{signal.name}.raises: the table of products has no column category; drop the "
            "key"
        )
    return table
