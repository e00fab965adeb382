"""The artifact of a registered model's champion, in a folder of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.errors import InputError
from recsys.ops.locks import own_folder
from recsys.ops.masking import masked
from recsys.tracking.registry import Version, champion
from recsys.tracking.sqlite_file import sqlite_path
from recsys.tracking.store import TrackConfig, open_to_read

_MANIFEST = "manifest.json"


def require_champion(settings: TrackConfig, name: str) -> Version:
    """The champion of a registered model.

    Args:
        settings: where the registry is.
        name: of the registered model.

    Raises:
        InputError: there is none, or as `champion`.
    """
    version = champion(settings, name)
    if version is None:
        raise InputError(
            f"model_name={name}: no champion is registered; make one with recsys promote"
        )
    return version


def fetch(settings: TrackConfig, name: str, version: Version, into: Path) -> Path:
    """Downloads the artifact of a version.

    Args:
        settings: where the registry is.
        name: of the registered model.
        version: of it.
        into: an existing folder.

    Returns:
        The folder of the artifact, below `into`.

    Raises:
        InputError: it cannot be downloaded, or holds no artifact.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    client = open_to_read(settings)
    try:
        source = client.get_model_version(name, version.version).source
        got = download_artifacts(artifact_uri=source, dst_path=str(into), tracking_uri=settings.uri)
    except (MlflowException, OSError) as error:
        line = masked((str(error).strip() or type(error).__name__).splitlines()[0])
        raise InputError(
            f"model_name={name}: version {version.version} cannot be downloaded: {line}"
        ) from None
    manifests = sorted(Path(got).glob(f"data/*/{_MANIFEST}"))
    if not manifests:
        raise InputError(f"model_name={name}: version {version.version} holds no artifact")
    return manifests[0].parent


@contextmanager
def champion_artifact(settings: TrackConfig, name: str) -> Iterator[tuple[Version, Path]]:
    """The champion and the folder of its artifact, which lasts as long as the block.

    Raises:
        InputError: as `require_champion` and `fetch`.
    """
    version = require_champion(settings, name)
    with TemporaryDirectory(prefix="recsys-champion-") as folder:
        yield version, fetch(settings, name, version, Path(folder))


def served_champion(settings: TrackConfig, name: str) -> Path:
    """Where servers of a champion say which version they answer by.

    Beside an SQLite database. Of a tracking server it is a folder of this user, so that only
    servers on the same machine are waited for.

    Raises:
        InputError: the folder cannot be used.
    """
    path = sqlite_path(settings.uri)
    if path is not None:
        return path.with_name(f"{path.name}.{name}.served")
    try:
        return own_folder() / f"{name}.served"
    except OSError as error:
        raise InputError(f"{error.filename} {error.strerror}, or set TMPDIR") from None
