"""Databases that SQLAlchemy has a dialect for: rows of Python values become Arrow columns.

Values keep their types, at the price of an object each: about seven times the CPU time of ADBC.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import sqlalchemy
from sqlalchemy.dialects import registry
from sqlalchemy.exc import NoSuchModuleError

from recsys.data.sources.sql.connect import refuse_repeated
from recsys.data.stream.batches import Batches
from recsys.errors import InputError

_ROWS = 50_000
"""Rows are fetched and turned into Arrow in batches of so many."""

_MONEY = 790
"""Object id of the type money in every PostgreSQL."""


def has_dialect(scheme: str) -> bool:
    """Whether SQLAlchemy knows a scheme, as `mysql` or `postgresql+psycopg`."""
    try:
        registry.load(scheme.replace("+", "."))
    except NoSuchModuleError:
        return False
    return True


@contextmanager
def opened(uri: str) -> Iterator[Callable[[str], Batches]]:
    """Reads in one transaction that is never committed.

    Args:
        uri: as SQLAlchemy takes it.

    Raises:
        InputError: there is no such file of SQLite.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached.
    """
    url = sqlalchemy.make_url(uri)
    name = url.get_backend_name()
    if name == "sqlite" and not Path(url.database or "").is_file():  # it would be made
        raise InputError(f"data.uri: expected sqlite:///FILE, and there is no file {url.database}")
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    # Without parameters a driver leaves % and : as they are.
    options: dict[str, Any] = {"stream_results": True, "no_parameters": True}
    if name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        if name == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")

        def select(statement: str) -> Batches:
            try:
                rows = connection.exec_driver_sql(statement)
            except sqlalchemy.exc.SQLAlchemyError:
                connection.rollback()  # so that the next table can be read
                raise
            if not rows.returns_rows:
                raise InputError("expected a SELECT statement, got one without rows")
            refuse_repeated(list(rows.keys()))
            is_money = [False] * len(rows.keys())
            if name == "postgresql" and rows.cursor is not None:
                is_money = [column[1] == _MONEY for column in rows.cursor.description]
            unit = _unit(connection) if any(is_money) else 1
            return _batches(rows, is_money, unit)

        yield select


def _unit(connection: sqlalchemy.Connection) -> int:
    """One unit of the server's currency in its smallest coins: 100 cents, or 1 yen."""
    text = connection.exec_driver_sql("SELECT CAST('1' AS money)").scalar_one()
    return int(re.sub(r"[^0-9]", "", text))


def _batches(rows: Any, is_money: Sequence[bool], unit: int) -> Batches:
    names = list(rows.keys())

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows.partitions(_ROWS):
            arrays = [
                _array([amount(cell, unit) for cell in cells] if money else cells)
                for money, cells in zip(is_money, zip(*batch, strict=True), strict=True)
            ]
            yield pa.record_batch(arrays, names=names)

    schema = pa.schema([(name, pa.null()) for name in names])
    return Batches(schema=schema, rows=batches())


def _array(cells: Sequence[Any]) -> pa.Array:
    if any(isinstance(cell, UUID) for cell in cells):
        cells = [None if cell is None else str(cell) for cell in cells]
    return pa.array(cells)


def amount(text: str | None, unit: int) -> float | None:
    """A sum of money from its text as the server's locale writes it: $1,234.50, -12,50 €, ($5)."""
    if text is None:
        return None
    coins = int(re.sub(r"[^0-9]", "", text))
    return (-coins if re.search(r"[-(]", text) else coins) / unit
