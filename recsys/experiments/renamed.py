"""Settings that were called differently in version 0.1.0."""

from collections.abc import Mapping
from typing import Any

from recsys.errors import InputError

_RENAMED = {
    "data.masks_seen": "data.filter_seen",
    "model.own": "model.self_weight",
}


def refuse_renamed(key: str) -> None:
    """Raises `InputError` if a setting is called differently today; says how."""
    if key in _RENAMED:
        raise InputError(f"{key} is called {_RENAMED[key]} since version 0.2.0; rename it")


def with_todays_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration of two levels, part and setting, with today's names of settings."""
    return {
        part: {_today(part, key): value for key, value in settings.items()}
        if isinstance(settings, Mapping)
        else settings
        for part, settings in config.items()
    }


def _today(part: str, key: Any) -> Any:
    name = _RENAMED.get(f"{part}.{key}")
    return name.partition(".")[2] if name else key
