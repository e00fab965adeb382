"""Your own tables in Apache Iceberg, read by pyiceberg: `pip install 'recsys[iceberg]'` adds it.

Cut-offs: those you set. Which products leave the list: `data.filter_seen`.
A table states no order of rows, so events need a `timestamp` or an `order`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Unpack

import pandas as pd

from recsys.data.sources.address import address
from recsys.data.sources.driver_errors import driver_errors
from recsys.data.sources.own_tables import Meaning, OwnTables, ReadTable, require_tables
from recsys.data.stream.batches import Batches
from recsys.errors import InputError
from recsys.ops.masking import masked


class Iceberg(OwnTables):
    """Reads each table as of its newest snapshot, or of the one that is set.

    Args:
        tables: table -> its name in the catalogue, as shop.events.
        catalog: name of the catalogue, as pyiceberg's own settings know it (`.pyiceberg.yaml`,
            PYICEBERG_CATALOG__NAME__...); keys of stores stand there too.
        uri: of the catalogue where it is not in these settings, as https://HOST (REST) or
            sqlite:////lake/catalog.db.
        uri_env: the environment variable that holds the URI, where it has a password.
        warehouse: where the tables lie, if the catalogue has to be told.
        snapshots: table -> id of the snapshot to read; the newest where it is not here.
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Raises:
        InputError: an argument is wrong, or the variable is not set.
    """

    def __init__(
        self,
        *,
        tables: Mapping[str, str | None],
        catalog: str = "default",
        uri: str | None = None,
        uri_env: str | None = None,
        warehouse: str | None = None,
        snapshots: Mapping[str, int | None] | None = None,
        **meaning: Unpack[Meaning],
    ) -> None:
        self._tables = {table: name for table, name in tables.items() if name}
        self._snapshots = {
            table: number for table, number in (snapshots or {}).items() if number is not None
        }
        require_tables("tables", tables)
        require_tables("snapshots", self._snapshots, tuple(self._tables))
        if "interactions" not in self._tables:
            raise InputError("data.tables.interactions: expected a name such as shop.events")
        self._catalog = catalog
        is_set = uri is not None or uri_env is not None
        self._uri = address(uri, uri_env) if is_set else None
        self._warehouse = warehouse
        super().__init__(self._tables["interactions"].rpartition(".")[0] or "iceberg", meaning)

    @contextmanager
    def reader(self) -> Iterator[ReadTable]:
        """Reads tables of the catalogue, which it opens."""
        try:
            from pyiceberg.catalog import load_catalog
        except ModuleNotFoundError:
            message = "data=iceberg needs pyiceberg; pip install 'recsys[iceberg]'"
            raise InputError(message) from None
        settings = {"uri": self._uri, "warehouse": self._warehouse}
        where = f"the catalogue {masked(self._uri or self._catalog)}"
        with driver_errors(f"data.catalog: {where} cannot be opened", self._uri or ""):
            catalog = load_catalog(
                self._catalog, **{key: value for key, value in settings.items() if value}
            )

        def read(table: str) -> pd.DataFrame | None:
            name = self._tables.get(table)
            if name is None:
                return None
            where = f"data.tables.{table}={name}: expected an Iceberg table, got"
            with driver_errors(where, self._uri or ""):
                return self.frame(table, _batches(catalog, name, self._snapshots.get(table)))

        yield read

    def origin_of(self, table: str) -> str:
        """The name of a table, and its snapshot if one is set."""
        name = self._tables.get(table, table)
        return f"{name} snapshot {self._snapshots[table]}" if table in self._snapshots else name


def _batches(catalog: Any, name: str, snapshot: int | None) -> Batches:
    reader = catalog.load_table(name).scan(snapshot_id=snapshot).to_arrow_batch_reader()
    return Batches(schema=reader.schema, rows=reader)
