"""The champion of a registered model in MLflow: look-up, registration and rollback.

The champion is the version with the alias `champion`. The tag `replaced` of each version names the
champion before it, which is all that a rollback needs.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.locks import own_folder
from recsys.ops.masking import masked
from recsys.tracking import comparisons
from recsys.tracking.client import ending_run
from recsys.tracking.data_sets import inputs_of
from recsys.tracking.descriptions import ALIAS, LEFT, SINCE, update_descriptions
from recsys.tracking.names import HasInterval, tracked_params
from recsys.tracking.read import TrackedRun
from recsys.tracking.report import log_values, values_of
from recsys.tracking.run_tags import origin
from recsys.tracking.sqlite_file import locked, sqlite_path
from recsys.tracking.store import TrackConfig, open_to_read

KIND = comparisons.KIND
_MODEL = "model"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a registered model.

    Attributes:
        version: its number in MLflow.
        run_id: of the recsys run that it was exported from.
        digest: SHA-256 of its artifact's manifest.
        replaced: the version that was champion before it; None for the first.
    """

    version: str
    run_id: str
    digest: str
    replaced: str | None


@contextmanager
def promotion_lock(settings: TrackConfig, name: str) -> Iterator[None]:
    """Waits until no other promotion or rollback of a model runs, and keeps others waiting.

    With SQLite, by a lock beside the database. A tracking server has no lock: there it only holds
    for the processes of one user on one machine.

    Args:
        settings: where the registry is.
        name: of the registered model.

    Raises:
        InputError: the lock cannot be created.
    """
    path = sqlite_path(settings.uri)
    digest = hashlib.sha256(f"{masked(settings.uri)} {name}".encode()).hexdigest()[:16]
    # Not the lock of `store`, which everybody who opens the database takes.
    folder = _lock_folder() if path is None else path.parent
    name = f"promotion-{digest}" if path is None else f"{path.name}.promotion"
    with locked(folder / name, "track.uri"):
        yield


def _lock_folder() -> Path:
    try:
        return own_folder()
    except OSError as error:
        raise InputError(f"{error.filename} {error.strerror}, or set TMPDIR") from None


def champion(settings: TrackConfig, name: str) -> Version | None:
    """The version with the alias; None where no model of this name has one.

    Args:
        settings: where the registry is.
        name: of the registered model.

    Raises:
        InputError: the store cannot be opened, or recsys did not promote the champion.
    """
    client = open_to_read(settings)
    return _champion(client, name)


def register(
    settings: TrackConfig,
    name: str,
    model: Path,
    run: TrackedRun,
    digest: str,
    promotion_id: str,
    about: Mapping[str, str] | None = None,
) -> Version:
    """Makes an MLflow model the champion; call it within `promotion_lock`.

    Args:
        settings: where the registry is.
        name: of the registered model; created where it is missing.
        model: folder of the MLflow model.
        run: that the model was exported from.
        digest: SHA-256 of its artifact's manifest.
        promotion_id: of the promotion's run, to which the model is logged.
        about: further tags of the version, for its description: `why` it is promoted, in one
            sentence, and `as_of`, the cut-off of its events.

    Raises:
        InputError: the registry does not accept it.
    """
    client = open_to_read(settings)
    former = _champion(client, name)
    replaced = former.version if former else ""
    all_tags = {
        "model": run.model, "data": run.data, "fingerprint": run.fingerprint, "split": run.split,
        "seed": str(run.seed), SINCE: _today(), **(about or {}),
        "run_id": run.run_id, "digest": digest, "replaced": replaced,
    }  # fmt: skip
    with _registry_errors(name):
        client.log_artifacts(promotion_id, str(model), _MODEL)
        source = f"{client.get_run(promotion_id).info.artifact_uri}/{_MODEL}"
        _create_model(client, name)
        created = client.create_model_version(name, source, run_id=promotion_id, tags=all_tags)
        client.set_registered_model_alias(name, ALIAS, created.version)
        update_descriptions(client, name)
    return version_of(created.version, all_tags)


def roll_back(settings: TrackConfig, name: str) -> tuple[Version, Version]:
    """Moves the alias back to the version that the champion replaced.

    Args:
        settings: where the registry is.
        name: of the registered model.

    Returns:
        the champion before the call, and the one after it.

    Raises:
        InputError: there is no champion, or it is the first one.
    """
    client = open_to_read(settings)
    current = _champion(client, name)
    if current is None:
        raise InputError(f"model_name={name}: no champion is registered, nothing to roll back")
    if current.replaced is None:
        raise InputError(
            f"model_name={name}: version {current.version} is the first champion; there is none to "
            "roll back to"
        )
    with _registry_errors(name):
        former = client.get_model_version(name, current.replaced)
        client.set_registered_model_alias(name, ALIAS, former.version)
        client.set_model_version_tag(name, current.version, LEFT, _today())
        client.set_model_version_tag(name, former.version, SINCE, _today())
        update_descriptions(client, name, current.version)
    return current, version_of(former.version, former.tags)


def describe(settings: TrackConfig, name: str) -> None:
    """Writes the descriptions of a model and its champion anew, as after a promotion was killed.

    Args:
        settings: where the registry is.
        name: of the registered model, which has a champion.

    Raises:
        InputError: the registry does not accept them.
    """
    client = open_to_read(settings)
    with _registry_errors(name):
        update_descriptions(client, name)


@contextmanager
def promotion_run(
    run: TrackedRun, name: str, tags: Mapping[str, str], window: Mapping[str, str]
) -> Iterator[str]:
    """A run in the challenger's experiment that records a comparison on test; yields its id.

    It has no tags of a model, so that `recsys.tracking.read.runs` skips it.

    Args:
        run: the challenger.
        name: of the registered model.
        tags: of the comparison and its verdict.
        window: tags that identify the test window.

    Raises:
        InputError: the store does not accept it.
    """
    with _registry_errors(name):
        experiment = run.client.get_run(run.run_id).info.experiment_id
        tags = {
            **origin(), "kind": KIND, "registered_model": name, "test_read": "true", **window,
            comparisons.WINDOW: comparisons.window_digest(window), **tags,
        }  # fmt: skip
        created = run.client.create_run(
            experiment, run_name=f"{KIND} {run.model} {run.data}", tags=tags
        )
    run_id = str(created.info.run_id)
    with ending_run(run.client, run_id, KIND):
        yield run_id


def log_figures(
    run: TrackedRun,
    promotion_id: str,
    figures: Mapping[str, float | HasInterval],
    params: Mapping[str, Any],
) -> None:
    """Logs a comparison on test to the promotion's run, with the data set that it read.

    Args:
        run: the challenger.
        promotion_id: of the promotion's run.
        figures: as the metrics of `recsys.tracking.report.Report`.
        params: as its params.
    """
    log_values(run.client, promotion_id, tracked_params(params), values_of(figures))
    inputs = inputs_of([run], "test")
    if inputs:
        run.client.log_inputs(promotion_id, inputs)


def _champion(client: Any, name: str) -> Version | None:
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(name, ALIAS)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise InputError(f"model_name={name} cannot be looked up: {_line(error)}") from None
    if not {"run_id", "digest"} <= set(version.tags):
        raise InputError(
            f"model_name={name}: version {version.version} has the alias '{ALIAS}' and was not "
            "promoted by recsys; name another model"
        )
    return version_of(version.version, version.tags)


def version_of(number: Any, tags: Mapping[str, str]) -> Version:
    """The version of a number that has these tags."""
    return Version(
        version=str(number),
        run_id=tags["run_id"],
        digest=tags["digest"],
        replaced=tags.get("replaced") or None,
    )


def _create_model(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


@contextmanager
def _registry_errors(name: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        raise InputError(f"model_name={name} cannot be registered: {_line(error)}") from None


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _line(error: Exception) -> str:
    return masked((str(error).strip() or type(error).__name__).splitlines()[0])
