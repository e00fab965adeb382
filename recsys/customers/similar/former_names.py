"""Clusters of today keep the names that clusters of most of the same customers had before."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import IdArray, IntArray
from recsys.customers.similar.list_file import read_list
from recsys.customers.similar.profile import untaken
from recsys.data import columns
from recsys.data.codes import read_ids
from recsys.errors import InputError

CLUSTER = "cluster"
"""Column of the name of a customer's cluster."""
_LEAST = 1 / 3
"""Shared customers over those of either: half of each, where both are of one size."""


def read_former(path: Path) -> pd.Series:
    """Names of clusters by customer id, from a file that `recsys similar clusters=` wrote.

    Raises:
        InputError: it cannot be read, or lacks a column or rows.
    """
    table = read_list("former", path, (columns.CUSTOMER, CLUSTER))
    named = table.dropna(subset=[CLUSTER])
    ids = read_ids(named[columns.CUSTOMER])
    if ids.duplicated().any():
        raise InputError(
            f"former={path}: expected each customer once, got {ids[ids.duplicated()].iloc[0]} twice"
        )
    return pd.Series(named[CLUSTER].astype(str).to_numpy(object), index=pd.Index(ids))


def kept_names(
    names: Sequence[str], labels: IntArray, customers: IdArray, former: pd.Series
) -> list[str]:
    """The former name of each cluster that is still the same, else its own.

    Clusters are paired one to one with former ones so that the sum of shared customers over those
    of either (Jaccard, 1912) is greatest; of customers who are in both. A pair keeps the former
    name from a third on.

    Args:
        names: [K] own names, unique.
        labels: [n] cluster of each customer.
        customers: [n] ids.
        former: names by id.

    Returns:
        [K] unique names.
    """
    # Imported late: it takes long.
    from scipy.optimize import linear_sum_assignment

    was = former.reindex(pd.Index(customers))
    known = was.notna().to_numpy(bool)
    codes, former_names = pd.factorize(was[known], sort=True)
    shared = np.zeros((len(names), len(former_names)))
    np.add.at(shared, (labels[known], codes), 1)
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    alike = shared / np.maximum(either, 1)
    rows, matched = linear_sum_assignment(alike, maximize=True)
    kept = {
        int(row): str(former_names[int(column)])
        for row, column in zip(rows, matched, strict=True) if alike[row, column] >= _LEAST
    }  # fmt: skip
    taken = set(kept.values())
    made = []
    for cluster, own in enumerate(names):
        name = kept[cluster] if cluster in kept else untaken(own, taken)
        taken.add(name)
        made.append(name)
    return made
