"""Your own tables in a database: PostgreSQL, DuckDB, SQLite and what ADBC or SQLAlchemy reach.

Cut-offs: those you set. Which products leave the list: `data.filter_seen`.
A database states no order of rows, so events need a `timestamp` or an `order`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Unpack
from urllib.parse import urlsplit

import pandas as pd
import pyarrow as pa

from recsys.data.sources.address import address
from recsys.data.sources.driver_errors import driver_words
from recsys.data.sources.own_tables import Meaning, OwnTables, ReadTable, require_tables
from recsys.data.sources.sql.connect import connected
from recsys.errors import InputError


class Sql(OwnTables):
    """Reads each table by a query, all of them as of one moment where the database can.

    Args:
        uri: `postgresql://USER@HOST/DATABASE` (by ADBC), `duckdb:///FILE`, `sqlite:///FILE`, any
            other that SQLAlchemy has a dialect for (`postgresql+psycopg://...`), or one that ADBC
            has a driver for. A password is masked wherever a run is logged, so that the run cannot
            be repeated; name a variable by `uri_env` instead.
        uri_env: the environment variable that holds the URI.
        queries: table -> SELECT statement, or the name of a table or view. Nothing is written.
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Attributes:
        queries: those that are set.

    Raises:
        InputError: an argument is wrong, or the variable is not set.
    """

    def __init__(
        self,
        *,
        queries: Mapping[str, str | None],
        uri: str | None = None,
        uri_env: str | None = None,
        **meaning: Unpack[Meaning],
    ) -> None:
        self._uri = address(uri, uri_env)
        super().__init__(_name(self._uri), meaning)
        require_tables("queries", queries)
        if not queries.get("interactions"):
            raise InputError(
                "data.queries.interactions: expected a query or the name of a table, got none"
            )
        self.queries = {table: text for table, text in queries.items() if text}

    @contextmanager
    def reader(self) -> Iterator[ReadTable]:
        """Reads tables while it is connected."""
        with connected(self._uri) as select:

            def read(table: str) -> pd.DataFrame | None:
                query = self.queries.get(table)
                if query is None:
                    return None
                try:
                    return self.frame(table, select(_statement(query)))
                except InputError as error:
                    raise InputError(f"{self.origin_of(table)}: {error}") from None
                except pa.ArrowException as error:  # rows of one column with types that differ
                    words = driver_words(error, self._uri)
                    raise InputError(
                        f"{self.origin_of(table)}: the database refuses it: {words}"
                    ) from None

            yield read

    def origin_of(self, table: str) -> str:
        """The setting that has the query."""
        return f"data.queries.{table}"


def _name(uri: str) -> str:
    """What the data are called: the database, never a user or a password."""
    last = urlsplit(uri).path.rpartition("/")[2].partition(".")[0]
    return last if re.fullmatch(r"[\w-]+", last) else "sql"


def _statement(query: str) -> str:
    text = query.strip().rstrip(";")
    return text if re.search(r"\s", text) else f"SELECT * FROM {text}"
