"""The settings that a model ended with, as lines of a summary."""

from collections.abc import Mapping
from typing import Any


def chosen_lines(chosen: Mapping[str, Any], name: str = "settings in use") -> list[str]:
    """One line for the settings, and one for each mapping among them.

    >>> chosen_lines({"low_pass": 0.1, "dim": 64, "half_life": None})
    ['settings in use: low_pass 0.1, dim 64, half_life null']
    >>> chosen_lines({"weights": {"als": 0.75, "ease": 0.25}, "settings": {"als": {}}})
    ['weights: als 0.75, ease 0.25']

    Args:
        chosen: as in `RunRecord`.
        name: of the mapping.
    """
    plain = {key: value for key, value in chosen.items() if not isinstance(value, Mapping)}
    lines = [f"{name}: {', '.join(map(_said, plain.items()))}"] if plain else []
    for key, value in chosen.items():
        if isinstance(value, Mapping):
            lines += chosen_lines(value, key)
    return lines


def _said(setting: tuple[str, Any]) -> str:
    key, value = setting
    if value is None:
        return f"{key} null"
    return f"{key} {value:.6g}" if isinstance(value, float) else f"{key} {value}"
