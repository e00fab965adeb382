"""Names of version 0.1.0: settings that were renamed and classes that were moved."""

from collections.abc import Mapping
from typing import Any

from recsys.errors import InputError
from recsys.experiments.target_classes import TARGET

_RENAMED = {
    "data.masks_seen": "data.filter_seen",
    "model.own": "model.self_weight",
}
_MOVED = {
    "recsys.data.sources.simulated.": "recsys.simulation.",
    "recsys.train.": "recsys.training.",
}
"""Former prefix of a `_target_` -> today's."""


def refuse_renamed(key: str) -> None:
    """Raises `InputError` where a setting has another name today.

    Args:
        key: part and setting, as "data.masks_seen".
    """
    if key in _RENAMED:
        raise InputError(f"{key} is called {_RENAMED[key]} since version 0.2.0; rename it")


def with_current_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """A run's configuration with today's names of settings and classes.

    Args:
        config: part -> setting -> value, plain.
    """
    return {
        part: {_current_key(part, key): _with_current_targets(value, key)
               for key, value in settings.items()}
        if isinstance(settings, Mapping)
        else settings
        for part, settings in config.items()
    }  # fmt: skip


def _current_key(part: str, key: Any) -> Any:
    name = _RENAMED.get(f"{part}.{key}")
    return name.partition(".")[2] if name else key


def _with_current_targets(value: Any, key: Any = None) -> Any:
    """The same value; every `_target_` in it is named as today."""
    if isinstance(value, Mapping):
        return {name: _with_current_targets(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_current_targets(item) for item in value]
    if key == TARGET and isinstance(value, str):
        for former, current in _MOVED.items():
            if value.startswith(former):
                return current + value.removeprefix(former)
    return value
