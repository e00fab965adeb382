"""What a run was made from, made again: its data, split and fitted model."""

from omegaconf import OmegaConf

from recsys.data.queries import Window
from recsys.errors import InputError
from recsys.experiment.config import Settings, settings_from
from recsys.experiment.run import load
from recsys.track.read import TrackedRun


def settings_again(run: TrackedRun) -> Settings:
    """The settings of a run, with what its model chose on valid."""
    config = dict(run.config)
    config["model"] = {**config["model"], **run.metrics_json["chosen"]}
    return settings_from(OmegaConf.create(config))


def valid_again(run: TrackedRun) -> Window:
    """The training past of a run and the queries of its valid.

    Raises:
        InputError: the data are not there, or changed since the run.
    """
    settings = settings_again(run)
    data, split = load(settings.source, settings.splitter, settings.identity)
    refuse_changed(run, data.fingerprint)
    return split.valid


def refuse_changed(run: TrackedRun, fingerprint: str) -> None:
    """Raises `InputError` unless the data are those that the run was measured on."""
    if fingerprint != run.fingerprint:
        raise InputError(
            f"data={run.data} is not what run {run.run_id[:8]} was measured on (fingerprint "
            f"{run.fingerprint[:8]}); train again on the data as they are now"
        )
