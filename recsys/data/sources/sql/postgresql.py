"""PostgreSQL by its ADBC driver, whose values are those of the wire: mended here by their types.

`numeric` comes as text, `money` as whole cents of the server's currency, an infinite time as a
year far outside any calendar.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import adbc_driver_postgresql.dbapi
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.stream.batches import Batches

_TYPE = b"POSTGRESQL:type"
"""Key of a column's metadata that holds the name of its type in the database."""

_BEGIN = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

_EPOCH = 946_684_800_000_000
"""Microseconds from 1970 to 2000, from where PostgreSQL counts."""

_ENDLESS_TIMES = (-(2**63) + _EPOCH - 1, -(2**63) + _EPOCH)
_ENDLESS_DAYS = (-(2**31) + 10_957 - 1, -(2**31) + 10_957)
"""What the driver makes of infinity (its sum overflows) and -infinity."""

_ONE_UNIT = "SELECT CAST('1' AS money) AS unit"
"""One unit of the server's currency in its smallest coins: 100 cents, or 1 yen."""


@contextmanager
def opened(uri: str) -> Iterator[Callable[[str], Batches]]:
    """Reads in one transaction, so that all tables are those of one moment; nothing is written.

    Args:
        uri: `postgresql://USER@HOST/DATABASE`; a password that is not in it is taken from
            PGPASSWORD, PGPASSFILE or ~/.pgpass.

    Raises:
        adbc_driver_manager.Error: the server cannot be reached.
    """
    with (
        adbc_driver_postgresql.dbapi.connect(uri) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_BEGIN)

        def reader(statement: str) -> pa.RecordBatchReader:
            try:
                cursor.execute(statement)
            except connection.Error:
                connection.rollback()  # so that the next table can be read
                cursor.execute(_BEGIN)
                raise
            return cursor.fetch_record_batch()

        def select(statement: str) -> Batches:
            rows, unit = reader(statement), 1
            if "money" in map(_type_of, rows.schema):
                # A connection runs one statement at a time.
                rows.close()
                unit = reader(_ONE_UNIT).read_all().column(0)[0].as_py()
                rows = reader(statement)
            return Batches(
                schema=rows.schema,
                rows=(_mended(batch, unit) for batch in rows),
                numeric={field.name for field in rows.schema if _type_of(field) == "numeric"},
            )

        yield select


def _type_of(field: pa.Field) -> str:
    name: bytes = (field.metadata or {}).get(_TYPE, b"")
    return name.decode()


def _mended(batch: pa.RecordBatch, unit: int) -> pa.RecordBatch:
    columns = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        kind = _type_of(field)
        if kind == "money":
            column = pc.divide(pc.cast(column, pa.float64(), safe=False), float(unit))
        elif kind in ("timestamp", "timestamptz"):
            column = _finite(column, pa.int64(), _ENDLESS_TIMES)
        elif kind == "date":
            column = _finite(column, pa.int32(), _ENDLESS_DAYS)
        columns.append(column)
    return pa.record_batch(columns, names=batch.schema.names)


def _finite(column: pa.Array, whole: pa.DataType, endless: tuple[int, int]) -> pa.Array:
    """Times without infinity, which stands for an open end, as an empty cell does."""
    is_endless = pc.is_in(pc.cast(column, whole), pa.array(endless, whole))
    return pc.if_else(is_endless, pa.scalar(None, column.type), column)
