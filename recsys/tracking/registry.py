"""The champion of a registered model: who it is, whom it replaced, and the way back.

The alias `champion` is the only truth. Each version says in the tag `replaced` which version was
champion before it, so that a rollback needs nothing else.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.locks import own_folder
from recsys.ops.masking import masked
from recsys.tracking.read import TrackedRun
from recsys.tracking.sqlite_file import locked, sqlite_path
from recsys.tracking.store import TrackConfig, ended, open_to_read

ALIAS = "champion"
KIND = "promotion"
_MODEL, _WINDOW = "model", "window"
# One that a kill cut short told nobody what it found.
_COMPARED = f"tags.kind = '{KIND}' and tags.compared = 'true' and attributes.status = 'FINISHED'"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a registered model.

    Attributes:
        version: its number, as MLflow counts them.
        run_id: of the recsys run whose settings it holds.
        digest: SHA-256 of its artifact's manifest.
        replaced: the version that was champion before it; None for the first.
    """

    version: str
    run_id: str
    digest: str
    replaced: str | None


@contextmanager
def one_at_a_time(settings: TrackConfig, name: str) -> Iterator[None]:
    """Lets one promotion or rollback of a model through after the other.

    With SQLite by a lock beside the database. A tracking server offers no lock: there it holds
    among the processes of one user of one machine only.

    Raises:
        InputError: the lock cannot be made.
    """
    path = sqlite_path(settings.uri)
    digest = hashlib.sha256(f"{masked(settings.uri)} {name}".encode()).hexdigest()[:16]
    # The database's own lock is held for moments only, by whoever opens it.
    folder = _own_folder() if path is None else path.parent
    name = f"promotion-{digest}" if path is None else f"{path.name}.promotion"
    with locked(folder / name, "track.uri"):
        yield


def _own_folder() -> Path:
    try:
        return own_folder()
    except OSError as error:
        raise InputError(f"{error.filename} {error.strerror}, or set TMPDIR") from None


def champion(settings: TrackConfig, name: str) -> Version | None:
    """The version with the alias; None where no model of this name has one.

    Raises:
        InputError: the store cannot be opened, or the champion was not put there by a promotion.
    """
    client = open_to_read(settings)
    return _champion(client, name)


def register(
    settings: TrackConfig, name: str, model: Path, run: TrackedRun, digest: str, logged: str
) -> Version:
    """Makes an MLflow model the champion; called within `one_at_a_time`.

    Args:
        settings: where the registry is.
        name: of the registered model; made where it is missing.
        model: folder of the MLflow model.
        run: whose settings the model holds.
        digest: SHA-256 of its artifact's manifest.
        logged: id of the promotion's run, which takes the model.

    Raises:
        InputError: the registry does not take it.
    """
    client = open_to_read(settings)
    former = _champion(client, name)
    tags = {"run_id": run.run_id, "digest": digest, "replaced": former.version if former else ""}
    with _in_our_words(name):
        client.log_artifacts(logged, str(model), _MODEL)
        source = f"{client.get_run(logged).info.artifact_uri}/{_MODEL}"
        _make_name(client, name)
        made = client.create_model_version(name, source, run_id=logged, tags=tags)
        client.set_registered_model_alias(name, ALIAS, made.version)
    return _version(made.version, tags)


def roll_back(settings: TrackConfig, name: str) -> tuple[Version, Version]:
    """Gives the alias back to the version that the champion replaced; (from, to).

    Raises:
        InputError: there is no champion, or none before it.
    """
    client = open_to_read(settings)
    now = _champion(client, name)
    if now is None:
        raise InputError(f"model_name={name}: no champion is registered, so there is no way back")
    if now.replaced is None:
        raise InputError(
            f"model_name={name}: version {now.version} is the first champion; there is none to go "
            "back to"
        )
    with _in_our_words(name):
        former = client.get_model_version(name, now.replaced)
        client.set_registered_model_alias(name, ALIAS, former.version)
    return now, _version(former.version, former.tags)


@contextmanager
def promotion_run(
    run: TrackedRun, name: str, tags: Mapping[str, str], window: Mapping[str, str]
) -> Iterator[str]:
    """A run in the challenger's experiment that keeps a reading of test; yields its id.

    It has no tags of a model, so `recsys.tracking.read.runs` passes over it.

    Args:
        run: the challenger.
        name: of the registered model.
        tags: what was compared and found.
        window: tags that tell the window of test.

    Raises:
        InputError: the store stopped to take things.
    """
    with _in_our_words(name):
        experiment = run.client.get_run(run.run_id).info.experiment_id
        about = {"kind": KIND, "registered_model": name, "test_read": "true", **window}
        about[_WINDOW] = window_digest(window)
        made = run.client.create_run(
            experiment, run_name=f"{KIND} {run.model} {run.data}", tags={**about, **tags}
        )
    run_id = str(made.info.run_id)
    with ended(run.client, run_id, KIND):
        yield run_id


def earlier_readings(run: TrackedRun, window: Mapping[str, str]) -> int:
    """How many promotions have compared models on this window of test, whatever came of it.

    Names of data are text of others, so that they stand in no query: promotions are asked for, and
    their windows compared here. One that was deleted since has seen the window all the same.

    Args:
        run: of the store that is asked.
        window: tags that tell the window.
    """
    from mlflow.entities import ViewType

    everywhere = run.client.search_experiments(view_type=ViewType.ALL)
    experiments = [experiment.experiment_id for experiment in everywhere]
    count, token = 0, None
    while True:
        page = run.client.search_runs(
            experiments, _COMPARED, run_view_type=ViewType.ALL, max_results=1000, page_token=token
        )
        count += sum(_is_of(window, promotion.data.tags) for promotion in page)
        token = page.token
        if not token:
            return count


def window_digest(window: Mapping[str, str]) -> str:
    """SHA-256 of the tags of a window, which a store may cut or change where they are odd."""
    return hashlib.sha256(json.dumps(sorted(window.items())).encode()).hexdigest()


def _is_of(window: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    kept = tags.get(_WINDOW)
    # Promotions of version 0.1.0 have no digest.
    return window.items() <= tags.items() if kept is None else kept == window_digest(window)


def log_figures(run: TrackedRun, logged: str, figures: Mapping[str, float]) -> None:
    """Keeps the figures of a comparison with the promotion's run."""
    for key, value in figures.items():
        run.client.log_metric(logged, key, value)


def _champion(client: Any, name: str) -> Version | None:
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise InputError(f"model_name={name} cannot be looked up: {_line(error)}") from None
    if not {"run_id", "digest"} <= set(found.tags):
        raise InputError(
            f"model_name={name}: version {found.version} has the alias '{ALIAS}' and was not "
            "promoted by recsys; name another model"
        )
    return _version(found.version, found.tags)


def _version(number: Any, tags: Mapping[str, str]) -> Version:
    return Version(
        version=str(number),
        run_id=tags["run_id"],
        digest=tags["digest"],
        replaced=tags.get("replaced") or None,
    )


def _make_name(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


@contextmanager
def _in_our_words(name: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        raise InputError(f"model_name={name} cannot be registered: {_line(error)}") from None


def _line(error: Exception) -> str:
    return masked((str(error).strip() or type(error).__name__).splitlines()[0])
