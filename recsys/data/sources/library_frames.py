"""Tables that another library takes as frames, in Parquet or CSV files of one folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pandas as pd

from recsys.data.kinds import kind_of
from recsys.data.sources.csv_file import header_of, read_csv, readable_as_csv
from recsys.data.sources.csv_stream import stream_csv
from recsys.data.sources.epochs import TimeUnit
from recsys.data.sources.feature_tables import header, read_feature_table
from recsys.data.sources.folder import content, data_folder, usual_file
from recsys.data.sources.library_tables import LibraryTables
from recsys.data.sources.own_tables import Meaning, ReadTable
from recsys.data.sources.parquet_stream import schema_of, stream_parts
from recsys.data.sources.parts import is_of_text_parts, parts_of
from recsys.errors import InputError


class LibraryFrames(LibraryTables):
    """Own tables in files that are called as the library calls its frames.

    Args:
        root: the folder.
        time_unit: see `LibraryTables`.
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Attributes:
        files: table -> the name of its file, without an ending.

    Raises:
        InputError: a setting is wrong, or there are no interactions.
    """

    files: ClassVar[Mapping[str, str]]

    def __init__(self, root: str, time_unit: TimeUnit, meaning: Meaning) -> None:
        self.folder = data_folder(root, ())
        if self.path("interactions") is None:
            stem = self.files["interactions"]
            raise InputError(
                f"data.root={root}: expected {stem}.parquet or {stem}.csv; the folder holds "
                f"{content(self.folder)}"
            )
        super().__init__(self.folder.resolve().name.removesuffix(".replay"), time_unit, meaning)

    @contextmanager
    def reader(self) -> Iterator[ReadTable]:
        """Reads each table from its file."""
        yield self._read

    def origin_of(self, table: str) -> str:
        """The name of the table's file."""
        path = self.path(table)
        return table if path is None else path.name

    def path(self, table: str) -> Path | None:
        """The file of a table; None without one."""
        return usual_file(self.folder, self.files[table]) if table in self.files else None

    def features(self, table: str, frame: pd.DataFrame, origin: str) -> pd.DataFrame:
        """Customers or products [n] as this library has them: one row an id.

        Args:
            table: its name.
            frame: as it was read, with the id under its name here.
            origin: its file, for an error.

        Raises:
            InputError: the rows are none of the library's.
        """
        return frame

    def _read(self, table: str) -> pd.DataFrame | None:
        path = self.path(table)
        if path is None:
            return None
        if is_of_text_parts(path):
            raise InputError(
                f"{path.name}: expected a CSV file, or Parquet, got parts or gzip; unpack it"
            )
        if path.suffix == ".csv":
            with readable_as_csv(path):
                names = self.names(table, header_of(path), path.name)
        else:
            names = self.names(table, header(path), path.name)
        if table == "interactions":
            return self.timed(self._interactions(path, names), path.name)
        if path.suffix == ".csv":
            frame = read_csv(path, lambda name: kind_of(table, names.get(name, name)))
            frame = frame[list(names)].rename(columns=names)
        else:
            frame = read_feature_table(path, names)
        return self.features(table, frame, path.name)

    def _interactions(self, path: Path, names: Mapping[str, str]) -> pd.DataFrame:
        kinds = {theirs: kind_of("interactions", ours) for theirs, ours in names.items()}
        if path.suffix == ".csv":
            frame = stream_csv(path, lambda name: kinds.get(name, "text"), self.memory)
            return frame[list(names)].rename(columns=names)
        parts = parts_of(path)
        schema = schema_of(path, parts[0], list(names))
        frame = stream_parts(path, parts, schema, kinds.__getitem__, self.memory)
        return frame[list(names)].rename(columns=names)
