"""Checks identities: ids were merged only by links that were known at the first cut-off."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.audit.certificate import Check, leak
from recsys.data.audit.features import NO_ORDER, UNDATED
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.chunks import slices


def check_identities(checked: Tables, merged: Tables, cutoff: pd.Timestamp | None) -> Check:
    """Checks that merged ids are connected by links from before the first cut-off.

    Args:
        checked: the tables before ids were merged.
        merged: the same tables with merged ids, rows in the same positions.
        cutoff: the first of the split; None if it cannot be compared with the dates of links.

    Raises:
        InputError: a later link was used; names it.
    """
    links = checked.identities
    if links is None:
        return _identities(0, None, None, cutoff, "no links: every id is a customer")
    date = columns.TIMESTAMP if columns.TIMESTAMP in links else None
    if date is None or cutoff is None:
        return _identities(len(links), date, None, None, UNDATED if date is None else NO_ORDER)
    late = (links[date] >= cutoff).to_numpy(bool)
    groups = _Groups(links)
    old, new = _renamed(checked, merged)
    early_group, any_group = groups.by(~late), groups.by(np.ones(len(links), bool))
    bad = (early_group(old) != early_group(new)) | (early_group(old) < 0)
    if bad.any():
        suspect = np.isin(any_group(links[columns.ID_A]), any_group(old[bad]))
        joins = early_group(links[columns.ID_A]) != early_group(links[columns.ID_B])
        raise _late_link(links, np.flatnonzero(late & suspect & joins), cutoff, old[bad].iloc[0])
    last = links.loc[~late, date].max()
    return _identities(
        len(links),
        date,
        None if pd.isna(last) else last.isoformat(),
        cutoff,
        f"{len(old)} renamed ids found connected by links from before the cut-off",
    )


class _Groups:
    """Groups of linked ids, compared as text: a table may hold 7 where another holds "7"."""

    def __init__(self, links: pd.DataFrame) -> None:
        a, b = (links[column].astype(str) for column in (columns.ID_A, columns.ID_B))
        self._ids = pd.Index(pd.concat([a, b]).unique())
        self._a, self._b = self._ids.get_indexer(pd.Index(a)), self._ids.get_indexer(pd.Index(b))

    def by(self, keep: BoolArray) -> "_Labels":
        """The groups formed by the links that a mask keeps."""
        shape = (len(self._ids), len(self._ids))
        pairs = coo_array((np.ones(keep.sum()), (self._a[keep], self._b[keep])), shape=shape)
        return _Labels(self._ids, connected_components(pairs, directed=False)[1])


class _Labels:
    def __init__(self, ids: pd.Index, group: IntArray) -> None:
        self._ids, self._group = ids, group

    def __call__(self, ids: pd.Series) -> IntArray:
        """[n] the number of each id's group; a different negative number for ids without link."""
        position = self._ids.get_indexer(pd.Index(ids.astype(str)))
        return np.where(position < 0, -1 - np.arange(len(ids)), self._group[position])


def _renamed(checked: Tables, merged: Tables) -> tuple[pd.Series, pd.Series]:
    """The ids that were replaced, and the ids that replaced them, as texts."""
    changes = []
    for name, table in checked.items():
        if columns.CUSTOMER in table:
            before, after = _pairs(table[columns.CUSTOMER], getattr(merged, name)[columns.CUSTOMER])
            ids = pd.DataFrame({"old": before.astype(str), "new": after.astype(str)})
            changes.append(ids[ids["old"] != ids["new"]].drop_duplicates())
    pairs = pd.concat(changes, ignore_index=True)
    return pairs["old"], pairs["new"]


def _pairs(before: pd.Series, after: pd.Series) -> tuple[pd.Index, pd.Index]:
    """The pairs of values that stand in the same row, each at least once."""
    old, new = pd.Categorical(before), pd.Categorical(after)  # no copies of those that are
    of_old = np.full(len(old.categories), -1)
    for chunk in slices(len(before)):
        of_old[old.codes[chunk]] = new.codes[chunk]
    first = np.flatnonzero(of_old >= 0)
    olds, news = [first], [of_old[first]]
    # Usually each id has become one other; a row where it became another one is a further pair.
    for chunk in slices(len(before)):
        codes = old.codes[chunk]
        differs = of_old[codes] != new.codes[chunk]
        if differs.any():
            olds.append(codes[differs])
            news.append(new.codes[chunk][differs])
    return old.categories[np.concatenate(olds)], new.categories[np.concatenate(news)]


def _late_link(
    links: pd.DataFrame, culprits: IntArray, cutoff: pd.Timestamp, renamed: str
) -> InputError:
    where, got = f"customer {renamed}", "no link"
    if len(culprits):
        row = int(culprits[0])
        ids = f"{links[columns.ID_A].iloc[row]} and {links[columns.ID_B].iloc[row]}"
        where = f"row {row} ({ids}), column '{columns.TIMESTAMP}'"
        got = links[columns.TIMESTAMP].iloc[row].isoformat()
    return leak(
        "identities",
        "valid",
        f"identities: {where}",
        f"a link from before the first cut-off {cutoff.isoformat()}",
        got,
        "merge ids only by the links known before it",
    )


def _identities(
    rows: int,
    column: str | None,
    latest: str | None,
    cutoff: pd.Timestamp | None,
    how: str,
) -> Check:
    return Check(
        kind="identities",
        window="valid",
        table="identities",
        column=column,
        rows=rows,
        latest=latest,
        cutoff=None if cutoff is None else cutoff.isoformat(),
        how=how,
    )
