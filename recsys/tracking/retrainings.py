"""Retrainings in MLflow: one run for each, which a later call of the same retraining goes on with.

A retraining that was killed is RUNNING; one that came to a decision is FINISHED, and has it as the
tag `decision`. The runs that it fits are nested below it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from recsys.errors import InputError
from recsys.tracking.client import search_runs, store_errors
from recsys.tracking.names import HasInterval
from recsys.tracking.report import log_values, values_of
from recsys.tracking.sqlite_file import sqlite_path
from recsys.tracking.store import TrackConfig, open_store, open_to_read

KIND = "retraining"
PROMOTED, KEPT, REFUSED = "promoted", "kept", "refused"
_PROFILE = "data_profile.json"
_LARGEST_PROFILE = 2**26


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """A retraining in MLflow.

    Attributes:
        run_id: of MLflow.
        token: 16 hexadecimal digits, which the runs that it fits have as the tag `retraining`.
        tags: all tags.
        is_finished: whether it came to a decision.
        client: an `mlflow.MlflowClient`.
    """

    run_id: str
    token: str
    tags: Mapping[str, str]
    is_finished: bool
    client: Any

    @property
    def decision(self) -> str:
        """One of "promoted", "kept" and "refused"; empty before it is finished."""
        return self.tags.get("decision", "") if self.is_finished else ""

    @property
    def made(self) -> str:
        """The number of the version that it has made; empty where there is none."""
        with store_errors(KIND):
            versions = self.client.search_model_versions(f"run_id = '{self.run_id}'")
        return str(versions[0].version) if versions else ""


def is_missing(track: TrackConfig) -> bool:
    """Whether the store is an SQLite database that does not exist yet."""
    path = sqlite_path(track.uri)
    return path is not None and not path.exists()


def of_model(track: TrackConfig, name: str, is_dry: bool = False) -> list[Retraining]:
    """Retrainings of a model that are running or were killed or decided, the latest first.

    Args:
        track: where the registry is.
        name: of the registered model.
        is_dry: whether dry runs are listed, or all others.

    Raises:
        InputError: the store cannot be read.
    """
    if is_missing(track):
        return []
    client = open_to_read(track)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    with store_errors(f"model_name={name}"):
        listed = list(search_runs(client, experiments, f"tags.kind = '{KIND}'"))
    # Names may hold anything, and are not put into a query.
    return [
        _retraining(run, client)
        for run in sorted(listed, key=lambda run: -run.info.start_time)
        if run.data.tags.get("registered_model") == name
        and run.data.tags.get("dry_run") == str(is_dry).lower()
        and run.info.status in ("RUNNING", "FINISHED")
    ]


def begin(track: TrackConfig, name: str, token: str, tags: Mapping[str, str]) -> Retraining:
    """Creates the run of a retraining.

    Args:
        track: where runs are.
        name: of the registered model.
        token: of the retraining.
        tags: further ones.

    Raises:
        InputError: the store does not accept it.
    """
    store = open_store(track)
    all_tags = {"kind": KIND, "registered_model": name, KIND: token, **tags}
    with store_errors(f"model_name={name}"):
        run = store.client.create_run(store.experiment_id, run_name=f"{KIND} {name}", tags=all_tags)
    return _retraining(run, store.client)


def supersede(track: TrackConfig, name: str) -> None:
    """Marks what killed retrainings of a model left as KILLED: nobody goes on with them.

    Call it within `retraining_lock`.
    """
    for is_dry in (False, True):
        for other in of_model(track, name, is_dry):
            if not other.is_finished:
                other.client.set_terminated(other.run_id, "KILLED")


def log_tags(retraining: Retraining, tags: Mapping[str, str]) -> None:
    """Sets tags; those of a killed call are replaced."""
    with store_errors(KIND):
        for key, value in tags.items():
            retraining.client.set_tag(retraining.run_id, key, value)


def log_figures(
    retraining: Retraining,
    params: Mapping[str, str],
    metrics: Mapping[str, float | HasInterval],
) -> None:
    """Logs settings, equal to those of a killed call that is gone on with, and figures.

    Args:
        retraining: that has them.
        params: dotted name -> value.
        metrics: as the metrics of `recsys.tracking.report.Report`.
    """
    with store_errors(KIND):
        log_values(retraining.client, retraining.run_id, params, values_of(metrics))


def params_of(retraining: Retraining) -> dict[str, str]:
    """The settings that were logged."""
    with store_errors(KIND):
        return dict(retraining.client.get_run(retraining.run_id).data.params)


def tags_of(retraining: Retraining) -> dict[str, str]:
    """All tags, as they are now."""
    with store_errors(KIND):
        return dict(retraining.client.get_run(retraining.run_id).data.tags)


def finish(retraining: Retraining, tags: Mapping[str, str]) -> None:
    """Sets the last tags and marks a retraining as FINISHED."""
    log_tags(retraining, tags)
    with store_errors(KIND):
        retraining.client.set_terminated(retraining.run_id, "FINISHED")


def comparisons_on(retraining: Retraining, track: TrackConfig, name: str) -> int:
    """Number of other retrainings that compared challengers on the data of this one.

    Each was a choice that has seen the test window. Dry runs count too, unless they asked for the
    same.
    """
    others = [*of_model(track, name), *of_model(track, name, is_dry=True)]
    return len(
        {
            other.tags.get("request")
            for other in others
            if other.is_finished
            and other.tags.get("winner")
            and other.tags.get("challengers") != "0"
            and other.tags.get("fingerprint") == retraining.tags.get("fingerprint")
            and other.tags.get("request") != retraining.tags.get("request")
        }
    )


def log_profile(retraining: Retraining, profile: Mapping[str, Any]) -> None:
    """Keeps the profile of the data, which the next retraining compares its data with."""
    with TemporaryDirectory() as folder, store_errors(KIND):
        path = Path(folder) / _PROFILE
        path.write_text(json.dumps(profile), encoding="utf-8")
        retraining.client.log_artifact(retraining.run_id, str(path))


def profile_of(retraining: Retraining) -> dict[str, Any]:
    """The profile that `log_profile` kept.

    Raises:
        InputError: the retraining has none, or it is no JSON mapping.
    """
    with TemporaryDirectory() as folder:
        path = _downloaded(retraining.client, retraining.run_id, _PROFILE, Path(folder))
        if path.stat().st_size > _LARGEST_PROFILE:
            raise InputError(f"{KIND} {retraining.run_id}: {_PROFILE} is too large")
        try:
            profile = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            profile = None
    if not isinstance(profile, dict):
        raise InputError(f"{KIND} {retraining.run_id}: {_PROFILE} cannot be read")
    return profile


def _retraining(run: Any, client: Any) -> Retraining:
    return Retraining(
        run_id=str(run.info.run_id),
        token=run.data.tags.get(KIND, ""),
        tags=dict(run.data.tags),
        is_finished=run.info.status == "FINISHED",
        client=client,
    )


def _downloaded(client: Any, run_id: str, name: str, folder: Path) -> Path:
    from mlflow.exceptions import MlflowException

    try:
        return Path(client.download_artifacts(run_id, name, str(folder)))
    except (MlflowException, OSError):
        raise InputError(
            f"run {run_id} has no artifact {name}; was its folder of artifacts moved?"
        ) from None
