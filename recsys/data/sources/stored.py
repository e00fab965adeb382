"""Files with a store: the Parquet parts of `interactions/` are read once, side tables each time."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from recsys.data.check import check_table
from recsys.data.part_store.changes import PartFile
from recsys.data.part_store.coded_part import TABLE
from recsys.data.part_store.part_store import BadPart, PartStore
from recsys.data.part_store.stored_events import StoredEvents
from recsys.data.sources.folder import no_interactions, usual_file
from recsys.data.sources.own_tables import TABLES
from recsys.data.sources.parquet_stream import schema_of, stream_parts
from recsys.data.sources.parts import is_text, parts_of, shown_part
from recsys.data.tables import StoredTables
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.data.sources.files import Files

_VERSION = 1
"""Raise it when the checks of a table give other rows for the same file."""


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
    files = [PartFile(name=shown_part(folder, part), path=part) for part in parts]
    events = store.update(files)
    if not events.parts:
        raise BadPart("expected at least one row, got empty parts")
    return events


def stored_tables(
    source: "Files", events: StoredEvents, interactions: pd.DataFrame | None = None
) -> StoredTables:
    """The tables of a source that has a store: the side tables as its files have them.

    Args:
        source: with `store`.
        events: of its store.
        interactions: all events; None for their outline, where only ids and side tables are used.

    Raises:
        InputError: a side table cannot be read.
    """
    with source.reader() as read:
        side = {name: source.renamed(name, read) for name in TABLES if name != TABLE}
    outline = events.outline()
    return StoredTables(
        interactions=outline if interactions is None else interactions,
        **side, ends=source.ends, outline=outline,
        reread=source.load_files,
    )  # fmt: skip


class _PartReader:
    """Reads a part as all of them are read together: with the columns of the first one."""

    def __init__(self, source: "Files", folder: Path, first: Path) -> None:
        self.source, self.folder = source, folder
        try:
            self.schema = schema_of(folder, first)
        except InputError as error:
            raise BadPart(str(error)) from None

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the checked rows of a part follow from, beside its file."""
        return {
            "version": _VERSION,
            "rename": dict(self.source.rename.get(TABLE, {})),
            "partitions": dict(self.source.partitions),
            "columns": {field.name: str(field.type) for field in self.schema},
        }

    def read(self, part: Path) -> pd.DataFrame | None:
        """The checked rows of a part; None if it has none.

        Raises:
            InputError: it cannot be read, or has a fault.
        """
        source = self.source
        frame = source.renamed(
            TABLE,
            lambda table: stream_parts(
                self.folder, [part], self.schema, source.kind(table), source.memory,
                source.partitions,
            ),
        )  # fmt: skip
        assert frame is not None
        # A table without rows is refused; a part of one may be empty.
        return check_table(TABLE, frame) if len(frame) else None
