"""One retraining of a model at a time, and the folder of what it has made so far."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.locks import lock, own_folder
from recsys.ops.masking import masked
from recsys.tracking.sqlite_file import sqlite_path
from recsys.tracking.store import TrackConfig


@contextmanager
def retraining_lock(track: TrackConfig, name: str) -> Iterator[None]:
    """Lets one retraining of a model run at a time; the system drops it when a process ends.

    With SQLite, by a file beside the database. A tracking server has no lock: there it only holds
    for the processes of one user on one machine.

    Args:
        track: where the registry is.
        name: of the registered model.

    Raises:
        InputError: another retraining of the model runs, or the lock cannot be created.
    """
    path = sqlite_path(track.uri)
    digest = hashlib.sha256(f"{masked(track.uri)} {name}".encode()).hexdigest()[:16]
    try:
        folder = own_folder() if path is None else path.parent
        file = f"retraining-{digest}" if path is None else f"{path.name}.retraining-{digest}"
        folder.mkdir(parents=True, exist_ok=True)
        with lock(folder / f"{file}.lock", wait=False, make=True):
            yield
    except BlockingIOError:
        raise InputError(
            f"model_name={name}: another retraining of it is running; wait until it has ended"
        ) from None


def own_state(track: TrackConfig, name: str, token: str) -> Path:
    """The folder of what an unfinished retraining has made and MLflow does not have yet.

    Beside an SQLite database; with a server below `outputs` of the current folder. Folders of other
    retrainings of the model are removed: call it within `retraining_lock`.
    """
    above = _states(track, name)
    for other in above.glob("*"):
        if other.name != token:
            shutil.rmtree(other, ignore_errors=True)
    return above / token


def clear_state(track: TrackConfig, name: str) -> None:
    """Removes the folders of `own_state`, once MLflow has everything."""
    shutil.rmtree(_states(track, name), ignore_errors=True)


def _states(track: TrackConfig, name: str) -> Path:
    path = sqlite_path(track.uri)
    above = Path("outputs") / "retrain" if path is None else path.with_name(f"{path.name}.retrain")
    return above / hashlib.sha256(name.encode()).hexdigest()[:16]
