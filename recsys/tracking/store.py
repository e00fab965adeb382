"""Opens an MLflow store by its URI, and turns errors of the store into one line."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.masking import masked
from recsys.tracking.lost import PatientClient, answering, require_reachable
from recsys.tracking.pseudonyms import pseudonyms
from recsys.tracking.sqlite_file import (
    SCHEME,
    check_database,
    create_database,
    is_new,
    locked,
    refuse_foreign,
    sqlite_path,
)

ARTIFACTS = "mlartifacts"
"""Folder of artifacts beside an SQLite database."""

_SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https", "databricks")

_QUIET = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def default_uri() -> str:
    """MLFLOW_TRACKING_URI of the environment; otherwise a database in the current folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"


@dataclass(frozen=True, kw_only=True)
class TrackConfig:
    """Where runs are logged.

    With SQLite, artifacts are in the folder `mlartifacts` beside the database. An MLflow server has
    its own place for them. For another database, create the experiment with
    `mlflow experiments create --artifact-location`.

    Plain, because it is also built without a configuration; `recsys.experiments` validates its
    types, and `open_store` its values.

    Attributes:
        uri: any MLflow tracking URI: `sqlite:///PATH`, `http://HOST:PORT`, `postgresql://...`; by
            default MLFLOW_TRACKING_URI of the environment. It is never stored.
        experiment: name of the MLflow experiment; created where it is missing.
        tags: further tags of the run; they do not replace those that `log_run` sets.
        pseudonyms: whether customer ids are replaced by a keyed hash, see
            `recsys.tracking.pseudonyms`.
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
    """Opens a store for logging; creates database and experiment where they are missing.

    Call it before a fit, so that a store that cannot be used costs no training. Several processes
    may open the same new store at the same time: a lock beside the database orders them.

    Raises:
        InputError: the URI is malformed, the server does not answer, the database cannot be
            written, the experiment was deleted in MLflow, or the key of pseudonyms is missing.
    """
    pseudonyms(settings.pseudonyms)
    _check_tags(settings.tags)
    if not settings.experiment.strip():
        raise InputError("track.experiment: expected a name, got an empty one")
    with _connected(settings) as client:
        return TrackingStore(client, _experiment(client, settings))


def open_to_read(settings: TrackConfig) -> Any:
    """An `mlflow.MlflowClient` of an existing store.

    Raises:
        InputError: as `open_store`, or there is no such database.
    """
    path = sqlite_path(settings.uri)
    if path is not None and not path.exists():
        raise InputError(
            f"track.uri={masked(settings.uri)}: there is no {path}; run recsys train first, "
            "or set track.uri to where the runs are"
        )
    with _connected(settings) as client:
        client.get_experiment_by_name(settings.experiment)
        return client


@contextmanager
def _connected(settings: TrackConfig) -> Iterator[Any]:
    path = sqlite_path(settings.uri)
    _check_uri(settings.uri)
    if path is not None:
        check_database(path)
    with nullcontext() if path is None else locked(path, "track.uri"):
        if path is not None:
            refuse_foreign(path, "experiments", "track.uri")
        try:
            if path is None:
                yield _client_of_server(settings.uri)
                return
            if is_new(path):
                create_database(path, "track.uri", _fill)
            yield _client(f"{SCHEME}{path}")
        except InputError:
            raise
        except Exception as error:
            raise InputError(_refusal(settings.uri, error)) from error


def _client_of_server(uri: str) -> Any:
    require_reachable(uri)
    with answering(uri):
        return PatientClient(_client(uri), uri)


def _fill(path: Path) -> None:
    _client(f"{SCHEME}{path}").search_experiments(max_results=1)


def _client(uri: str) -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It tells of each try.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    # It prints a traceback of each error, which is also raised.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    return MlflowClient(uri)


def _experiment(client: Any, settings: TrackConfig) -> str:
    experiment = client.get_experiment_by_name(settings.experiment)
    if experiment is None:
        experiment = _create(client, settings)
    if experiment.lifecycle_stage != "active":
        raise InputError(
            f"track.experiment={settings.experiment} was deleted in MLflow; restore it there "
            f"(mlflow experiments restore --experiment-id {experiment.experiment_id}) or set "
            "another name"
        )
    return str(experiment.experiment_id)


def _create(client: Any, settings: TrackConfig) -> Any:
    from mlflow.exceptions import MlflowException

    path = sqlite_path(settings.uri)
    location = None if path is None else (path.parent / ARTIFACTS).as_uri()
    try:
        client.create_experiment(settings.experiment, artifact_location=location)
    except MlflowException:
        # On a server, another process may have created it in the meantime.
        if client.get_experiment_by_name(settings.experiment) is None:
            raise
    return client.get_experiment_by_name(settings.experiment)


def _check_uri(uri: str) -> None:
    scheme = re.split(r"[:+]", uri, maxsplit=1)[0]
    if scheme not in _SCHEMES:
        raise InputError(
            f"track.uri: expected sqlite:///PATH, http://HOST:PORT or a database URI "
            f"({', '.join(_SCHEMES)}), got {masked(uri)!r}; MLflow cannot use a plain folder"
        )


def _check_tags(tags: Mapping[str, str]) -> None:
    for name in tags:
        if not re.fullmatch(r"\w[\w.\- ]*", name):
            raise InputError(
                f"track.tags: expected names of letters, digits, '_', '-', '.' and spaces, "
                f"got {name!r}"
            )


def _refusal(uri: str, error: Exception) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
    return f"track.uri={masked(uri)} cannot be used: {masked(reason, uri)}"
