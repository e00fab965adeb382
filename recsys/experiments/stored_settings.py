"""The settings that a run keeps in a store, checked before any of them is used.

Others may write to a store. Nothing in its settings is resolved, no class of a package that the
reader did not allow is built, and no address in them is opened.
"""

from collections.abc import Mapping
from typing import Any

from recsys.errors import InputError
from recsys.experiments.config import PARTS, refuse_interpolation
from recsys.experiments.config_types import PlainValue, check_value
from recsys.experiments.former_names import with_current_names
from recsys.experiments.target_classes import TARGET
from recsys.tracking.read import TrackedRun

_KNOWN = (*PARTS, "allow")


def stored_settings(run: TrackedRun) -> dict[str, Any]:
    """The plain configuration of a run, with what its model chose on valid.

    `allow` and `track` of the run are left out: which packages are trusted is for the reader to
    say, and `track` only tells where the run was written.

    Raises:
        InputError: something in it cannot be a setting; names the key.
    """
    config = run.config
    check_value("config.yaml", config, Mapping[str, Any])
    for key in config:
        if key not in _KNOWN:
            raise InputError(f"config.yaml: {key!r} is not known; settings are {', '.join(PARTS)}")
    settings: dict[str, Any] = {
        key: config[key] for key in PARTS if key in config and key != "track"
    }
    refuse_interpolation(settings, "config.yaml")
    model: Any = settings.get("model")
    check_value("config.yaml: model", model, Mapping[str, Any])
    _require_same_model(run, settings.get("names"))
    settings["model"] = {**model, **_chosen(run.metrics_json)}
    return {**with_current_names(settings), "track": {}}


def _chosen(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the model chose on valid: numbers and names, never a part of the configuration."""
    chosen: Any = metrics.get("chosen")
    check_value("metrics.json: chosen", chosen, Mapping[str, Any])
    refuse_interpolation(chosen, "metrics.json: chosen")
    for key, value in chosen.items():
        if key == TARGET:
            raise InputError(f"metrics.json: chosen.{key}: expected a plain value, got a class")
        check_value(f"metrics.json: chosen.{key}", value, PlainValue)
    return dict(chosen)


def _require_same_model(run: TrackedRun, names: object) -> None:
    name = names.get("model") if isinstance(names, Mapping) else None
    if name != run.model:
        raise InputError(
            f"its tag is model={run.model}, but its config.yaml has names.model={name}"
        )
