"""Files with a store: the Parquet parts of `interactions/` are read once, side tables each time."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys import __version__
from recsys.data.arrow_frame import frame_of
from recsys.data.check import check_table
from recsys.data.part_store.changes import PartFile
from recsys.data.part_store.coded_part import TABLE
from recsys.data.part_store.part_store import PartStore
from recsys.data.part_store.stored_events import StoredEvents
from recsys.data.sources.folder import no_interactions, usual_file
from recsys.data.sources.own_tables import TABLES
from recsys.data.sources.parts import (
    is_text,
    partition_texts,
    parts_of,
    rows_of_parts,
    shown_part,
    typed_partition,
)
from recsys.data.tables import StoredTables
from recsys.errors import InputError
from recsys.ops.parquet_bounds import refuse_unbounded, texts_of, unfolded

if TYPE_CHECKING:
    from recsys.data.sources.files import Files


def stored_events(source: "Files") -> StoredEvents:
    """The events of a source that has a store, which is brought up to date.

    Args:
        source: with `store`.

    Raises:
        BadPart: a part cannot be used.
        InputError: there are no Parquet parts, or the store cannot be used.
    """
    assert source.store is not None
    folder = usual_file(source.folder, TABLE)
    if folder is None:
        raise no_interactions(source.folder)
    parts = parts_of(folder)
    texts = [part for part in parts if is_text(part)]
    if texts or not parts:
        got = shown_part(folder, texts[0]) if texts else "an empty folder"
        raise InputError(
            f"data.store: expected Parquet parts in {folder.name}/, got {got}; export the table as "
            "Parquet, or leave data.store out"
        )
    reader = _PartReader(source, folder, parts[0])
    store = PartStore(source.store, reader.settings, reader.read)
    return store.update([PartFile(name=shown_part(folder, part), path=part) for part in parts])


def stored_tables(
    source: "Files", events: StoredEvents, interactions: pd.DataFrame
) -> StoredTables:
    """The tables of a source that has a store: the side tables as its files have them.

    Args:
        source: with `store`.
        events: of its store.
        interactions: of the tables.

    Raises:
        InputError: a side table cannot be read.
    """
    with source.reader() as read:
        side = {name: source.renamed(name, read) for name in TABLES if name != TABLE}
    return StoredTables(
        interactions=interactions, **side, ends=source.ends, outline=events.outline(),
        reread=source.load_files,
    )  # fmt: skip


class _PartReader:
    """Reads a part as pyarrow reads all of them: by the schema of the first one."""

    def __init__(self, source: "Files", folder: Path, first: Path) -> None:
        self.source, self.folder = source, folder
        try:
            refuse_unbounded([first])
            self.schema = pq.read_schema(first).remove_metadata()
        except (OSError, pa.ArrowException):
            # Its error is the one that a load without the store has.
            self.schema = pa.schema([])

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the checked rows of a part follow from, beside its file."""
        return {
            "recsys": __version__,
            "rename": dict(self.source.rename.get(TABLE, {})),
            "partitions": dict(self.source.partitions),
            "columns": {field.name: str(field.type) for field in self.schema},
        }

    def read(self, part: Path) -> pd.DataFrame:
        """The checked rows of a part.

        Raises:
            InputError: it cannot be read, or has a fault.
        """
        try:
            frame = self._frame(part)
        except (ValueError, OSError, pa.ArrowException) as error:
            raise InputError(f"{part.name} cannot be read as Parquet: {error}") from None
        names = self.source.rename.get(TABLE, {})
        return check_table(TABLE, frame.rename(columns=dict(names)))

    def _frame(self, part: Path) -> pd.DataFrame:
        refuse_unbounded([part])
        table = pq.read_table(
            part, schema=self.schema, read_dictionary=texts_of(self.schema), partitioning=None
        )
        frame = frame_of(unfolded(table, self.schema, part.name, part.stat().st_size))
        frame = frame.reset_index(drop=True)
        for name, values in partition_texts(self.folder, [part]).items():
            if name not in self.schema.names:
                rows = rows_of_parts([len(frame)])
                column = typed_partition(name, values, rows, self.source.partitions)
                if column is not None:
                    frame[name] = column
        return frame
