"""A server of MLflow that does not answer: noticed within a minute, and told from a refusal."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from recsys.errors import InputError
from recsys.ops.masking import masked

# Otherwise MLflow tries for minutes to reach a server that does not answer.
_FEW_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
_PATIENCE = 10.0
"""Seconds to wait for the port of a database."""
_CANNOT = 500
"""From this HTTP status on it is the server that is at fault, not what it was asked."""
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


class ServerLost(InputError):
    """The server does not answer; what was to be logged may be kept here, and sent later."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"track.uri={masked(uri)} cannot be used: the server does not answer")


class PatientClient:
    """An `mlflow.MlflowClient` whose calls end within a minute if the server does not answer.

    Args:
        client: of a server.
        uri: its address.

    Raises:
        ServerLost: by every method.
    """

    def __init__(self, client: Any, uri: str) -> None:
        self._client, self._uri = client, uri

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        @wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            with answering(self._uri):
                return method(*arguments, **options)

        return call


@contextmanager
def answering(uri: str) -> Iterator[None]:
    """Requests inside are tried twice, for 20 seconds each, unless the environment says otherwise.

    Args:
        uri: of the server.

    Raises:
        ServerLost: it did not answer.
    """
    unset = {name: value for name, value in _FEW_RETRIES.items() if name not in os.environ}
    os.environ.update(unset)
    try:
        yield
    except Exception as error:
        if _is_lost(error):
            raise ServerLost(uri) from error
        raise
    finally:
        for name in unset:
            os.environ.pop(name, None)


def require_reachable(uri: str) -> None:
    """Raises `ServerLost` unless the port of a database can be opened.

    MLflow tries for minutes to open a database, whatever the environment says. Addresses without a
    host, and servers of MLflow, which may lie behind a proxy, are not tried.
    """
    address = urlsplit(uri)
    port = _PORTS.get(address.scheme.partition("+")[0])
    if port is None or not address.hostname:
        return
    try:
        socket.create_connection((address.hostname, address.port or port), _PATIENCE).close()
    except OSError as error:
        raise ServerLost(uri) from error


def _is_lost(error: BaseException) -> bool:
    """Whether a server did not answer, or answered that it cannot; not that it does not want to."""
    from mlflow.exceptions import RestException
    from requests import exceptions
    from sqlalchemy.exc import InterfaceError, OperationalError

    unanswered = (
        exceptions.ConnectionError, exceptions.Timeout, exceptions.RetryError, ConnectionError,
        OperationalError, InterfaceError,
    )  # fmt: skip
    links = list(chain(error))
    if any(isinstance(link, sqlite3.Error) for link in links):
        return False
    refusals = [link for link in links if isinstance(link, RestException)]
    if any(refusal.get_http_status_code() >= _CANNOT for refusal in refusals):
        return True
    return any(isinstance(link, unanswered) for link in links)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that it came from, also what a database said to SQLAlchemy."""
    while error is not None:
        yield error
        origin = getattr(error, "orig", None)
        if isinstance(origin, BaseException):
            yield origin
        error = error.__cause__ or error.__context__
