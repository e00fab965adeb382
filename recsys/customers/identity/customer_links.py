"""The customers of one person, as a table `identities` that a data set merges by."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from recsys.arrays import IntArray
from recsys.customers.identity.keys import A, B
from recsys.customers.identity.resolve import Resolution
from recsys.data import columns


def linked_customers(resolution: Resolution) -> pd.DataFrame:
    """Links each customer of a person with the first of them; empty where records name none.

    The kind is `person`. Where records have a timestamp, that of a link is the moment from which a
    chain of links joins the two: of all chains, the one whose latest record is the earliest. So
    merging at a cut-off uses no record from after it.
    """
    records = resolution.records
    names = [columns.ID_A, columns.ID_B, columns.KIND]
    if columns.CUSTOMER not in records:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in names})
    is_dated = columns.TIMESTAMP in records
    moments = records[columns.TIMESTAMP] if is_dated else pd.Series(pd.NaT, records.index)
    table = pd.DataFrame({columns.ID_B: records[columns.CUSTOMER], "cluster": resolution.cluster})
    table = table.assign(moment=moments, row=np.arange(len(records))).dropna(subset=[columns.ID_B])
    table = table.sort_values("moment", na_position="first", kind="stable")
    firsts = table.groupby("cluster", sort=False)[[columns.ID_B, "row"]].transform("first")
    several = table["cluster"].map(table.groupby("cluster")[columns.ID_B].nunique()) > 1
    table.insert(0, columns.ID_A, firsts[columns.ID_B])
    table.insert(2, columns.KIND, "person")
    table, firsts = table[several], firsts[several]
    if is_dated:
        latest = _latest_on_the_way(resolution, moments, firsts["row"].unique())
        table[columns.TIMESTAMP] = moments.take(latest[table["row"].to_numpy()]).to_numpy()
        table[columns.TIMESTAMP] = table[columns.TIMESTAMP].astype(moments.dtype)
        table = table.sort_values(columns.TIMESTAMP, na_position="first", kind="stable")
    table = table.drop_duplicates([columns.ID_A, columns.ID_B])
    links = table[table[columns.ID_A] != table[columns.ID_B]]
    kept = [*names, *([columns.TIMESTAMP] if is_dated else [])]
    return links[kept].reset_index(drop=True)


def _latest_on_the_way(resolution: Resolution, moments: pd.Series, roots: IntArray) -> IntArray:
    """[n] the latest record on the way from a root to each record, of ways the earliest.

    A spanning tree that is minimal in dates holds such a way for every pair.

    Args:
        resolution: whose links are gone along.
        moments: [n] of the records; missing ones are the earliest.
        roots: position of one record in each cluster of interest.
    """
    size = len(moments)
    order = moments.argsort(kind="stable").to_numpy()
    order = np.concatenate([order[moments.isna().to_numpy()[order]],
                            order[moments.notna().to_numpy()[order]]])  # fmt: skip
    rank = np.empty(size, np.int64)
    rank[order] = np.arange(size)
    links = resolution.links[[A, B]].drop_duplicates()
    a, b = links[A].to_numpy(np.int64), links[B].to_numpy(np.int64)
    tree = minimum_spanning_tree(
        coo_array((np.maximum(rank[a], rank[b]) + 1.0, (a, b)), shape=(size, size)).tocsr()
    ).tocoo()
    # One more node, joined to all roots, so that one walk reaches all clusters.
    rows = np.concatenate([tree.row, np.full(len(roots), size)])
    ends = np.concatenate([tree.col, roots])
    graph = coo_array((np.ones(len(rows)), (rows, ends)), shape=(size + 1, size + 1)).tocsr()
    walk, before = breadth_first_order(graph, size, directed=False)
    latest = np.append(rank, -1).tolist()
    for node in walk[1:].tolist():
        latest[node] = max(latest[node], latest[before[node]])
    return order[np.array(latest[:size], np.int64)]
