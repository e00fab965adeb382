"""Your own tables in Delta Lake, read by deltalake, which `pip install 'recsys[delta]'` adds.

Cut-offs: those you set. Which products leave the list: `data.filter_seen`.
The schema of a Delta table has the types of its partitions too: a branch 007 stays a text.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Unpack

import pandas as pd

from recsys.data.sources.driver_errors import driver_errors
from recsys.data.sources.own_tables import Meaning, OwnTables, ReadTable, require_tables
from recsys.data.stream.batches import Batches
from recsys.data.stream.frame import BATCH_ROWS
from recsys.errors import InputError
from recsys.ops.masking import masked


class Delta(OwnTables):
    """Reads each table as of its newest version, or of the one that is set.

    Args:
        tables: table -> its folder, or a URI such as s3://BUCKET/interactions; keys of a store
            come from the environment, as deltalake reads them (AWS_ACCESS_KEY_ID ...).
        versions: table -> the version to read; the newest where it is not here.
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Attributes:
        tables: those that are set.

    Raises:
        InputError: an argument is wrong.
    """

    def __init__(
        self,
        *,
        tables: Mapping[str, str | None],
        versions: Mapping[str, int | None] | None = None,
        **meaning: Unpack[Meaning],
    ) -> None:
        self.tables = {table: uri for table, uri in tables.items() if uri}
        self._versions = {
            table: version for table, version in (versions or {}).items() if version is not None
        }
        require_tables("tables", tables)
        require_tables("versions", self._versions, tuple(self.tables))
        if "interactions" not in self.tables:
            raise InputError("data.tables.interactions: expected a folder or a URI, got none")
        folder = self.tables["interactions"].rstrip("/").rpartition("/")[0]
        # Not with the user and the password of an address.
        name = folder.rpartition("/")[2].rpartition("@")[2]
        super().__init__(name or "delta", meaning)

    @contextmanager
    def reader(self) -> Iterator[ReadTable]:
        """Reads tables, and keeps which version each is of."""
        try:
            import deltalake
        except ModuleNotFoundError:
            raise InputError("data=delta needs deltalake; pip install 'recsys[delta]'") from None

        def read(table: str) -> pd.DataFrame | None:
            uri = self.tables.get(table)
            if uri is None:
                return None
            where = f"data.tables.{table}={masked(uri)}: expected a Delta table, got"
            with driver_errors(where, uri):
                return self.frame(table, _batches(deltalake, uri, self._versions.get(table)))

        yield read

    def origin_of(self, table: str) -> str:
        """The folder or URI of a table, and its version if one is set."""
        uri = masked(self.tables.get(table, table))
        return f"{uri} version {self._versions[table]}" if table in self._versions else uri


def _batches(deltalake: Any, uri: str, version: int | None) -> Batches:
    table = deltalake.DeltaTable(uri, version=version).to_pyarrow_dataset()
    # Without these limits up to 16 batches are read ahead.
    rows = table.to_batches(batch_size=BATCH_ROWS, batch_readahead=1, fragment_readahead=1)
    return Batches(schema=table.schema, rows=rows)
