"""Ids of persons that stay the same from run to run, also when records join or leave."""

from collections.abc import Collection
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns

PERSON = "person_id"
MERGED, SPLIT = "merged", "split"


class PersonIds(NamedTuple):
    """The id of each record's person, and what became of former ids.

    Attributes:
        of_record: [n] texts.
        changes: former id, id, what happened (merged, split), records: one row for each former id
            whose records now have another id.
    """

    of_record: pd.Series
    changes: pd.DataFrame


def person_ids(
    ids: pd.Series,
    cluster: IntArray,
    former: pd.DataFrame | None = None,
    retired: Collection[str] = (),
) -> PersonIds:
    """Gives each cluster an id.

    A former id goes to the cluster that holds most of the records that had it. A cluster that may
    have several keeps the one of most of its records. Of equals, the smallest id counts. So a merge
    keeps the id of the larger part, and a split leaves it with the larger part. Clusters without a
    former id get a new one, made from their smallest record id, and never one that others had.

    Args:
        ids: [n] of the records.
        cluster: [n] number of each record's cluster, from 0.
        former: record_id and person_id of a former run; None for the first run.
        retired: ids of persons that are no more.
    """
    texts = pd.Series(ids.astype("str").to_numpy())
    kept = _kept_ids(texts, cluster, former)
    taken = set(retired) | (set() if former is None else set(former[PERSON]))
    smallest = texts.groupby(cluster).min()
    names = smallest.index.map(kept).to_numpy(object) if kept else np.full(len(smallest), None)
    fresh = np.array([name is None or name != name for name in names], bool)
    names[fresh] = _new_ids(smallest[fresh], taken)
    of_record = pd.Series(names[cluster], dtype="str")
    return PersonIds(of_record, _changes(texts, of_record, former))


def _kept_ids(texts: pd.Series, cluster: IntArray, former: pd.DataFrame | None) -> dict[int, str]:
    if former is None or former.empty:
        return {}
    had = former.set_index(former[columns.RECORD].astype("str"))[PERSON].reindex(texts)
    table = pd.DataFrame({"cluster": cluster, "id": had.to_numpy()}).dropna()
    counts = table.groupby(["cluster", "id"]).size().rename("records").reset_index()
    by_id = counts.sort_values(["id", "records", "cluster"], ascending=[True, False, True])
    heirs = by_id.drop_duplicates("id")
    heirs = heirs.sort_values(["cluster", "records", "id"], ascending=[True, False, True])
    heirs = heirs.drop_duplicates("cluster")
    return dict(zip(heirs["cluster"].tolist(), heirs["id"].tolist(), strict=True))


def _new_ids(records: pd.Series, taken: set[str]) -> list[str]:
    """An id for each text, none of them taken."""
    hashes = pd.util.hash_array(records.to_numpy(object), categorize=False)
    names = [f"P{value:016x}" for value in hashes.tolist()]
    if len(set(names)) == len(names) and taken.isdisjoint(names):
        return names
    used = set(taken)
    for position, record in enumerate(records.tolist()):
        attempt = 0
        while names[position] in used:
            attempt += 1
            names[position] = (
                f"P{blake2b(f'{record}/{attempt}'.encode(), digest_size=8).hexdigest()}"
            )
        used.add(names[position])
    return names


def _changes(texts: pd.Series, of_record: pd.Series, former: pd.DataFrame | None) -> pd.DataFrame:
    names = ["former_id", PERSON, "change", "records"]
    if former is None or former.empty:
        return pd.DataFrame({name: [] for name in names})
    had = former.set_index(former[columns.RECORD].astype("str"))[PERSON].reindex(texts)
    table = pd.DataFrame({"former_id": had.to_numpy(), PERSON: of_record}).dropna()
    still = set(table.loc[table["former_id"] == table[PERSON], PERSON])
    counts = table.groupby(["former_id", PERSON]).size().rename("records").reset_index()
    changed = counts[counts["former_id"] != counts[PERSON]]
    what = np.where(changed["former_id"].isin(still), SPLIT, MERGED)
    return changed.assign(change=what)[names].reset_index(drop=True)
