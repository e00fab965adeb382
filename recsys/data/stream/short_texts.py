"""Texts of one length as whole numbers: C0001234 and its like are sorted, not hashed.

A hash of millions of texts finds each at a random place of memory, which takes longer the more of
them there are. Numbers that were sorted are joined in their order.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from recsys.arrays import IntArray

_BYTES = 8
"""Of a key: texts may differ in as many bytes at their end."""


class ShortTexts(NamedTuple):
    """Distinct texts that begin alike and have one length.

    Attributes:
        start: the bytes that all begin with.
        length: bytes of each text.
        keys: [k] uint64, the other bytes, at most 8, as a number.
    """

    start: bytes
    length: int
    keys: IntArray

    @classmethod
    def of(cls, values: pa.LargeStringArray) -> "ShortTexts | None":
        """Distinct texts [k] as numbers; None if they are others."""
        offsets = np.frombuffer(values.buffers()[1], np.int64)
        offsets = offsets[values.offset : values.offset + len(values) + 1]
        length = int(offsets[1] - offsets[0]) if len(values) else 0
        if length < 1 or values.null_count or (np.diff(offsets) != length).any():
            return None
        data = np.frombuffer(values.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        table = data.reshape(-1, length)
        begin = max(0, length - _BYTES)
        if begin and (table[:, :begin] != table[0, :begin]).any():
            return None
        ends = np.zeros((len(table), _BYTES), np.uint8)
        ends[:, _BYTES - (length - begin) :] = table[:, begin:]
        keys = ends.view(">u8").ravel().astype(np.uint64)
        return cls(table[0, :begin].tobytes(), length, keys)

    def texts(self) -> pa.LargeStringArray:
        """[k] the texts."""
        begin = len(self.start)
        table = np.empty((len(self.keys), self.length), np.uint8)
        table[:, :begin] = np.frombuffer(self.start, np.uint8)
        ends = self.keys.astype(">u8").view(np.uint8).reshape(-1, _BYTES)
        table[:, begin:] = ends[:, _BYTES - (self.length - begin) :]
        offsets = np.arange(len(table) + 1, dtype=np.int64) * self.length
        return pa.LargeStringArray.from_buffers(
            len(table), pa.py_buffer(offsets), pa.py_buffer(table)
        )


class KnownShortTexts:
    """Short texts with the codes that they were given, in the order in which they came.

    Args:
        like: texts that are to begin alike; none of them is known yet.
    """

    def __init__(self, like: ShortTexts) -> None:
        self._like = like
        self._keys = np.empty(0, np.uint64)
        self._codes = np.empty(0, np.int32)

    def __len__(self) -> int:
        return len(self._keys)

    def takes(self, others: ShortTexts | None) -> bool:
        """Whether these begin alike and have the same length."""
        like = self._like
        return others is not None and (others.start, others.length) == (like.start, like.length)

    def coded(self, batches: Sequence[ShortTexts]) -> list[IntArray]:
        """Codes int32 of the texts of each batch; those that are new get the next ones."""
        if not batches:
            return []
        # `numpy.unique` would hash them.
        new = np.sort(np.concatenate([batch.keys for batch in batches]))
        new = new[np.append(True, new[1:] != new[:-1])]
        position = np.minimum(np.searchsorted(self._keys, new), max(0, len(self._keys) - 1))
        added = new if not len(self._keys) else new[self._keys[position] != new]
        keys = np.concatenate([self._keys, added])
        codes = np.append(self._codes, np.arange(len(self._codes), len(keys), dtype=np.int32))
        # Two runs that are sorted already are merged.
        order = np.argsort(keys, kind="stable")
        self._keys, self._codes = keys[order], codes[order]
        return [self._of(batch.keys) for batch in batches]

    def texts(self) -> pa.LargeStringArray:
        """[k] the texts by code."""
        keys = np.empty_like(self._keys)
        keys[self._codes] = self._keys
        return self._like._replace(keys=keys).texts()

    def _of(self, keys: IntArray) -> IntArray:
        # In their order, so that each is found near the one before.
        order = np.argsort(keys)
        codes = np.empty(len(keys), np.int32)
        codes[order] = self._codes.take(np.searchsorted(self._keys, keys[order]))
        return codes
