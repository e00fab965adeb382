"""`PurposeTree`: which products serve the same purpose, and which purposes go together."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IdArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset

OTHER = "other"
"""Name of the purpose of products that no customer turned to together with others."""
_NAMED_BY = 2
_PARTS = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A partition of products that was tried.

    Attributes:
        gap: seconds (positions of an order) of its graph.
        resolution: of Leiden's algorithm.
        purposes: how many it has.
        agreement: adjusted Rand index of the partitions of two halves of the customers.
    """

    gap: float
    resolution: float
    purposes: int
    agreement: float


@dataclass(frozen=True, kw_only=True, eq=False)
class PurposeTree:
    """Purposes K of products P, and the broad purposes B that they belong to.

    Attributes:
        purpose: [P] row number of the purpose of each product.
        names: [K] of purposes.
        broad: [K] row number of the broad purpose of each purpose.
        broad_names: [B].
        column: of products that gave the purposes; None where the graph did.
        tried: partitions of the graph that were compared.
        chosen: the one that was taken; None where a column gave the purposes, or none was found.
    """

    purpose: IntArray
    names: tuple[str, ...]
    broad: IntArray
    broad_names: tuple[str, ...]
    column: str | None
    tried: tuple[Candidate, ...] = ()
    chosen: Candidate | None = None


def product_values(data: Dataset, name: str) -> pd.Series:
    """[P] what the first row of each product has in a column of the table of products."""
    table = data.side_tables["products"]
    first = table.drop_duplicates(columns.PRODUCT).set_index(columns.PRODUCT)[name]
    return first.reindex(data.products.ids)


def product_names(data: Dataset) -> IdArray:
    """[P] object, the name of each product, its id where the table of products gives none."""
    ids = data.products.ids.astype(str).astype(object)
    table = data.side_tables.get("products")
    if table is None or columns.NAME not in table:
        return ids
    names = product_values(data, columns.NAME).astype(object)
    return np.where(names.isna(), ids, names.astype(str))


def purpose_names(data: Dataset, used: BoolArray, purpose: IntArray, count: int) -> tuple[str, ...]:
    """Names of purposes by their most frequent products, all different.

    Args:
        data: names of products.
        used: [E] bool, events that count.
        purpose: [P] of each product.
        count: number of purposes.
    """
    often = np.bincount(data.interactions.products[used], minlength=len(data.products))
    names = product_names(data)
    rows = np.flatnonzero(purpose >= 0)
    rows = rows[np.lexsort((data.products.ids[rows].astype(str), -often[rows], purpose[rows]))]
    named: list[list[str]] = [[] for _ in range(count)]
    for row in rows:
        if len(named[purpose[row]]) < _NAMED_BY:
            named[purpose[row]].append(str(names[row]))
    return distinct([", ".join(each) or OTHER for each in named])


def joined_names(names: tuple[str, ...], group: IntArray) -> tuple[str, ...]:
    """Names of groups by the first names in each; names are in order of weight."""
    joined = []
    for one in range(int(group.max(initial=-1)) + 1):
        members = [names[row] for row in np.flatnonzero(group == one)]
        more = f" and {len(members) - _PARTS} more" if len(members) > _PARTS else ""
        joined.append(", ".join(members[:_PARTS]) + more)
    return distinct(joined)


def distinct(names: list[str]) -> tuple[str, ...]:
    """The names, those that occur again with a number."""
    had: Counter[str] = Counter()
    made = []
    for name in names:
        had[name] += 1
        made.append(name if had[name] == 1 else f"{name} ({had[name]})")
    return tuple(made)
