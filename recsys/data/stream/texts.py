"""Texts as codes into a dictionary that grows with each batch."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import IntArray
from recsys.data.categories import code_type
from recsys.data.stream.pieces import Pieces
from recsys.data.stream.short_texts import KnownShortTexts, ShortTexts
from recsys.ops.memory import Memory

_TEXT = pa.large_string()

_FEWEST = 2**22
"""Dictionaries of batches wait until they have so many texts, or as many as are known already."""

_NONE = np.empty(0, np.int32)


class Texts:
    """A column of texts [n], of which only each distinct one is kept.

    Dictionaries of batches are joined when they have grown as large as that of all texts so far, so
    that the time is proportional to their sizes, whatever the number of batches.

    Args:
        memory: holds the codes.
    """

    def __init__(self, memory: Memory) -> None:
        self._values = pa.array([], _TEXT)
        self._short: KnownShortTexts | None = None
        self._codes = Pieces(memory)
        self._mappings: list[IntArray] = []
        self._waiting: list[pa.Array] = []
        self._new = 0

    def add(self, chunk: pa.Array) -> None:
        """Takes the texts [m] of a batch: plain, or a dictionary of them."""
        codes, values = _coded(chunk)
        self._codes.append(codes)
        self._waiting.append(values)
        self._new += len(values)
        if self._new > max(_FEWEST, self._count):
            self._settle()

    def arrays(self) -> Iterator[pa.DictionaryArray]:
        """The batches again, as they came."""
        self._settle()
        values = self._known
        for mapping, piece in zip(self._mappings, self._codes, strict=True):
            codes = mapping[piece]
            yield pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), values)

    def column(self) -> pd.Series:
        """[n] as an unordered category of the texts that occur."""
        self._settle()
        values = self._known
        dtype = code_type(len(values))

        def mapped(number: int, piece: IntArray) -> IntArray:
            return self._mappings[number].astype(dtype).take(piece, mode="wrap")

        codes = self._codes.joined(dtype, mapped)
        categories = pd.CategoricalDtype(pd.Index(pd.array(values, dtype="str")))
        return pd.Series(
            pd.Categorical.from_codes(codes, dtype=categories, validate=False), copy=False
        )

    def _settle(self) -> None:
        """Joins the dictionaries that wait; codes that were given stay what they are."""
        if not self._waiting:
            return
        # A batch may have empty cells only. Once a text was too long, none is short for good.
        may_be_short = self._short is not None or not self._count
        short = (
            [ShortTexts.of(values) for values in self._waiting if len(values)]
            if may_be_short
            else []
        )
        if not self._count and short and short[0] is not None:
            self._short = KnownShortTexts(short[0])
        if self._short is not None and all(map(self._short.takes, short)):
            found = iter(self._short.coded([texts for texts in short if texts is not None]))
            codes = [next(found) if len(values) else _NONE for values in self._waiting]
        else:
            codes = self._coded_by_hash()
        # The last entry is what the code -1 of an empty cell finds.
        self._mappings += [np.append(numbers, np.int32(-1)) for numbers in codes]
        self._waiting, self._new = [], 0

    def _coded_by_hash(self) -> list[IntArray]:
        joined = pa.chunked_array(
            [
                pa.DictionaryArray.from_arrays(np.arange(len(values), dtype=np.int32), values)
                for values in (self._known, *self._waiting)
            ]
        ).unify_dictionaries()
        self._values, self._short = joined.chunk(0).dictionary, None
        return [chunk.indices.to_numpy() for chunk in joined.chunks[1:]]

    @property
    def _count(self) -> int:
        return len(self._values if self._short is None else self._short)

    @property
    def _known(self) -> pa.Array:
        """The distinct texts so far, by their codes."""
        return self._values if self._short is None else self._short.texts()


def _coded(chunk: pa.Array) -> tuple[IntArray, pa.Array]:
    """Codes [m], -1 where null, and the distinct texts that occur."""
    if not pa.types.is_dictionary(chunk.type):
        chunk = _plain(chunk).dictionary_encode()
    indices, values = chunk.indices, _plain(chunk.dictionary)
    if values.null_count:
        return _coded(values.take(indices))
    codes = indices.fill_null(0).to_numpy() if indices.null_count else indices.to_numpy()
    occurs = np.zeros(len(values), dtype=bool)
    codes = codes.astype(code_type(len(values)), copy=bool(indices.null_count))
    if indices.null_count:
        codes[indices.is_null().to_numpy(zero_copy_only=False)] = -1
        occurs[codes[codes >= 0]] = True
    else:
        occurs[codes] = True
    if occurs.all():
        return codes, values
    numbers = np.append(np.cumsum(occurs) - 1, -1).astype(codes.dtype)
    return numbers[codes], values.filter(pa.array(occurs))


def _plain(values: pa.Array) -> pa.Array:
    return values if values.type == _TEXT else pc.cast(values, _TEXT)
