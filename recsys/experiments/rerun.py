"""What a run was made from, made again: its data, split and fitted model."""

from collections.abc import Sequence

from recsys.data.queries import Window
from recsys.errors import InputError
from recsys.experiments.config import Settings, settings_of
from recsys.experiments.run import load
from recsys.experiments.stored import stored_settings
from recsys.tracking.read import TrackedRun


def settings_of_run(run: TrackedRun, allow: Sequence[str] = ()) -> Settings:
    """The settings of a run, with what its model chose on valid.

    Args:
        run: of a store that others may write to.
        allow: packages beside recsys whose classes may be built; what the run says of it does not
            count.

    Raises:
        InputError: a setting of the run is none, or names a class of another package.
    """
    try:
        return settings_of(stored_settings(run), allow)
    except InputError as error:
        raise InputError(f"run {run.run_id[:8]} cannot be made again: {error}") from None


def valid_of_run(run: TrackedRun, allow: Sequence[str] = ()) -> Window:
    """The training past of a run and the queries of its valid.

    Raises:
        InputError: as `settings_of_run`, or the data are not there, or changed since the run.
    """
    settings = settings_of_run(run, allow)
    data, split = load(settings.source, settings.splitter, settings.identity)
    refuse_changed(run, data.fingerprint)
    if split.description != run.split:
        raise InputError(
            f"data={run.data} is split as '{split.description}' now, and run {run.run_id[:8]} was "
            f"measured on '{run.split}'; train again"
        )
    return split.valid


def refuse_changed(run: TrackedRun, fingerprint: str) -> None:
    """Raises `InputError` unless the data are those that the run was measured on."""
    if fingerprint != run.fingerprint:
        raise InputError(
            f"data={run.data} is not what run {run.run_id[:8]} was measured on (fingerprint "
            f"{run.fingerprint[:8]}); train again on the data as they are now"
        )
