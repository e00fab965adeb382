"""The space that a study searches: conf/tune/MODEL.yaml as Optuna's distributions.

A setting is a list of choices, or a mapping with either `choices` or `low` and `high` (whole
numbers stay whole) and, where wanted, `log: true`, `step: 2` and `needs: clock` or
`needs: repeats`, which takes the setting out of the space on data where it would mean nothing.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from math import inf, prod
from typing import Any, TypeAlias

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from recsys.data.dataset import Dataset
from recsys.errors import InputError

Space: TypeAlias = dict[str, BaseDistribution]

_NEEDS = {
    "clock": lambda data: data.clock is not None,
    "repeats": lambda data: not data.filter_seen,
}
_KEYS = ("choices", "low", "high", "log", "step", "needs")


def space(
    described: Mapping[str, Any], model: Mapping[str, Any], data: Dataset | None = None
) -> Space:
    """The settings to search on these data.

    Args:
        described: of conf/tune, plain.
        model: the model's settings by name, see `nested.flat`; the space may only name those.
        data: decides which of the settings that need a clock or repeats take part; None lets all.

    Raises:
        InputError: a setting is unknown or not well described; says which.
    """
    found: Space = {}
    for name, value in described.items():
        if name not in model or name.endswith("_target_"):
            known = ", ".join(key for key in model if not key.endswith("_target_"))
            raise InputError(f"tune.{name}: the model has no such setting; it has {known}")
        setting = value if isinstance(value, dict) else {"choices": value}
        _check(name, setting)
        if data is None or "needs" not in setting or _NEEDS[setting["needs"]](data):
            found[name] = _distribution(name, setting)
    return found


def points(searched: Space) -> list[dict[str, Any]] | None:
    """Every point of a space of choices alone; None where some setting is a range."""
    choices = _choices(searched)
    if choices is None:
        return None
    return [dict(zip(searched, point, strict=True)) for point in product(*choices)]


def size(searched: Space) -> float:
    """The number of points; infinite where some setting is a range."""
    choices = _choices(searched)
    return inf if choices is None else prod(map(len, choices))


def _choices(searched: Space) -> list[Sequence[Any]] | None:
    found = [one for one in searched.values() if isinstance(one, CategoricalDistribution)]
    return [one.choices for one in found] if len(found) == len(searched) else None


def within(searched: Space, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings whose values lie in the space."""
    return {
        name: settings[name] for name, found in searched.items() if _holds(found, settings[name])
    }


def refuse_outside(searched: Space, settings: Mapping[str, Any], said: str) -> None:
    """Refuses settings of a stored trial that its space does not hold: others may write to it.

    Raises:
        InputError: names the setting; `said` is what holds it.
    """
    for name, value in settings.items():
        if name not in searched or not _holds(searched[name], value):
            raise InputError(f"{said}: {name}={value!r} is not in the space that is searched")


def _holds(found: BaseDistribution, value: Any) -> bool:
    if isinstance(found, CategoricalDistribution):
        return value in found.choices
    assert isinstance(found, IntDistribution | FloatDistribution)
    return isinstance(value, int | float) and found.low <= value <= found.high


def _check(name: str, setting: Mapping[str, Any]) -> None:
    for key in setting:
        if key not in _KEYS:
            raise InputError(f"tune.{name}.{key} is not known; a setting has {', '.join(_KEYS)}")
    if setting.get("needs", "clock") not in _NEEDS:
        raise InputError(
            f"tune.{name}.needs: expected {' or '.join(_NEEDS)}, got '{setting['needs']}'"
        )
    choices = setting.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, bool | int | float | str | None):
            raise InputError(f"tune.{name}: expected plain values as choices, got {choice!r}")
    has_range = "low" in setting and "high" in setting
    if has_range == ("choices" in setting):
        raise InputError(f"tune.{name}: expected a list of choices, or low and high; got {setting}")


def _distribution(name: str, setting: Mapping[str, Any]) -> BaseDistribution:
    try:
        if "choices" in setting:
            return CategoricalDistribution(setting["choices"])
        low, high, log = setting["low"], setting["high"], bool(setting.get("log", False))
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log, step=setting.get("step", 1))
        return FloatDistribution(low, high, log=log, step=setting.get("step"))
    except (TypeError, ValueError) as error:
        words = " ".join(str(error).split())
        raise InputError(f"tune.{name}: {dict(setting)} is no range or list: {words}") from None
