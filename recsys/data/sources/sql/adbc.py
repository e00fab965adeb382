"""Databases with an ADBC driver, as Snowflake, BigQuery and Flight SQL: it hands over Arrow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import adbc_driver_manager.dbapi

from recsys.data.stream.batches import Batches


@contextmanager
def opened(uri: str) -> Iterator[Callable[[str], Batches]]:
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

        def select(statement: str) -> Batches:
            cursor.execute(statement)
            reader = cursor.fetch_record_batch()
            return Batches(schema=reader.schema, rows=reader)

        yield select
