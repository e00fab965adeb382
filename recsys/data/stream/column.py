"""One column of a stream, whatever the types of its batches."""

from typing import TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.arrow_frame import number_texts, plain
from recsys.data.kinds import Kind
from recsys.data.stream.texts import Texts
from recsys.data.stream.values import Moments, Numbers, Others
from recsys.ops.memory import Memory

_Cells: TypeAlias = Texts | Numbers | Moments | Others


class StreamedColumn:
    """Takes a column batch by batch; batches of SQL and of decimals may have different types.

    Args:
        of_none: the type of the column if no batch has a row.
        kind: how the table reads the column.
        memory: holds its cells.
        is_numeric: whether its texts are numbers.
    """

    def __init__(
        self, of_none: pa.DataType, kind: Kind, memory: Memory, is_numeric: bool = False
    ) -> None:
        self._of_none, self._kind, self._memory = of_none, kind, memory
        self._is_numeric = is_numeric
        self._runs: list[tuple[pa.DataType, _Cells]] = []
        self._has_decimals = is_numeric

    def add(self, chunk: pa.Array) -> None:
        """Takes the cells [m] of a batch."""
        self._has_decimals |= pa.types.is_decimal(chunk.type)
        cells = pa.chunked_array([chunk])
        cells = number_texts(pc.cast(cells, pa.string())) if self._is_numeric else plain(cells)
        chunk = self._without_dates(_of_one_chunk(cells))
        kind = _kind_of_cells(chunk.type)
        if self._runs and pa.types.is_null(kind):
            kind = self._runs[-1][0]
            chunk = chunk.cast(kind)
        if not self._runs or self._runs[-1][0] != kind:
            self._runs.append((kind, self._cells(kind)))
        self._runs[-1][1].add(chunk)

    def column(self) -> pd.Series:
        """[n], each cell what it was.

        Raises:
            pyarrow.ArrowException: batches have types that do not go together, as texts and times.
        """
        if not self._runs:
            self.add(pa.array([], self._of_none))
        if len(self._runs) == 1:
            return self._runs[0][1].column()
        kind = self._common([kind for kind, _ in self._runs])
        whole = self._cells(kind)
        while self._runs:
            for chunk in self._runs.pop(0)[1].arrays():
                whole.add(self._cast(chunk, kind))
        return whole.column()

    def _cells(self, kind: pa.DataType) -> _Cells:
        if pa.types.is_large_string(kind):
            return Texts(self._memory)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return Numbers(self._memory, kind)
        return Moments(self._memory, kind) if pa.types.is_timestamp(kind) else Others()

    def _cast(self, chunk: pa.Array, kind: pa.DataType) -> pa.Array:
        if _kind_of_cells(chunk.type) == kind:
            return chunk
        if pa.types.is_dictionary(chunk.type):
            chunk = chunk.dictionary_decode()
        return pc.cast(chunk, kind, safe=not self._has_decimals)

    def _without_dates(self, chunk: pa.Array) -> pa.Array:
        """Days as times or texts where the table reads these: objects of Python are no columns."""
        if not pa.types.is_date(chunk.type):
            return chunk
        if self._kind == "moment":
            return pc.cast(chunk, pa.timestamp("us"))
        if self._kind == "text":
            return pc.cast(pc.cast(chunk, pa.date32()), pa.large_string())
        return chunk

    def _common(self, kinds: list[pa.DataType]) -> pa.DataType:
        if self._has_decimals and pa.float64() in kinds:
            return pa.float64()
        if self._has_decimals and pa.large_string() in kinds:
            return pa.large_string()  # whole numbers beyond 64 bits
        schemas = [pa.schema([("column", kind)]) for kind in kinds]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type


def _kind_of_cells(kind: pa.DataType) -> pa.DataType:
    """The type, with one for all ways to hold texts."""
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return pa.large_string() if is_text else kind


def _of_one_chunk(column: pa.ChunkedArray) -> pa.Array:
    chunk = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    kind = chunk.type
    if pa.types.is_dictionary(kind) and not pa.types.is_large_string(_kind_of_cells(kind)):
        return chunk.dictionary_decode()
    return chunk
