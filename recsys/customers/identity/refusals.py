"""Pairs of records that are not one person, whatever links them: how a merge is undone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

A, B, REASON = "record_a", "record_b", "reason"
REFUSED: Final = "refused.parquet"
"""Name of the table in a folder of a resolution."""


def undo(folder: Path | str, records: Sequence[object], reason: str = "undone") -> int:
    """Takes records out of the persons that they were merged with, now and in all later runs.

    Every pair of one of these records and another record of its person is written into the table
    of refused links, which the next `resolve` obeys. The records stay linked with each other.

    Args:
        folder: of a resolution, with `persons.parquet`.
        records: ids of records.
        reason: kept beside each pair.

    Returns:
        number of pairs that are newly refused.

    Raises:
        InputError: there is no such resolution or record.
    """
    path = Path(folder)
    if not (path / "persons.parquet").is_file():
        raise InputError(f"{path}: expected a folder of recsys identities, with persons.parquet")
    persons = pd.read_parquet(path / "persons.parquet")
    ids = persons[columns.RECORD].astype("str")
    wanted = pd.Index([str(record) for record in records])
    unknown = wanted[~wanted.isin(ids)]
    if len(unknown):
        raise InputError(f"undo: no record '{unknown[0]}' in {path / 'persons.parquet'}")
    taken = ids.isin(wanted)
    table = pd.DataFrame({"person": persons["person_id"], "record": ids})
    pairs = table[taken].merge(table[~taken], on="person", suffixes=("_a", "_b"))
    added = pd.DataFrame({A: pairs["record_a"], B: pairs["record_b"]}).assign(**{REASON: reason})
    former = read_refused(path)
    both = pd.concat([former, added], ignore_index=True).drop_duplicates([A, B])
    write_whole(path / REFUSED, both.to_parquet(index=False), "undo")
    return len(both) - len(former)


def read_refused(folder: Path) -> pd.DataFrame:
    """The table of refused links of a folder: record_a, record_b, reason; empty without one."""
    if not (folder / REFUSED).is_file():
        return no_refusals()
    return pd.read_parquet(folder / REFUSED)


def no_refusals() -> pd.DataFrame:
    """An empty table of refused links."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in (A, B, REASON)})


def refused_rows(refused: pd.DataFrame, ids: pd.Series) -> IntArray:
    """[m, 2] positions of the refused pairs whose records are both there.

    Args:
        refused: record_a, record_b.
        ids: [n] of the records.

    Raises:
        InputError: a record is refused with itself.
    """
    same = (refused[A].astype("str") == refused[B].astype("str")).to_numpy(bool)
    if same.any():
        row = int(same.argmax())
        raise InputError(
            f"refused: row {row}: expected two records, got '{refused[A].iloc[row]}' twice; drop "
            "the row"
        )
    index = pd.Index(ids.astype("str"))
    rows = np.column_stack(
        [index.get_indexer(pd.Index(refused[name].astype("str"))) for name in (A, B)]
    )
    return rows[(rows >= 0).all(axis=1)].astype(np.int64)
