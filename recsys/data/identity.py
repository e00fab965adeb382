"""Identity resolution: linked ids become one customer."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.categories import mapped
from recsys.data.records import joined_records
from recsys.data.tables import Tables
from recsys.data.vocabulary import normalise_ids
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True)
class IdentityRules:
    """Which links between ids are used.

    A plain dataclass with its own checks, because the library builds it without Hydra and pydantic.

    Attributes:
        min_confidence: links below it, 0 to 1, are left out; a link without confidence counts as 1.
        largest: groups of more linked ids than this are not merged: a shared kiosk is no person.
    """

    min_confidence: float = 0.5
    largest: int = 20

    def __post_init__(self) -> None:
        """Raises `InputError` where a value is out of range."""
        if not 0 <= self.min_confidence <= 1:
            raise InputError(
                f"identity.min_confidence: expected a number >= 0 and <= 1, got "
                f"{self.min_confidence}"
            )
        if self.largest < 1:
            raise InputError(
                f"identity.largest: expected a whole number of at least 1, got {self.largest}"
            )


def merge_identities(
    tables: Tables, rules: IdentityRules, before: pd.Timestamp | None = None
) -> Tables:
    """Replaces every alias by the id of its person, in all tables with a column customer_id.

    A group of linked ids gets the id that is in the customers table, or else its smallest id.
    `joined_records` joins the rows of customers that then describe the same person.

    Args:
        tables: checked.
        rules: which links are used.
        before: only links dated before this UTC moment (or undated) are used, so that a merge
            reads nothing of the future; None for all links.
    """
    if tables.identities is None:
        return tables
    links = used_links(tables.identities, rules, before)
    person_of = _persons(links, tables.customers, rules.largest)
    merged = {}
    for name in ("interactions", "customers", "decisions"):
        table = getattr(tables, name)
        if table is None:
            continue
        persons = mapped(table[columns.CUSTOMER], lambda ids: _renamed(ids, person_of))
        merged[name] = (
            joined_records(table, persons)
            if name == "customers"
            else table.assign(**{columns.CUSTOMER: persons})
        )
    return replace(tables, **merged)


def used_links(
    links: pd.DataFrame, rules: IdentityRules, before: pd.Timestamp | None = None
) -> pd.DataFrame:
    """The rows of a table of links that count; arguments as for `merge_identities`."""
    keep = pd.Series(True, index=links.index)
    if columns.CONFIDENCE in links:
        keep &= links[columns.CONFIDENCE].fillna(1.0) >= rules.min_confidence
    if before is not None and columns.TIMESTAMP in links:
        keep &= links[columns.TIMESTAMP].isna() | (links[columns.TIMESTAMP] < before)
    return links[keep]


def _renamed(ids: pd.Series, person_of: pd.Series) -> pd.Series:
    """Distinct ids with those that are linked replaced by their persons."""
    # Looked up as text: a table may hold 7 where another, with ids such as "kiosk", holds "7".
    positions = person_of.index.get_indexer(pd.Index(ids.astype(str)))
    is_linked = positions >= 0
    if not is_linked.any():
        return ids
    persons = person_of.to_numpy()[positions[is_linked]]
    if ids.dtype == "str":
        renamed = ids.copy()
        renamed[is_linked] = [str(person) for person in persons]
        return renamed
    # `Series.map` would turn whole numbers into floats where an id is in no group.
    objects = ids.to_numpy(object)
    objects[is_linked] = persons
    return normalise_ids(pd.Series(objects))


def linked_groups(links: pd.DataFrame) -> tuple[pd.Index, IntArray]:
    """The ids of a table of links [n], sorted, and the number [n] of each id's group."""
    ends = normalise_ids(pd.concat([links[columns.ID_A], links[columns.ID_B]], ignore_index=True))
    codes, ids = pd.factorize(ends, sort=True)
    a, b = codes[: len(links)], codes[len(links) :]
    shape = (len(ids), len(ids))
    _, group = connected_components(coo_array((np.ones(len(links)), (a, b)), shape=shape), False)
    return pd.Index(ids), group


def _persons(links: pd.DataFrame, customers: pd.DataFrame | None, largest: int) -> pd.Series:
    """Id as text -> id of its person, for ids in groups of at most `largest`."""
    ids, group = linked_groups(links)
    texts = pd.Index(ids.astype(str))
    registered = np.zeros(len(ids), bool)
    if customers is not None:
        # The few linked ids are the hash, not all customers; `Index.isin` makes objects of these.
        there = texts.get_indexer(pd.Index(customers[columns.CUSTOMER].unique()).astype(str))
        registered[there[there >= 0]] = True
    # Registered ids first, then the sorted order that factorize gave.
    order = np.lexsort((np.arange(len(ids)), ~registered, group))
    is_leader = np.r_[True, np.diff(group[order]) > 0] if len(ids) else np.zeros(0, bool)
    leader = np.empty(np.count_nonzero(is_leader), dtype=object)
    leader[:] = np.asarray(ids, dtype=object)[order[is_leader]]
    merged = np.bincount(group, minlength=len(leader))[group] <= largest
    return pd.Series(leader[group][merged], index=texts[merged], dtype=object)
