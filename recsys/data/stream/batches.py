"""What a database or lake hands over: the batches of a table, and the frame they become."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.arrow_frame import frame_of, number_texts, without_dictionaries
from recsys.data.kinds import Kind
from recsys.data.stream.frame import StreamedFrame
from recsys.ops.memory import Memory


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The rows of a table, read once.

    Attributes:
        schema: names, and types where they are known before the rows.
        rows: batches with the columns of the schema; the types of two may differ.
        numeric: names of columns whose numbers come as texts.
    """

    schema: pa.Schema
    rows: Iterable[pa.RecordBatch]
    numeric: Collection[str] = ()

    def streamed(self, kind: Callable[[str], Kind], memory: Memory) -> pd.DataFrame:
        """The rows [n] as `recsys.data.stream.frame.StreamedFrame` gives them.

        Args:
            kind: how the table reads a column, by its name here.
            memory: holds the columns.
        """
        frame = StreamedFrame(self.schema, kind, memory, self.numeric)
        for batch in self.rows:
            frame.add(batch)
        return frame.frame()

    def whole(self) -> pd.DataFrame:
        """The rows [n] as `recsys.data.arrow_frame.frame_of` gives them."""
        batches = [pa.Table.from_batches([batch]) for batch in self.rows]
        table = self.schema.empty_table()
        if batches:
            table = pa.concat_tables(batches, promote_options="permissive")
        for position, field in enumerate(table.schema):
            if field.name in self.numeric:
                numbers = number_texts(pc.cast(table.column(position), pa.string()))
                table = table.set_column(position, field.name, numbers)
        return frame_of(without_dictionaries(table))
