"""Work with an MLflow client: searches over all pages, status of runs, errors in one line."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from recsys.errors import InputError
from recsys.ops.masking import masked
from recsys.ops.terminal import FULL
from recsys.ops.whole_file import reason
from recsys.tracking.lost import ServerLost, chain

_PAGE = 1000


def search_runs(
    client: Any, experiments: Sequence[str], query: str, **options: Any
) -> Iterator[Any]:
    """All runs of a search, page by page.

    Args:
        client: an `mlflow.MlflowClient`.
        experiments: their ids.
        query: filter of MLflow.
        options: further arguments of `MlflowClient.search_runs`.
    """
    token = None
    while True:
        page = client.search_runs(
            experiments, query, max_results=_PAGE, page_token=token, **options
        )
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def store_errors(logged: str) -> Iterator[None]:
    """Turns errors of MLflow inside, as on a full disk, into an `InputError`.

    Args:
        logged: what is being logged, for the message.

    Raises:
        InputError: the store did not accept it.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        raise InputError(f"{logged} could not be logged: {masked(_first_line(error))}") from error


def _first_line(error: BaseException) -> str:
    """What the database said, where it is at fault; SQLAlchemy may begin with a hint."""
    for link in chain(error):
        if isinstance(link, sqlite3.Error):
            return f"(sqlite3.{type(link).__name__}) {link}"
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def refuse_full(error: BaseException, folder: str) -> None:
    """Raises `InputError` where an error came from a disk that takes no more.

    Args:
        error: of MLflow.
        folder: that was written to.
    """
    for link in chain(error):
        if isinstance(link, OSError) and link.errno in FULL:
            line = f"{folder} cannot be written: {reason(link)}; make room, or set TMPDIR"
            raise InputError(line) from None


@contextmanager
def ending_run(client: Any, run_id: str, kind: str) -> Iterator[None]:
    """Sets the status of a run at the end: FINISHED, FAILED on an error, KILLED on Ctrl-C.

    Args:
        client: an `mlflow.MlflowClient`.
        run_id: of a run that was created.
        kind: of the run, as "study", for the message.

    Raises:
        InputError: the store did not accept what was logged inside.
    """
    with store_errors(f"{kind} {run_id}"):
        try:
            yield
        except BaseException as error:
            status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
            # A server that is lost would only be waited for once more.
            if not isinstance(error, ServerLost):
                with suppress(Exception):
                    client.set_terminated(run_id, status)
            raise
        client.set_terminated(run_id, "FINISHED")
