"""A model's settings by one name each: those of a part in it are named `part.setting`."""

from collections.abc import Mapping
from typing import Any


def flat(model: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """{"dim": 64, "objective.temperature": 0.1} of {"dim": 64, "objective": {...}}.

    Only what is built from a `_target_` is a part; other mappings are values.
    """
    found: dict[str, Any] = {}
    for key, value in model.items():
        name = above + key
        if isinstance(value, Mapping) and "_target_" in value:
            found |= flat(value, f"{name}.")
        else:
            found[name] = value
    return found


def changed(model: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the model's configuration with these settings, named as in `flat`."""
    found = dict(model)
    for name, value in settings.items():
        key, _, below = name.partition(".")
        found[key] = changed(found[key], {below: value}) if below else value
    return found
