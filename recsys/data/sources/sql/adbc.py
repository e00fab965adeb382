"""Databases with an ADBC driver, as Snowflake, BigQuery and Flight SQL: it hands over Arrow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import adbc_driver_manager.dbapi
import pyarrow as pa


@contextmanager
def opened(uri: str) -> Iterator[Callable[[str], pa.Table]]:
    """Reads by the installed driver that is named as the scheme of the URI.

    Args:
        uri: as the driver takes it.

    Raises:
        adbc_driver_manager.Error: there is no such driver, or it refuses the address.
    """
    with (
        adbc_driver_manager.dbapi.connect(uri=uri) as connection,
        connection.cursor() as cursor,
    ):

        def select(statement: str) -> pa.Table:
            cursor.execute(statement)
            return cursor.fetch_arrow_table()

        yield select
