"""A DuckDB connection that can compute and nothing else."""

import json
from functools import cache
from typing import Any

MEMORY = "1GB"
_SECONDS = 20.0
"""For reading an expression, which takes milliseconds."""


def locked_connection(seconds: float, memory: str = MEMORY, threads: int = 1) -> Any:
    """An empty database in memory: no files, no network, no extensions, no other settings.

    Args:
        seconds: after which a query is interrupted, also one of a cursor.
        memory: limit of tables and intermediate results. DuckDB does not count the texts that a
            function makes, which is why `expressions` allows none that make texts longer.
        threads: of a query.
    """
    import duckdb  # late: most of the library runs without it

    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # By plain SET the limit would not reach cursors.
            "max_execution_time": str(max(1, round(seconds * 1_000))),
            "memory_limit": memory,
            # Otherwise DuckDB writes to `.tmp` in the current folder.
            "temp_directory": "",
            "threads": str(threads),
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET GLOBAL lock_configuration = true")
    return connection


@cache
def _database(seconds: float, memory: str) -> Any:
    return locked_connection(seconds, memory)


def locked_cursor(seconds: float, memory: str = MEMORY) -> Any:
    """A connection of its own to a database as of `locked_connection`, which is opened once."""
    return _database(seconds, memory).cursor()


def syntax_tree(select: str) -> str:
    """JSON of a SELECT statement as DuckDB parses it; nothing of it is run."""
    cursor = locked_cursor(_SECONDS)
    cursor.execute("SELECT json_serialize_sql(?)", [select])
    return str(cursor.fetchone()[0])


def sql_of(select: dict[str, Any]) -> str:
    """The SELECT statement of a tree, as `syntax_tree` gives it; nothing of it is run."""
    cursor = locked_cursor(_SECONDS)
    cursor.execute("SELECT json_deserialize_sql(?::JSON)", [json.dumps(select)])
    return str(cursor.fetchone()[0])
