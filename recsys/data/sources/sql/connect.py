"""Connects to a database by its URI: which library reads it, and how its errors are worded."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TypeAlias

import pyarrow as pa

from recsys.data.sources.driver_errors import driver_errors, driver_words
from recsys.data.stream.batches import Batches
from recsys.errors import InputError

Select: TypeAlias = Callable[[str], Batches]
"""A SELECT statement -> its rows; raises the error of the driver."""

_REFUSED = "the database refuses it"


@contextmanager
def connected(uri: str) -> Iterator[Select]:
    """Runs statements on one connection; nothing is written.

    Args:
        uri: scheme and address.

    Raises:
        InputError: a package is missing, there is no such database, or a statement is refused; the
            message holds no password of the URI.
    """
    scheme = uri.partition(":")[0]
    is_open = False
    try:
        with _door(scheme)(uri) as select:
            is_open = True
            yield lambda statement: _rows(select, statement, uri)
    except (InputError, MemoryError):
        raise
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        is_ours = package.startswith(("adbc", "sqlalchemy", "psycopg"))
        remedy = "pip install 'recsys[sql]'" if is_ours else "install the driver that has it"
        raise InputError(
            f"data.uri: {scheme}: is read by the package {package}, which is missing; {remedy}"
        ) from None
    except Exception as error:  # each driver has errors of its own
        if is_open:
            raise
        raise InputError(
            f"data.uri: the database at {scheme}:... cannot be opened: {driver_words(error, uri)}"
        ) from None


def _door(scheme: str) -> Callable[[str], AbstractContextManager[Select]]:
    # Imported late: each needs packages of its own.
    if scheme == "duckdb":
        from recsys.data.sources.sql import duckdb_file

        return duckdb_file.opened
    if scheme in ("postgresql", "postgres"):
        from recsys.data.sources.sql import postgresql

        return postgresql.opened
    from recsys.data.sources.sql import alchemy

    if alchemy.has_dialect(scheme):
        return alchemy.opened
    from recsys.data.sources.sql import adbc

    return adbc.opened


def _rows(select: Select, statement: str, uri: str) -> Batches:
    with driver_errors(_REFUSED, uri):
        batches = select(statement)
    refuse_repeated(batches.schema.names)

    def rows() -> Iterator[pa.RecordBatch]:
        with driver_errors(_REFUSED, uri):
            yield from batches.rows

    return replace(batches, rows=rows())


def refuse_repeated(names: Sequence[str]) -> None:
    """Raises `InputError` if a query has two columns of the same name."""
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"column '{twice}' comes twice; give one another name by AS")
