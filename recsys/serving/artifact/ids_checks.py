"""Checks that a file of ids is as `ids_file` writes it: binary search needs sorted ids.

Hashes do not show that, because the writer of a file writes its hash too.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.arrays import IntArray
from recsys.ops.parquet_bounds import text_bytes
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.mapped import Content
from recsys.serving.artifact.text_ids import numbers

COUNTED = {
    "customer": "customer_rows", "product": "products", "touchpoint": "touchpoints",
    "offer": "offers", "feature": "features",
}  # fmt: skip
"""Kind of id -> its name among the counts of a manifest."""
BYTES_A_LINE, _SPARE_BYTES = 1024, 2**20
"""What ids.parquet may hold for each line on average; a larger file is not read."""
_TEXTS = ("kind", "id", "name", "category")
_COLUMNS = (*_TEXTS, "row", "strand")
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


def bounded_table(raw: Content, counts: Mapping[str, int]) -> pa.Table:
    """The table with plain texts, refused where it is larger than ids can be."""
    # pq.read_table would import pandas where it is installed.
    file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(raw)), read_dictionary=list(_TEXTS))
    footer, names = file.metadata, file.schema_arrow.names
    if sorted(names) != sorted(_COLUMNS):
        raise ValueError(f"ids.parquet has the columns {', '.join(names[:20])}")
    # Format 1 had no offers, and format 2 no features.
    expected = sum(counts.get(name, 0) for name in COUNTED.values())
    if not expected <= footer.num_rows <= expected + 127:
        raise ValueError(
            f"ids.parquet has {footer.num_rows:,} lines where the manifest counts {expected:,}"
        )
    groups = range(footer.num_row_groups)
    sizes = [footer.row_group(group).total_byte_size for group in groups]
    _require_bytes(sum(sizes), footer.num_rows)
    # Column by column and in one thread to limit the memory in use at a time.
    columns = {
        name: _column(file.read(columns=[name], use_threads=False)[name], name, footer.num_rows)
        for name in names
    }
    return pa.table(columns, metadata=file.schema_arrow.metadata)


def _column(column: pa.ChunkedArray, name: str, lines: int) -> pa.ChunkedArray:
    """The column with plain texts, refused where they would be too long."""
    if name not in _TEXTS:
        return column
    _require_bytes(text_bytes(column), lines)
    return column.cast(pa.string())


def _require_bytes(size: int, lines: int) -> None:
    if size > allowed_bytes(lines):
        raise ValueError(f"ids.parquet would unpack to {size:,} bytes for {lines:,} ids")


def allowed_bytes(lines: int) -> int:
    """The largest size of ids.parquet in memory, for its number of lines."""
    return BYTES_A_LINE * lines + _SPARE_BYTES
