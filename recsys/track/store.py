"""Opening an MLflow store, whatever its URI, with one line for whatever is wrong with it."""

import fcntl
import logging
import os
import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys.errors import InputError

ARTIFACTS = "mlartifacts"
"""Folder of artifacts beside an SQLite database."""

_SQLITE = "sqlite:///"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https", "databricks")
# MLflow would try for minutes before it says that nobody answers.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}

_QUIET = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@dataclass(frozen=True, kw_only=True)
class TrackConfig:
    """Where runs are kept.

    With SQLite, artifacts lie in `mlartifacts` beside the database, wherever a script is started
    from. An MLflow server decides for itself; for another database say where with an experiment
    that `mlflow experiments create --artifact-location` made.

    Attributes:
        uri: any MLflow tracking URI: `sqlite:///PATH`, `http://HOST:PORT`, `postgresql://...`.
        experiment: name of the MLflow experiment; made where it is missing.
        tags: further tags of the run; they do not replace those that `log_run` sets.
    """

    uri: str = "sqlite:///mlflow.db"
    experiment: str = "recsys"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Store:
    """An open store.

    Attributes:
        client: an `mlflow.MlflowClient`.
        experiment_id: of the configured experiment.
    """

    client: Any
    experiment_id: str


def open_store(settings: TrackConfig) -> Store:
    """Opens the store to log into; database and experiment are made where they are missing.

    Called before a fit it says at once what would else be found out after it. Several processes
    may open the same new store at the same time: a lock beside the database makes them queue.

    Raises:
        InputError: the URI is malformed, nobody answers, the database cannot be written, or the
            experiment was deleted in MLflow.
    """
    _check_tags(settings.tags)
    if not settings.experiment.strip():
        raise InputError("track.experiment: expected a name, got an empty one")
    with _connected(settings) as client:
        return Store(client, _experiment(client, settings))


def open_to_read(settings: TrackConfig) -> Any:
    """An `mlflow.MlflowClient` of a store that must be there already.

    Raises:
        InputError: as `open_store`, or there is no such database.
    """
    path = sqlite_path(settings.uri)
    if path is not None and not path.exists():
        raise InputError(
            f"track.uri={settings.uri}: there is no {path}; run scripts/train.py first, "
            "or set track.uri to where the runs are"
        )
    with _connected(settings) as client:
        client.get_experiment_by_name(settings.experiment)
        return client


@contextmanager
def ended(client: Any, run_id: str, what: str) -> Iterator[None]:
    """Marks a run FINISHED after the block; FAILED, or KILLED by Ctrl-C, where that breaks off.

    Args:
        client: an `mlflow.MlflowClient`.
        run_id: of a run that was begun.
        what: the run is, for the message.

    Raises:
        InputError: the store stopped to take things halfway.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except BaseException as error:
        status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        with suppress(Exception):
            client.set_terminated(run_id, status)
        if isinstance(error, MlflowException | OSError):
            raise InputError(f"{what} {run_id} could not be logged whole: {error}") from error
        raise
    client.set_terminated(run_id, "FINISHED")


def sqlite_path(uri: str) -> Path | None:
    """The absolute path of an SQLite URI; None for any other kind.

    Raises:
        InputError: the URI names no file.
    """
    if not uri.startswith("sqlite"):
        return None
    name = uri.removeprefix(_SQLITE)
    if name == uri or not name or name == ":memory:":
        raise InputError(f"track.uri: expected sqlite:///PATH, got {uri}")
    return Path(name).absolute()


@contextmanager
def _connected(settings: TrackConfig) -> Iterator[Any]:
    path = sqlite_path(settings.uri)
    _check_uri(settings.uri)
    if path is not None:
        _check_database(path)
    with nullcontext() if path is None else locked(path, "track.uri"), _impatient():
        if path is not None:
            refuse_foreign(path, "experiments", "track.uri")
        if path is not None and _is_new(path):
            sys.stderr.write(f"mlflow: preparing the new store {path.name} (about 10 s, once)\n")
        try:
            yield _client(settings.uri if path is None else f"{_SQLITE}{path}")
        except InputError:
            raise
        except Exception as error:
            raise InputError(_refusal(settings.uri, error)) from error


def _client(uri: str) -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient(uri)


def _experiment(client: Any, settings: TrackConfig) -> str:
    found = client.get_experiment_by_name(settings.experiment)
    if found is None:
        found = _create(client, settings)
    if found.lifecycle_stage != "active":
        raise InputError(
            f"track.experiment={settings.experiment} was deleted in MLflow; restore it there "
            f"(mlflow experiments restore --experiment-id {found.experiment_id}) or name another"
        )
    return str(found.experiment_id)


def _create(client: Any, settings: TrackConfig) -> Any:
    from mlflow.exceptions import MlflowException

    path = sqlite_path(settings.uri)
    location = None if path is None else (path.parent / ARTIFACTS).as_uri()
    try:
        client.create_experiment(settings.experiment, artifact_location=location)
    except MlflowException:
        # On a server another process may have been quicker.
        if client.get_experiment_by_name(settings.experiment) is None:
            raise
    return client.get_experiment_by_name(settings.experiment)


def _check_uri(uri: str) -> None:
    scheme = re.split(r"[:+]", uri, maxsplit=1)[0]
    if scheme not in _SCHEMES:
        raise InputError(
            f"track.uri: expected sqlite:///PATH, http://HOST:PORT or a database URI "
            f"({', '.join(_SCHEMES)}), got {_masked(uri)!r}; MLflow keeps no runs in plain folders"
        )


def _check_tags(tags: Mapping[str, str]) -> None:
    for name in tags:
        if not re.fullmatch(r"\w[\w.\- ]*", name):
            raise InputError(
                f"track.tags: expected names of letters, digits, '_', '-', '.' and spaces, "
                f"got {name!r}"
            )


def _is_new(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _check_database(path: Path) -> None:
    # MLflow would try for minutes to open what is no database.
    if path.is_dir():
        raise InputError(f"track.uri: {path} is a folder; expected the path of an SQLite file")
    if _is_new(path):
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise InputError(f"track.uri: {path} cannot be written; set track.uri to another path")
    with path.open("rb") as file:
        if file.read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
            raise InputError(f"track.uri: {path} is not an SQLite database; name another path")


def refuse_foreign(path: Path, table: str, key: str) -> None:
    """Refuses a database of something else: MLflow and Optuna add their tables to any.

    Args:
        path: of the SQLite file, which others are kept from by `locked`; it need not be there.
        table: one that tells the wanted kind.
        key: of the configuration that names the path, for the message.

    Raises:
        InputError: there are tables and not this one, or the file cannot be read.
    """
    if _is_new(path):
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = {name for (name,) in found}
    except sqlite3.Error as error:
        raise InputError(f"{key}: {path} is no database: {error}; name another path") from None
    if names and table not in names:
        raise InputError(
            f"{key}: {path} is a database of something else: expected a table '{table}' in it, got "
            f"{', '.join(sorted(names)[:5])}; name another path"
        )


@contextmanager
def locked(path: Path, key: str, wait: bool = True) -> Iterator[None]:
    """One process at a time, by a lock beside the file that a kill releases.

    MLflow's first migration does not survive company, nor does Optuna's.

    Args:
        path: of the file to guard; its folder is made where it is missing.
        key: of the configuration that names it, for the message.
        wait: for the others; else they are an error.

    Raises:
        InputError: the folder cannot be written, or others hold the lock and `wait` is False.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("w")
    except OSError as error:
        raise InputError(
            f"{key}: {path.parent} cannot be written: {error.strerror}; set {key}"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise InputError(f"{key}: {path.name} is in use by another process") from None
        yield


@contextmanager
def _impatient() -> Iterator[None]:
    unset = {name: value for name, value in _IMPATIENT.items() if name not in os.environ}
    os.environ.update(unset)
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]


def _refusal(uri: str, error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    reason = "nobody answers" if "Max retries" in text else text.splitlines()[0][:300]
    return _masked(f"track.uri={uri} cannot be used: {reason}")


def _masked(text: str) -> str:
    """Without the user and password that a URI may carry."""
    return re.sub(r"//[^@/\s]*@", "//***@", text)
