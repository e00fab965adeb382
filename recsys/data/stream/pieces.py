"""A column whose length is not known yet: pieces, one a batch, that become one array at the end."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from recsys.ops.memory import Memory, page_out

Convert: TypeAlias = Callable[[int, NDArray[Any]], NDArray[Any]]
"""The number of a piece, and its values [m] -> the values [m] that stand for them."""


class Pieces:
    """Values in the order in which they came.

    Args:
        memory: holds the pieces and what becomes of them.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._pieces: list[NDArray[Any]] = []

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return iter(self._pieces)

    def append(self, values: NDArray[Any]) -> None:
        """Keeps a copy of some values [m]."""
        piece = self._memory.allocate(len(values), values.dtype)
        piece[:] = values
        page_out(piece)
        self._pieces.append(piece)

    def joined(self, dtype: DTypeLike, convert: Convert | None = None) -> NDArray[Any]:
        """All values [n]; the pieces are given back one by one on the way.

        Args:
            dtype: of the array.
            convert: changes the values of each piece; None to keep them.
        """
        if convert is None and len(self._pieces) == 1 and self._pieces[0].dtype == dtype:
            return self._pieces.pop()
        whole = self._memory.allocate(len(self), dtype)
        start = 0
        for position, piece in enumerate(self._pieces):
            end = start + len(piece)
            whole[start:end] = piece if convert is None else convert(position, piece)
            self._pieces[position] = np.empty(0, piece.dtype)
            page_out(whole)
            start = end
        self._pieces = []
        return whole
