"""A table from its batches: all columns that ever exist whole are codes, numbers and moments."""

from collections.abc import Callable, Collection

import pandas as pd
import pyarrow as pa

from recsys.data.kinds import Kind
from recsys.data.stream.column import StreamedColumn
from recsys.ops.memory import Memory

BATCH_ROWS = 2**20
"""Rows of a batch, where a reader can be asked for so many."""


class StreamedFrame:
    """Takes a table batch by batch.

    Args:
        schema: names, and the types of columns without a row.
        kind: how the table reads a column, by the name that it has in the batches.
        memory: holds the columns.
        numeric: names of columns whose numbers come as texts.
    """

    def __init__(
        self,
        schema: pa.Schema,
        kind: Callable[[str], Kind],
        memory: Memory,
        numeric: Collection[str] = (),
    ) -> None:
        self._names = schema.names
        self._columns = [
            StreamedColumn(field.type, kind(field.name), memory, field.name in numeric)
            for field in schema
        ]

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Takes some rows, with the columns of the schema in its order."""
        for column, cells in zip(self._columns, batch.columns, strict=True):
            for chunk in cells.chunks if isinstance(cells, pa.ChunkedArray) else (cells,):
                column.add(chunk)

    def frame(self) -> pd.DataFrame:
        """[n] rows: texts as categories, whole numbers with gaps as `Int64` and its kin.

        Raises:
            pyarrow.ArrowException: batches have types that do not go together.
        """
        self._columns.reverse()
        cells: dict[int, pd.Series] = {}
        while self._columns:  # each is given back once it is a series
            cells[len(cells)] = self._columns.pop().column()
        # A copy would put columns that lie in files into memory.
        return pd.DataFrame(cells, copy=False).set_axis(self._names, axis="columns")
