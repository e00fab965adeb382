"""Runs that a lost server did not take: kept in a store of their own, until they are sent.

The folder `mlflow_unsent` of a run is an ordinary MLflow store (`mlflow.db` and its artifacts), so
that everything of a run is kept, and MLflow's own pages show it. `recsys.tracking.sync` sends it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.locks import lock_folder
from recsys.ops.masking import masked
from recsys.ops.shown_text import for_terminal
from recsys.ops.whole_file import reason
from recsys.tracking.lost import ServerLost
from recsys.tracking.store import TrackConfig, open_store

UNSENT = "mlflow_unsent"
DATABASE = "mlflow.db"
SERVER = "unsent_server"
"""Tag of a kept experiment: the server that its runs were meant for, where no secret is in it."""


def log_or_keep(
    log: Callable[[TrackConfig], str], settings: TrackConfig, folder: Path
) -> str | None:
    """Logs to a store; what a lost server does not take is kept in a folder.

    Args:
        log: logs to the store it is given and returns the id of the run. It may be called twice,
            the second time for the kept store.
        settings: the store.
        folder: of the run, in which it may be kept.

    Returns:
        the id of the run; None where it was kept, which is said on stderr.

    Raises:
        InputError: neither store takes it.
    """
    try:
        return log(settings)
    except ServerLost:
        with writing(folder):
            log(kept_store(settings, folder))
        say_kept(settings, folder)
        return None


@contextmanager
def said_if_lost(folder: Path) -> Iterator[None]:
    """Says on stderr that a server does not answer, and goes on: its runs are kept in a folder."""
    try:
        yield
    except ServerLost as lost:
        where = for_terminal(str(folder / UNSENT))
        sys.stderr.write(f"{lost}; the run goes on, and is kept in {where} if need be\n")


def kept_store(settings: TrackConfig, folder: Path) -> TrackConfig:
    """The store in a folder that keeps what was meant for another; made where it is missing.

    Raises:
        InputError: the folder cannot be written.
    """
    kept = replace(settings, uri=f"sqlite:///{database_of(folder)}")
    opened = open_store(kept)
    if masked(settings.uri) == settings.uri:
        opened.client.set_experiment_tag(opened.experiment_id, SERVER, settings.uri)
    return kept


def database_of(folder: Path) -> Path:
    """Where the runs of a folder are kept."""
    return folder.absolute() / UNSENT / DATABASE


def say_kept(settings: TrackConfig, folder: Path) -> None:
    """Says on stderr what was kept where, and how it is sent."""
    where = for_terminal(str(folder / UNSENT))
    sys.stderr.write(
        f"mlflow: {masked(settings.uri)} does not answer; what it did not take is kept in {where}: "
        "send it with recsys sync\n"
    )


@contextmanager
def writing(folder: Path, wait: bool = True) -> Iterator[None]:
    """Keeps other processes from writing to, or sending, what a folder keeps.

    Args:
        folder: of a run.
        wait: for them; otherwise it is an error that another one is at work.

    Raises:
        InputError: the folder cannot be written, or another process is at work and `wait` is False.
    """
    path = folder / UNSENT
    try:
        # Another process may have sent it, and removed it, in the meantime.
        with lock_folder(path, wait):
            yield
    except BlockingIOError:
        raise InputError(
            f"{path} is in use by another process; try again when it has ended"
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {reason(error)}") from None
