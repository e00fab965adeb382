"""Arrow tables as pandas frames in which every value is what it was.

pyarrow's own way changes some: whole numbers with gaps become floats, so that ids above 2^53
differ; its cast of decimals to floats misses the nearest one in a seventh of prices; UUIDs become
bytes.
"""

from collections import Counter
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import IntArray

_WHOLE: Final = {
    kind: getattr(pd, f"{name}Dtype")()
    for kind, name in (
        (pa.int8(), "Int8"), (pa.int16(), "Int16"), (pa.int32(), "Int32"), (pa.int64(), "Int64"),
        (pa.uint8(), "UInt8"), (pa.uint16(), "UInt16"), (pa.uint32(), "UInt32"),
        (pa.uint64(), "UInt64"),
    )
}  # fmt: skip
_WHOLE_TEXT = r"^[+-]?[0-9]+$"
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_DIGITS = np.setdiff1d(np.arange(36), (8, 13, 18, 23))
"""Where the digits of a UUID stand; the others are dashes."""


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A table with the same values: whole numbers stay whole, with gaps as `Int64` and its kin.

    Decimals become whole numbers if all are whole and fit 64 bits, else the nearest float64; UUIDs
    become text as 0b0c1ad4-58b5-4f1e-9a3e-4a7d4d0d6f01. Bytes and lists stay, to be refused where
    their table is checked.

    Args:
        table: [n] rows; texts in dictionaries become categories.
    """
    for position, field in enumerate(table.schema):
        column = table.column(position)
        same = plain(column)
        if same is not column:
            table = table.set_column(position, field.name, same)
    gaps = Counter[str]()
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_integer(field.type):
            gaps[field.name] += column.null_count
    frame: pd.DataFrame
    if not gaps.total():
        frame = table.to_pandas()
        return frame
    frame = table.to_pandas(types_mapper=_WHOLE.get)
    # Files of pandas name columns that become the index.
    whole = [name for name, count in gaps.items() if not count and name in frame]
    dtypes = {name: str(frame[name].dtype).lower() for name in whole}
    return frame.astype(dtypes)


def without_dictionaries(table: pa.Table) -> pa.Table:
    """The table with plain texts for those in dictionaries, as of enums and categories."""
    for position, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            parts = [_unfolded(chunk) for chunk in table.column(position).chunks]
            column = pa.chunked_array(parts, None if parts else pa.string())
            table = table.set_column(position, field.name, column)
    return table


def _unfolded(chunk: pa.DictionaryArray) -> pa.Array:
    values = chunk.dictionary
    if pa.types.is_string_view(values.type):  # of polars; Arrow takes no values from views
        values = values.cast(pa.large_string())
    return values.take(chunk.indices)


def number_texts(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers [n] of their texts: int64 if all are whole and fit, else the nearest float64.

    Whole numbers beyond 64 bits stay texts, so that ids keep their digits.
    """
    is_whole = pc.all(pc.match_substring_regex(texts, _WHOLE_TEXT), min_count=0).as_py()
    if not is_whole:
        return pc.cast(texts, pa.float64())
    try:
        return pc.cast(texts, pa.int64())
    except pa.ArrowInvalid:
        return texts


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells [n] of a type that pandas has, see `frame_of`; others stay what they are."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if isinstance(kind, pa.UuidType):
        return uuid_texts(pc.cast(column, kind.storage_type))
    if isinstance(kind, pa.BaseExtensionType):
        return pc.cast(column, kind.storage_type)
    return column


def _decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:  # not all are whole, or one needs more than 64 bits
        return number_texts(pc.cast(column, pa.string()))


def uuid_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Canonical texts [n] of UUIDs of 16 bytes, null where null."""
    parts = [
        pa.array(_uuids(chunk), pa.string(), mask=chunk.is_null().to_numpy(zero_copy_only=False))
        for chunk in column.chunks
    ]
    return pa.chunked_array(parts, pa.string())


def _uuids(chunk: pa.FixedSizeBinaryArray) -> IntArray:
    present = pc.fill_null(chunk, bytes(16))
    content = np.frombuffer(b"".join(present.to_pylist()), dtype=np.uint8).reshape(-1, 16)
    digits = np.stack([_HEX[content >> 4], _HEX[content & 15]], axis=2).reshape(-1, 32)
    texts = np.full((len(content), 36), ord("-"), dtype=np.uint8)
    texts[:, _DIGITS] = digits
    return np.char.decode(texts.view("S36").ravel(), "ascii").astype(object)
