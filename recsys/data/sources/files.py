"""Your own tables in a folder: Parquet or CSV, one file or a folder of parts per table.

Cut-offs: those you set. Which products leave the list: `data.filter_seen`.
`recsys.data.schema.SCHEMAS` lists the columns of each table.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

import pandas as pd

from recsys.data.sources.csv_file import read_csv
from recsys.data.sources.csv_stream import stream_csv
from recsys.data.sources.folder import data_folder, no_interactions, usual_file
from recsys.data.sources.own_tables import TABLES, Meaning, OwnTables, ReadTable
from recsys.data.sources.parquet import read_parquet
from recsys.data.sources.parquet_stream import stream_parquet
from recsys.data.sources.parts import (
    PartitionKind,
    Partitions,
    is_of_text_parts,
    require_partitions,
)
from recsys.data.tables import EndingTables, Tables
from recsys.errors import InputError
from recsys.ops.spark_session import SparkSettings, open_session

if TYPE_CHECKING:
    from recsys.data.faults.inspected import Inspected
    from recsys.data.mapping.mapping import Mapping as TableMappings


class Files(OwnTables):
    """Reads `interactions.parquet`, `.csv`, `.csv.gz` or `interactions/`, and the other tables.

    Args:
        root: the folder.
        mapping: a YAML file that says how the files of the folder are written, see
            `recsys.data.mapping.mapping.Mapping`; `recsys check suggest=true` writes one.
        partitions: how the values in names of folders such as `branch=007/` are read: as text,
            date or integer, or not at all (ignore). Those that are not here are text.
        store: a folder that keeps the Parquet parts of `interactions/` as they were checked, so
            that a load reads those that are new or changed; see `recsys.data.part_store`.
        engine: "local", or "spark", which reads Parquet on a cluster; `root` may then be an
            address such as hdfs://NAME/tables.
        spark: `master` and `conf` of Spark, see `recsys.ops.spark_session.SparkSettings`.
        sum_events: whether Spark sums the events of a pair within each window, so that more of
            them than fit into this machine can be used; see `recsys.data.sources.spark.summed`.
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Raises:
        InputError: an argument is wrong, or there is no such folder.
    """

    def __init__(
        self,
        *,
        root: str,
        mapping: str | None = None,
        partitions: Mapping[str, PartitionKind] | None = None,
        store: str | None = None,
        engine: Literal["local", "spark"] = "local",
        spark: Mapping[str, Any] | None = None,
        sum_events: bool = False,
        **meaning: Unpack[Meaning],
    ) -> None:
        if engine not in ("local", "spark"):
            raise InputError(f"engine: expected local or spark, got {engine!r}")
        self.spark = SparkSettings.of(spark) if engine == "spark" else None
        is_address = self.spark is not None and "://" in root
        self.root, self.sum_events = root, sum_events
        self.folder = Path(root) if is_address else data_folder(root, ())
        super().__init__(self.folder.resolve().name, meaning)
        if mapping is not None and self.rename:
            raise InputError(
                "data.mapping and data.rename: expected one of them, got both; write the names "
                "under tables.TABLE.columns of the mapping"
            )
        if sum_events and self.spark is None:
            raise InputError("data.sum_events: only Spark sums events; set engine=spark")
        if mapping is not None and self.spark is not None:
            raise InputError(
                "data.mapping: engine=spark reads Parquet as the library names its columns, or "
                "renamed by data.rename; remove the mapping, or set engine=local"
            )
        self.mapping = None if mapping is None else _read_mapping(mapping)
        self.partitions: Partitions = partitions or {}
        if not is_address:
            require_partitions(self.folder, self.partitions)
        self.store = None if store is None else Path(store).expanduser()
        if self.store is not None:
            self._refuse_with_store(meaning)

    def _refuse_with_store(self, meaning: Meaning) -> None:
        for key, is_set, why in (
            ("data.mapping", self.mapping is not None, "write the parts as the library reads them"),
            ("data.hash_ids", meaning.get("hash_ids"), "a store keeps ids as the files have them"),
            ("engine=spark", self.spark is not None, "a store is of this machine"),
        ):
            if is_set:
                raise InputError(
                    f"{key} and data.store: expected one of them, got both; {why}, or leave "
                    "data.store out"
                )

    def load(self) -> Tables:
        """The tables that the folder has, with renamed columns.

        Raises:
            InputError: interactions are missing, or a file or a column to rename is wrong; with a
                mapping, also the first cell that cannot be read.
        """
        if self.store is None:
            return self.load_files()
        # Imported late: few runs have a store.
        from recsys.data.part_store.part_store import BadPart
        from recsys.data.sources.stored import stored_events, stored_tables

        try:
            events = stored_events(self)
        except BadPart:
            # The error names a row of the whole table, and counts all faults.
            return self.load_files()
        return self.at_the_door(stored_tables(self, events, events.frame(self.memory)))

    def load_files(self) -> Tables:
        """The same tables, read from their files although there is a store.

        Raises:
            InputError: as `load`.
        """
        if self.spark is not None:
            return self._load_in_spark(self.spark)
        if self.mapping is None and not any(self._is_of_text_parts(table) for table in TABLES):
            if usual_file(self.folder, "interactions") is None:
                raise no_interactions(self.folder)
            return super().load()
        # Imported late: few runs have a mapping.
        from recsys.data.mapping.folder import load_mapped, renaming

        mapping = self.mapping or renaming(self.rename)
        return self.at_the_door(
            load_mapped(self.folder, mapping, self.ends, self.partitions, self.memory)
        )

    def inspected(self) -> "Inspected":
        """The tables with all their faults, and the lines of the files that they stand in.

        Files that are not written as a load expects them are read by the mapping that
        `recsys check suggest=true` would write.

        Raises:
            InputError: the folder has no file of interactions, or Spark is to read it.
        """
        if self.spark is not None:
            raise InputError(
                "data.engine=spark: a load in Spark names the first fault; to list all of them, "
                "set data.engine=local"
            )
        from recsys.data.mapping.folder import inspect_folder

        return inspect_folder(
            self.folder, self.mapping, self.rename, self.ends, self.partitions, self.memory
        )

    def suggestion(self, inspected: "Inspected") -> str:
        """A mapping to start from, as YAML, made from what the files hold.

        Args:
            inspected: the tables; it offers remedies for their faults.

        Raises:
            InputError: no file looks like a table of interactions.
        """
        from recsys.data.mapping.suggest import suggested
        from recsys.data.mapping.suggestion_text import as_yaml

        return as_yaml(inspected.suggestion or suggested(self.folder), inspected.faults)

    @contextmanager
    def reader(self) -> Iterator[ReadTable]:
        """Reads each table from its file, as the file has it."""
        yield self._read

    def origin_of(self, table: str) -> str:
        """The name of the table's file."""
        path = usual_file(self.folder, table)
        return table if path is None else path.name

    def _read(self, table: str) -> pd.DataFrame | None:
        path = usual_file(self.folder, table)
        if path is None:
            return None
        kind = self.kind(table)
        if table == "interactions":
            if path.suffix == ".csv":
                return stream_csv(path, kind, self.memory)
            return stream_parquet(path, kind, self.memory, self.partitions)
        if path.suffix == ".csv":
            return read_csv(path, kind)
        return read_parquet(path, partitions=self.partitions)

    def _load_in_spark(self, settings: SparkSettings) -> Tables:
        # Imported late: few runs use Spark.
        from recsys.data.sources.spark.folder import SparkFolder
        from recsys.data.sources.spark.load import load_in_spark

        is_here = self.folder.is_dir()
        root = str(self.folder.resolve()) if is_here else self.root
        folder = SparkFolder(open_session(settings), root, self.partitions)
        frames: dict[str, Any] = load_in_spark(
            folder, self._read if is_here else folder.frame, self.rename, self.cutoffs,
            self.sum_events,
        )  # fmt: skip
        return self.at_the_door(EndingTables(**frames, ends=self.ends))

    def _is_of_text_parts(self, table: str) -> bool:
        path = usual_file(self.folder, table)
        return path is not None and is_of_text_parts(path)


def _read_mapping(path: str) -> "TableMappings":
    # Imported late: few runs have a mapping.
    from recsys.data.mapping.mapping import read_mapping

    return read_mapping(path)
