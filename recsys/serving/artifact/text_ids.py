"""Text ids without a Python object each: an Arrow column that reads like an array.

Arrow arrays are made from buffers here, because `pa.array` and `to_numpy` import pandas where it is
installed.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from recsys.arrays import IdArray, IntArray


class TextIds:
    """Ids by row number; an element is a str, or a `uuid.UUID`.

    Args:
        ascending: Arrow strings, sorted by their bytes; UUIDs in lower case with hyphens, which
            sort as their bytes do.
        positions: [n] position in `ascending` of the id of each row.
        is_uuid: whether elements are UUIDs.
    """

    dtype, ndim = np.dtype(object), 1

    def __init__(self, ascending: pa.StringArray, positions: IntArray, is_uuid: bool) -> None:
        self.ascending, self.positions, self.is_uuid = ascending, positions, is_uuid

    @property
    def shape(self) -> tuple[int]:
        """Shape of the array."""
        return (len(self.positions),)

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, rows: Any) -> Any:
        positions = self.positions[rows]
        if np.ndim(positions) == 0:
            text = self.ascending[int(positions)].as_py()
            return UUID(text) if self.is_uuid else text
        texts = self.ascending.take(row_numbers(positions)).to_pylist()
        ids = np.empty(len(texts), dtype=object)
        ids[:] = [UUID(text) for text in texts] if self.is_uuid else texts
        return ids

    def __iter__(self) -> Iterator[str | UUID]:
        return iter(self[:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> IdArray:
        ids: IdArray = self[:]
        return ids if dtype is None else ids.astype(dtype)

    def tolist(self) -> list[str | UUID]:
        """All ids, by row number."""
        return list(self[:])

    def texts(self) -> pa.StringArray:
        """All ids, by row number, as Arrow strings."""
        return self.ascending.take(row_numbers(self.positions))


def row_numbers(values: IntArray) -> pa.Int32Array:
    """Row numbers [n] as an Arrow array."""
    buffer = pa.py_buffer(np.ascontiguousarray(values, np.int32))
    return pa.Array.from_buffers(pa.int32(), len(values), [None, buffer])


def strings(values: Sequence[str]) -> pa.StringArray:
    """Texts [n] as an Arrow array."""
    joined: str | bytes = "".join(values)
    parts: Sequence[str] | Sequence[bytes] = values
    if not joined.isascii():
        # Only then a text may have more bytes than characters.
        parts = [value.encode() for value in values]
        joined = b"".join(parts)
    ends = np.zeros(len(parts) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, parts), np.int32, len(parts)), out=ends[1:])
    text = joined if isinstance(joined, bytes) else joined.encode()
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string(), len(parts), buffers)


def numbers(column: pa.Array | pa.ChunkedArray, dtype: type[np.integer[Any]]) -> IntArray:
    """[n] numbers of a column without nulls. Raises `ValueError` for a column with nulls."""
    if column.null_count:
        raise ValueError("a number is missing")
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    array = array.cast(pa.from_numpy_dtype(dtype))
    if not len(array):
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype().itemsize)
