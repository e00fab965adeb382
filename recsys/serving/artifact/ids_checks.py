"""Checks that a file of ids is as `ids_file` writes it: binary search needs sorted ids.

Hashes do not show that, because the writer of a file writes its hash too.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import IntArray
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.text_ids import numbers

COUNTED = {
    "customer": "customer_rows", "product": "products", "touchpoint": "touchpoints",
    "offer": "offers", "feature": "features",
}  # fmt: skip
"""Kind of id -> its name among the counts of a manifest."""
_UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


def require_counted(parts: Mapping[str, pa.Table], lines: int, counts: Mapping[str, int]) -> None:
    """Raises `ValueError` unless there are exactly as many ids of each kind as `counts` says."""
    for kind, name in COUNTED.items():
        if len(parts[kind]) != counts.get(name, 0):
            raise ValueError(
                f"ids.parquet has {len(parts[kind]):,} {kind} ids where there are "
                f"{counts.get(name, 0):,}"
            )
    if sum(map(len, parts.values())) != lines:
        raise ValueError("ids.parquet has lines of an unknown kind")


def require_in_order(kind: str, part: pa.Table) -> None:
    """Raises `ValueError` unless the rows are 0 to n - 1 in this order."""
    if not np.array_equal(numbers(part["row"], np.int64), np.arange(len(part))):
        raise ValueError(f"the rows of the {kind} ids are not 0 to {len(part) - 1:,} in order")


def require_ascending(ids: SortedIds, strands: pa.ChunkedArray | None) -> None:
    """Raises `ValueError` unless ids ascend, and strands ascend among equal ids."""
    if len(ids.rows) < 2:
        return
    if isinstance(ids.ids, np.ndarray):
        descends, repeats = ids.ids[1:] < ids.ids[:-1], ids.ids[1:] == ids.ids[:-1]
    else:
        after, before = ids.ids.slice(1), ids.ids.slice(0, len(ids.ids) - 1)
        descends = numbers(pc.less(after, before), np.uint8).astype(bool)
        repeats = numbers(pc.equal(after, before), np.uint8).astype(bool)
    if strands is not None:
        repeats = repeats & (np.diff(numbers(strands, np.int64)) <= 0)
    if descends.any() or repeats.any():
        raise ValueError(f"the {ids.kind} ids are not sorted, or one appears twice")


def require_rows(kind: str, rows: IntArray) -> None:
    """Raises `ValueError` unless rows [n] are 0 to n - 1, each once, in any order."""
    if len(rows) and (rows.min() < 0 or rows.max() >= len(rows)):
        raise ValueError(f"the rows of the {kind} ids are not 0 to {len(rows) - 1:,}")
    if len(rows) and np.bincount(rows).max() > 1:
        raise ValueError(f"a row of the {kind} ids appears twice")


def require_uuids(kind: str, ids: pa.StringArray) -> None:
    """Raises `ValueError` unless all ids are UUIDs in lower case with hyphens."""
    if len(ids) and not pc.all(pc.match_substring_regex(ids, _UUID)).as_py():
        raise ValueError(f"a {kind} id is no UUID")
