"""The settings that a run keeps in a store, held against what settings can be before any is used.

Whoever may write to a store decides what stands in it, so that nothing there is resolved, nothing
of another package is built, and no address in it is opened.
"""

from collections.abc import Mapping
from typing import Any

from recsys.errors import InputError
from recsys.experiments.config import PARTS, refuse_interpolation
from recsys.experiments.parts import TARGET
from recsys.experiments.renamed import with_todays_names
from recsys.tracking.read import TrackedRun

_KNOWN = (*PARTS, "allow")
_MOVED = {
    "recsys.data.sources.simulated.": "recsys.simulation.",
    "recsys.train.": "recsys.training.",
}
"""Where classes that runs of version 0.1.0 name are now."""


def stored_settings(run: TrackedRun) -> dict[str, Any]:
    """The plain configuration of a run, its model with what it chose on valid.

    What the run says of `allow` and `track` is left out: the one is the reader's to say, the other
    where the run was written from.

    Raises:
        InputError: something in it is no setting; names run and key.
    """
    config = run.config
    if not isinstance(config, Mapping):
        raise InputError(
            f"config.yaml: expected a mapping of settings, got {type(config).__name__}"
        )
    for key in config:
        if key not in _KNOWN:
            raise InputError(f"config.yaml: {key!r} is not known; settings are {', '.join(PARTS)}")
    kept = {key: _moved(config[key]) for key in PARTS if key in config and key != "track"}
    refuse_interpolation(kept, "config.yaml")
    model = kept.get("model")
    if not isinstance(model, Mapping):
        raise InputError(f"config.yaml: model: expected a mapping of settings, got {model!r}")
    _require_same_model(run, kept.get("names"))
    kept["model"] = {**model, **_chosen(run.metrics_json)}
    return {**with_todays_names(kept), "track": {}}


def _moved(value: Any) -> Any:
    """The same with today's names of classes."""
    if isinstance(value, Mapping):
        return {key: _today(one) if key == TARGET else _moved(one) for key, one in value.items()}
    return [_moved(one) for one in value] if isinstance(value, list) else value


def _today(target: Any) -> Any:
    if isinstance(target, str):
        for before, now in _MOVED.items():
            if target.startswith(before):
                return now + target.removeprefix(before)
    return target


def _chosen(metrics: object) -> Mapping[str, Any]:
    chosen = metrics.get("chosen") if isinstance(metrics, Mapping) else None
    if not isinstance(chosen, Mapping):
        raise InputError(f"metrics.json: chosen: expected a mapping of settings, got {chosen!r}")
    refuse_interpolation(chosen, "metrics.json: chosen")
    for key, value in chosen.items():
        # A choice on valid is a number or a name; parts are of the configuration.
        if key == TARGET or isinstance(value, Mapping | list):
            raise InputError(f"metrics.json: chosen.{key}: expected a plain value, got {value!r}")
    return chosen


def _require_same_model(run: TrackedRun, names: object) -> None:
    name = names.get("model") if isinstance(names, Mapping) else None
    if name != run.model:
        raise InputError(f"it says model={run.model}, and its config.yaml names.model={name}")
