"""DuckDB's own database files, opened for reading only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from recsys.data.stream.batches import Batches
from recsys.data.stream.frame import BATCH_ROWS
from recsys.errors import InputError

_SCHEME = "duckdb:///"


@contextmanager
def opened(uri: str) -> Iterator[Callable[[str], Batches]]:
    """Reads a file, as of one moment.

    Args:
        uri: `duckdb:///shop.duckdb`, from the current folder, or `duckdb:////data/shop.duckdb`.

    Raises:
        InputError: there is no such file, or it is no database.
        duckdb.Error: another process writes to it, or a newer DuckDB wrote it.
    """
    path = Path(uri.removeprefix(_SCHEME)).expanduser()
    if not uri.startswith(_SCHEME) or not path.is_file():
        raise InputError(f"data.uri: expected duckdb:///FILE with a file that is there, got {uri}")
    with path.open("rb") as file:
        if file.read(12)[8:] != b"DUCK":  # DuckDB would open other files as tables in memory
            raise InputError(f"data.uri: expected a database of DuckDB, got {path.name}")
    # Nothing is fetched: extensions that are not installed are refused at once.
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("BEGIN")

        def select(statement: str) -> Batches:
            rows = connection.sql(statement)
            if rows is None:
                raise InputError("expected a SELECT statement, got one without rows")
            reader = rows.to_arrow_reader(BATCH_ROWS)
            return Batches(schema=reader.schema, rows=reader)

        yield select
