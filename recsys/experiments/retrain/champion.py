"""The champion that a retraining starts from, and what is known of its data."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from recsys.data.check import check_tables
from recsys.data.fingerprint import fingerprint
from recsys.data.identity import merge_identities
from recsys.data.source import load_tables
from recsys.errors import InputError
from recsys.experiments.export_run import ExportConfig
from recsys.experiments.promote import run_of
from recsys.experiments.refresh_champion import KIND as REFRESHED
from recsys.experiments.rerun import refuse_changed, settings_of_run
from recsys.experiments.retrain.data_profile import DataProfile, data_profile
from recsys.experiments.stored_settings import stored_settings
from recsys.serving import Artifact, load
from recsys.serving.artifact.precision import PRECISIONS, Precision
from recsys.serving.storage import VECTORS
from recsys.tracking.pseudonyms import pseudonyms_of
from recsys.tracking.read import TrackedRun
from recsys.tracking.registry import Version, champion
from recsys.tracking.retraining_versions import first_of_kind
from recsys.tracking.retrainings import (
    KEPT,
    PROMOTED,
    Retraining,
    is_missing,
    of_model,
    profile_of,
)
from recsys.tracking.store import TrackConfig

_DTYPES: Mapping[str, Precision] = dict(zip(("F32", "F16", "I8"), PRECISIONS, strict=True))
_PRECISION, _INDEX, _CALIBRATE, _POLICY = "precision", "index", "calibrate", "policy"


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The champion of the registry.

    Attributes:
        version: of the registered model.
        run: that it was exported from.
        config: plain settings of the run, with what its model chose on valid.
        track: the experiment that the run is in, and whether it holds pseudonyms.
    """

    version: Version
    run: TrackedRun
    config: Mapping[str, Any]
    track: TrackConfig


def current_champion(track: TrackConfig, name: str) -> Champion | None:
    """The champion; None where no model of this name has one.

    Raises:
        InputError: the store or the champion's run cannot be read.
    """
    version = None if is_missing(track) else champion(track, name)
    if version is None:
        return None
    run = run_of(version.run_id, track, f"champion {name} version {version.version}")
    hidden = pseudonyms_of(run.run_id, run.tags) is not None  # before any fit
    experiment = run.client.get_experiment(run.client.get_run(run.run_id).info.experiment_id).name
    return Champion(
        version=version,
        run=run,
        config=stored_settings(run),
        track=TrackConfig(uri=track.uri, experiment=experiment, pseudonyms=hidden),
    )


def trained_version(base: Champion, name: str) -> Version:
    """The version that a champion was trained as, before `recsys refresh` took tables into it.

    Its answers are what newer settings are compared with: a refreshed artifact has seen events of
    the new test window.

    Args:
        base: the champion.
        name: of the registered model.
    """
    return first_of_kind(base.track, name, base.version, REFRESHED)


def learned_until(artifact: Artifact, unit: int) -> int:
    """Where an artifact's data ended, in microseconds.

    Args:
        artifact: of the champion.
        unit: microseconds a second.

    Raises:
        InputError: it knows no time.
    """
    if artifact.contents.clock != "timestamp" or artifact.contents.as_of is None:
        raise InputError(
            "the champion's artifact does not say when its data ended; train, export and promote "
            "again on events with a column 'timestamp'"
        )
    return artifact.contents.as_of * unit


def export_like(
    folder: Path | None, given: Mapping[str, Any], allow: Sequence[str]
) -> ExportConfig:
    """How the next artifact is made: as the champion's, where nothing else is given.

    Args:
        folder: of the champion's artifact; None for no champion.
        given: fields of `ExportConfig` that are set.
        allow: packages beside recsys whose classes may be built.
    """
    usual: dict[str, Any] = {}
    if folder is not None:
        artifact = load(folder, exact=False)
        facts = artifact.facts
        with safe_open(str(folder / VECTORS), "numpy") as file:
            stored = file.get_slice("products").get_dtype()
        usual = {
            _PRECISION: _DTYPES[stored],
            _INDEX: "exact" if artifact.index is None else artifact.index.kind,
            _CALIBRATE: facts.get("calibration") is not None,
            _POLICY: (facts.get("acceptance") or {}).get("policy"),
        }
    return ExportConfig(**{**usual, **given}, allow=allow)


def former_profile(
    track: TrackConfig, name: str, base: Champion, allow: Sequence[str]
) -> tuple[DataProfile | None, Retraining | None]:
    """The profile of the last data, and the retraining that had them.

    Those of the last retraining that came to a decision; where there was none, the data of the
    champion's run, if they are still there; else None.
    """
    for last in of_model(track, name):
        if last.decision in (PROMOTED, KEPT):
            return DataProfile.of_plain(profile_of(last)), last
    with suppress(InputError):
        return _profile_of_run(base.run, allow), None
    return None, None


def _profile_of_run(run: TrackedRun, allow: Sequence[str]) -> DataProfile:
    settings = settings_of_run(run, allow)
    checked = check_tables(load_tables(settings.source))
    cut_off = settings.splitter.first_cutoff(settings.source)
    merged = merge_identities(checked, settings.identity, cut_off)
    refuse_changed(run, fingerprint(settings.source, merged))
    return data_profile(settings.source, checked)


MoveData = Callable[[Mapping[str, Any] | None], Mapping[str, Any]]
"""The champion's data settings, None without a champion -> those of the new data."""
