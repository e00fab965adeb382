"""`GrowingValues`: distinct ids or texts of a column, in the order in which parts bring them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import IntArray
from recsys.data.categories import codes_of, folded, gathered, used


class GrowingValues:
    """Values whose positions never change: a code written yesterday means the same today.

    They are whole numbers as long as all are, then texts: 7 becomes "7".

    Args:
        pieces: distinct int64 or large_string arrays, as earlier parts brought them.
    """

    def __init__(self, pieces: Sequence[pa.Array] = ()) -> None:
        self.values = joined(pieces)

    def __len__(self) -> int:
        return len(self.values)

    def add(self, parts: Sequence[pa.Array]) -> tuple[list[IntArray], pa.Array]:
        """Adds the values of parts.

        Args:
            parts: arrays of distinct values, one a part.

        Returns:
            For each part [n] int32 codes of its values, and what is new, in order.
        """
        added = joined(parts)
        if len(self) and added.type != self.values.type:
            self.values, added = _as_texts(self.values), _as_texts(added)
        distinct = pc.dictionary_encode(added)
        found = pc.index_in(distinct.dictionary, value_set=self.values.cast(added.type))
        codes = np.array(found.fill_null(-1), dtype=np.int32)
        is_new = codes < 0
        codes[is_new] = len(self) + np.arange(np.count_nonzero(is_new))
        new = distinct.dictionary.filter(pa.array(is_new))
        self.values = pa.concat_arrays([self.values.cast(added.type), new])
        of_parts = codes[np.asarray(distinct.indices)]
        return np.split(of_parts, np.cumsum([len(part) for part in parts])[:-1]), new


def joined(pieces: Sequence[pa.Array]) -> pa.Array:
    """The values of several arrays as one: texts where one of them has texts."""
    held = [piece for piece in pieces if len(piece)]
    if not held:
        return pa.array([], pieces[0].type if pieces else pa.large_string())
    if any(piece.type != held[0].type for piece in held):
        held = [_as_texts(piece) for piece in held]
    return pa.concat_arrays(held)


def fold(column: pd.Series) -> tuple[IntArray, pa.Array]:
    """int32 codes [n] of a column of ids or texts, -1 for null, and the values that they are of."""
    coded = folded(column)
    is_used = used(coded)
    numbers = np.append(np.cumsum(is_used) - 1, -1).astype(np.int32)
    values = coded.cat.categories[is_used]
    kind = pa.int64() if pd.api.types.is_integer_dtype(values.dtype) else pa.large_string()
    return gathered(numbers, codes_of(coded)), pa.array(np.asarray(values), kind)


def _as_texts(values: pa.Array) -> pa.Array:
    return values.cast(pa.large_string())
