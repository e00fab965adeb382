"""Builds the settings and data of a tracked run again."""

from collections.abc import Sequence

from recsys.data.queries import Split, Window
from recsys.errors import InputError
from recsys.experiments.config import Settings, settings_of
from recsys.experiments.run import load
from recsys.experiments.stored_settings import stored_settings
from recsys.tracking.read import TrackedRun


def settings_of_run(run: TrackedRun, allow: Sequence[str] = ()) -> Settings:
    """The settings of a run, with those that its model chose on valid.

    Args:
        run: of a store that others may write to.
        allow: packages beside recsys whose classes may be built; `allow` of the run is ignored.

    Raises:
        InputError: the run holds an unknown or wrong setting, or a class of another package.
    """
    try:
        return settings_of(stored_settings(run), allow)
    except InputError as error:
        raise InputError(f"run {run.run_id[:8]} cannot be repeated: {error}") from None


def valid_of_run(run: TrackedRun, allow: Sequence[str] = ()) -> Window:
    """The valid window of a run: the data it was fitted on, and the queries; see `split_of_run`."""
    return split_of_run(run, allow).valid


def split_of_run(run: TrackedRun, allow: Sequence[str] = ()) -> Split:
    """The split of a run, whose train part it was fitted on.

    Args:
        run: of a store that others may write to.
        allow: as for `settings_of_run`.

    Raises:
        InputError: as `settings_of_run`, or the data are missing or changed since the run.
    """
    settings = settings_of_run(run, allow)
    data, split = load(settings.source, settings.splitter, settings.identity)
    refuse_changed(run, data.fingerprint)
    if split.description != run.split:
        raise InputError(
            f"data={run.data} is split as '{split.description}' now, and run {run.run_id[:8]} was "
            f"measured on '{run.split}'; train again"
        )
    return split


def refuse_changed(run: TrackedRun, fingerprint: str) -> None:
    """Raises `InputError` unless a run was measured on data with this SHA-256."""
    if fingerprint != run.fingerprint:
        raise InputError(
            f"data={run.data} is not what run {run.run_id[:8]} was measured on (fingerprint "
            f"{run.fingerprint[:8]}); train again on the current data"
        )
