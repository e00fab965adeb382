"""What was known before a window about its customers and about all products."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.errors import InputError
from recsys.evaluation.metrics.catalogue import one_hot


@dataclass(frozen=True, kw_only=True, eq=False)
class CatalogueStatistics:
    """Target events before the window; a customer has a product by a target action, not a view.

    Attributes:
        data: all that precedes the window.
        history: [Q, P] CSR, target events of each query's customer.
        events: [P] target events of each product.
        buyers: [P] number of customers who had it.
        population: number of customers who had anything.
    """

    data: Dataset
    history: csr_array
    events: IntArray
    buyers: IntArray
    population: int

    def select(self, rows: BoolArray | IntArray) -> "CatalogueStatistics":
        """The same for some of the queries."""
        return replace(self, history=self.history[rows])

    @cached_property
    def categories(self) -> IntArray:
        """[P] codes, -1 for a product without category; raises as `product_categories`."""
        return product_categories(self.data)

    @cached_property
    def one_hot(self) -> csr_array:
        """[P, G] 1 for the category of a product; a row of zeros where it has none."""
        return one_hot(self.categories)


def background(window: Window) -> CatalogueStatistics:
    """What was known before a window, for the metrics that need it."""
    past = window.past
    events = past.interactions.select(past.is_target)
    bought = csr_array(
        (np.ones(len(events), np.int32), (events.customers, events.products)),
        shape=(len(past.customers), len(past.products)),
    )
    bought.sum_duplicates()
    return CatalogueStatistics(
        data=past,
        history=bought[window.queries.customers],
        events=np.bincount(events.products, minlength=len(past.products)),
        buyers=np.bincount(bought.indices, minlength=len(past.products)),
        population=int((np.diff(bought.indptr) > 0).sum()),
    )


def has_categories(data: Dataset) -> bool:
    """Whether any product has a category."""
    table = data.side_tables.get("products")
    if table is None or columns.CATEGORY not in table:
        return False
    return bool(table[columns.CATEGORY].notna().any())


def product_categories(data: Dataset) -> IntArray:
    """[P] codes of the column `category`, -1 for a product without one.

    Raises:
        InputError: no product has one.
    """
    if not has_categories(data):
        raise InputError(
            "evaluate.metrics: intra_list_diversity and category_calibration need a column "
            f"'{columns.CATEGORY}' in products, and data={data.name} has none; leave them out"
        )
    table = data.side_tables["products"]
    codes = np.full(len(data.products), -1, np.int64)
    codes[data.products.rows(table[columns.PRODUCT])] = pd.factorize(table[columns.CATEGORY])[0]
    return codes
