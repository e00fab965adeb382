"""Opening an MLflow store, whatever its URI, with one line for whatever is wrong with it."""

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.masking import masked
from recsys.ops.shown_text import for_terminal
from recsys.tracking.pseudonyms import pseudonyms
from recsys.tracking.sqlite_file import (
    SCHEME,
    check_database,
    is_new,
    locked,
    make_whole,
    refuse_foreign,
    sqlite_path,
)

ARTIFACTS = "mlartifacts"
"""Folder of artifacts beside an SQLite database."""

_SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https", "databricks")
# MLflow would try for minutes before it says that nobody answers.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}

_QUIET = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def default_uri() -> str:
    """That of MLFLOW_TRACKING_URI, as for MLflow itself; else a database in the current folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"


@dataclass(frozen=True, kw_only=True)
class TrackConfig:
    """Where runs are kept.

    With SQLite, artifacts lie in `mlartifacts` beside the database, wherever a script is started
    from. An MLflow server decides for itself; for another database say where with an experiment
    that `mlflow experiments create --artifact-location` made.

    Attributes:
        uri: any MLflow tracking URI: `sqlite:///PATH`, `http://HOST:PORT`, `postgresql://...`;
            what MLFLOW_TRACKING_URI says where it is not given. It is kept nowhere.
        experiment: name of the MLflow experiment; made where it is missing.
        tags: further tags of the run; they do not replace those that `log_run` sets.
        pseudonyms: whether customers are kept under a keyed hash, see `recsys.tracking.pseudonyms`.
    """

    uri: str = field(default_factory=default_uri)
    experiment: str = "recsys"
    tags: Mapping[str, str] = field(default_factory=dict)
    pseudonyms: bool = False


@dataclass(frozen=True)
class TrackingStore:
    """An open store.

    Attributes:
        client: an `mlflow.MlflowClient`.
        experiment_id: of the configured experiment.
    """

    client: Any
    experiment_id: str


def open_store(settings: TrackConfig) -> TrackingStore:
    """Opens the store to log into; database and experiment are made where they are missing.

    Called before a fit it says at once what would else be found out after it. Several processes
    may open the same new store at the same time: a lock beside the database makes them queue.

    Raises:
        InputError: the URI is malformed, nobody answers, the database cannot be written, the
            experiment was deleted in MLflow, or the key of pseudonyms is missing.
    """
    pseudonyms(settings.pseudonyms)
    _check_tags(settings.tags)
    if not settings.experiment.strip():
        raise InputError("track.experiment: expected a name, got an empty one")
    with _connected(settings) as client:
        return TrackingStore(client, _experiment(client, settings))


def open_to_read(settings: TrackConfig) -> Any:
    """An `mlflow.MlflowClient` of a store that must be there already.

    Raises:
        InputError: as `open_store`, or there is no such database.
    """
    path = sqlite_path(settings.uri)
    if path is not None and not path.exists():
        raise InputError(
            f"track.uri={masked(settings.uri)}: there is no {path}; run scripts/train.py first, "
            "or set track.uri to where the runs are"
        )
    with _connected(settings) as client:
        client.get_experiment_by_name(settings.experiment)
        return client


@contextmanager
def taken(what: str) -> Iterator[None]:
    """Turns a store that stopped to take things, as on a full disk, into one line.

    Args:
        what: is being logged, for the message.

    Raises:
        InputError: the store did not take it.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        words = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{what} could not be logged whole: {masked(words)}") from error


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
    with taken(f"{what} {run_id}"):
        try:
            yield
        except BaseException as error:
            status = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
            with suppress(Exception):
                client.set_terminated(run_id, status)
            raise
        client.set_terminated(run_id, "FINISHED")


@contextmanager
def _connected(settings: TrackConfig) -> Iterator[Any]:
    path = sqlite_path(settings.uri)
    _check_uri(settings.uri)
    if path is not None:
        check_database(path)
    with nullcontext() if path is None else locked(path, "track.uri"), _impatient():
        if path is not None:
            refuse_foreign(path, "experiments", "track.uri")
            if is_new(path):
                name = for_terminal(path.name)
                sys.stderr.write(f"mlflow: preparing the new store {name} (about 10 s, once)\n")
        try:
            if path is not None and is_new(path):
                make_whole(path, "track.uri", _fill)
            yield _client(settings.uri if path is None else f"{SCHEME}{path}")
        except InputError:
            raise
        except Exception as error:
            raise InputError(_refusal(settings.uri, error)) from error


def _fill(path: Path) -> None:
    _client(f"{SCHEME}{path}").search_experiments(max_results=1)


def _client(uri: str) -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It prints a traceback of whatever it raises, which is said in one line.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
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
            f"({', '.join(_SCHEMES)}), got {masked(uri)!r}; MLflow keeps no runs in plain folders"
        )


def _check_tags(tags: Mapping[str, str]) -> None:
    for name in tags:
        if not re.fullmatch(r"\w[\w.\- ]*", name):
            raise InputError(
                f"track.tags: expected names of letters, digits, '_', '-', '.' and spaces, "
                f"got {name!r}"
            )


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
    return f"track.uri={masked(uri)} cannot be used: {masked(reason, uri)}"
