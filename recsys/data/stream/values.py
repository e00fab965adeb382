"""Numbers and moments of a stream, and cells of the few columns that are neither, nor texts."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.arrays import BoolArray
from recsys.data.arrow_frame import frame_of
from recsys.data.stream.pieces import Pieces
from recsys.ops.memory import Memory

_NO_TIME = np.iinfo(np.int64).min
"""What pandas takes for no time."""


class Numbers:
    """Whole numbers or floats [n] of one type.

    Args:
        memory: holds them.
        kind: their type in Arrow.
    """

    def __init__(self, memory: Memory, kind: pa.DataType) -> None:
        self._kind, self._memory = kind, memory
        self._values = Pieces(memory)
        self._nulls: list[BoolArray | None] = []

    def add(self, chunk: pa.Array) -> None:
        """Takes the numbers [m] of a batch."""
        if pa.types.is_floating(self._kind):  # null is NaN
            self._values.append(chunk.to_numpy(zero_copy_only=False))
            self._nulls.append(None)
            return
        has_gaps = chunk.null_count > 0
        self._values.append((chunk.fill_null(0) if has_gaps else chunk).to_numpy())
        self._nulls.append(_nulls(chunk) if has_gaps else None)

    def arrays(self) -> Iterator[pa.Array]:
        """The batches again, as they came."""
        for values, nulls in zip(self._values, self._nulls, strict=True):
            yield pa.array(values, self._kind, mask=nulls, from_pandas=True)

    def column(self) -> pd.Series:
        """[n] in numpy's type; whole numbers with gaps as `Int64` and its kin."""
        sizes = [len(piece) for piece in self._values]
        values = self._values.joined(self._kind.to_pandas_dtype())
        if all(nulls is None for nulls in self._nulls):
            return pd.Series(values, copy=False)
        mask, start = self._memory.allocate(len(values), bool), 0
        for size, nulls in zip(sizes, self._nulls, strict=True):
            mask[start : start + size] = False if nulls is None else nulls
            start += size
        return pd.Series(pd.arrays.IntegerArray(values, mask), copy=False)


class Moments:
    """Times [n] of one unit and zone.

    Args:
        memory: holds them.
        kind: their type in Arrow.
    """

    def __init__(self, memory: Memory, kind: pa.DataType) -> None:
        self._kind = kind
        self._values = Pieces(memory)

    def add(self, chunk: pa.Array) -> None:
        """Takes the times [m] of a batch."""
        whole = chunk.cast(pa.int64())
        self._values.append((whole.fill_null(_NO_TIME) if whole.null_count else whole).to_numpy())

    def arrays(self) -> Iterator[pa.Array]:
        """The batches again, as they came."""
        for piece in self._values:
            yield pa.array(piece, mask=piece == _NO_TIME).cast(self._kind)

    def column(self) -> pd.Series:
        """[n] with unit and zone of the batches."""
        values = self._values.joined(np.int64)
        dtype = pa.array([], self._kind).to_pandas().dtype
        if not isinstance(dtype, pd.DatetimeTZDtype):
            return pd.Series(values.view(dtype), copy=False)
        return pd.Series(pd.array(values, dtype=dtype, copy=False), copy=False)


class Others:
    """Cells [n] of any further type, as Arrow holds them: flags, bytes, durations."""

    def __init__(self) -> None:
        self._chunks: list[pa.Array] = []

    def add(self, chunk: pa.Array) -> None:
        """Takes the cells [m] of a batch."""
        self._chunks.append(chunk)

    def arrays(self) -> Iterator[pa.Array]:
        """The batches again, as they came."""
        return iter(self._chunks)

    def column(self) -> pd.Series:
        """[n] as `recsys.data.arrow_frame.frame_of` gives them."""
        column: Any = frame_of(pa.table([pa.chunked_array(self._chunks)], ["cells"]))["cells"]
        return pd.Series(column)


def _nulls(chunk: pa.Array) -> BoolArray:
    return np.asarray(chunk.is_null().to_numpy(zero_copy_only=False))
