"""Ids that are text, without a Python object each: an Arrow column that reads like an array.

Arrow makes arrays from buffers here, because `pa.array` and `to_numpy` import pandas where it is
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
        places: [n] where in `ascending` the id of each row stands.
        is_uuid: whether elements are UUIDs.
    """

    dtype, ndim = np.dtype(object), 1

    def __init__(self, ascending: pa.StringArray, places: IntArray, is_uuid: bool) -> None:
        self.ascending, self.places, self.is_uuid = ascending, places, is_uuid

    @property
    def shape(self) -> tuple[int]:
        """Of the array."""
        return (len(self.places),)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: Any) -> Any:
        places = self.places[rows]
        if np.ndim(places) == 0:
            text = self.ascending[int(places)].as_py()
            return UUID(text) if self.is_uuid else text
        texts = self.ascending.take(row_numbers(places)).to_pylist()
        found = np.empty(len(texts), dtype=object)
        found[:] = [UUID(text) for text in texts] if self.is_uuid else texts
        return found

    def __iter__(self) -> Iterator[str | UUID]:
        return iter(self[:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> IdArray:
        found: IdArray = self[:]
        return found if dtype is None else found.astype(dtype)

    def tolist(self) -> list[str | UUID]:
        """All, by row number."""
        found: list[str | UUID] = self[:].tolist()
        return found

    def texts(self) -> pa.StringArray:
        """All, by row number, as Arrow has them."""
        return self.ascending.take(row_numbers(self.places))


def row_numbers(values: IntArray) -> pa.Int32Array:
    """Row numbers [n] as Arrow takes them."""
    buffer = pa.py_buffer(np.ascontiguousarray(values, np.int32))
    return pa.Array.from_buffers(pa.int32(), len(values), [None, buffer])


def strings(values: Sequence[str]) -> pa.StringArray:
    """Texts [n] as Arrow keeps them."""
    encoded = [value.encode() for value in values]
    ends = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(one) for one in encoded], out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def numbers(column: pa.Array | pa.ChunkedArray, dtype: type[np.integer[Any]]) -> IntArray:
    """[n] numbers of a column without nulls. Raises `ValueError` where there are some."""
    if column.null_count:
        raise ValueError("a number is missing")
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    whole = whole.cast(pa.from_numpy_dtype(dtype))
    if not len(whole):
        return np.zeros(0, dtype)
    return np.frombuffer(whole.buffers()[1], dtype, len(whole), whole.offset * dtype().itemsize)
