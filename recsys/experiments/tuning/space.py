"""The space that a study searches: conf/tune/MODEL.yaml as Optuna's distributions.

A setting is a list of choices or a mapping, see `SettingSpace`. With `needs: clock` or
`needs: repeats` it is only searched on data where it has a meaning.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, prod
from typing import Any, Literal, TypeAlias

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.config_types import PlainValue, build_typed
from recsys.experiments.target_classes import TARGET

Space: TypeAlias = dict[str, BaseDistribution]

_NEEDS: Mapping[str, Callable[[Dataset], bool]] = {
    "clock": lambda data: data.clock is not None,
    "repeats": lambda data: data.ranks_repeats,
}


@dataclass(frozen=True, kw_only=True)
class SettingSpace:
    """What is searched of one setting: either `choices`, or `low` to `high`.

    Attributes:
        choices: values to choose from.
        low, high: bounds, both included; values are whole numbers where both bounds are.
        log: whether values are drawn evenly on a logarithmic scale.
        step: between values; None for 1 of whole numbers and for any other number.
        needs: "clock" or "repeats", without which in the data the setting is not searched.
    """

    choices: Sequence[PlainValue] | None = None
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None
    needs: Literal["clock", "repeats"] | None = None


def space(
    described: Mapping[str, Any], model: Mapping[str, Any], data: Dataset | None = None
) -> Space:
    """The settings to search on these data.

    Args:
        described: of conf/tune, plain: name -> a list of choices, or fields of `SettingSpace`.
        model: the model's settings by name, as from `flat_settings`; no others can be searched.
        data: decides which of the settings that need a clock or repeats take part; None lets all.

    Raises:
        InputError: the model has no such setting, or it is not described as it should be.
    """
    searched: Space = {}
    for name, value in described.items():
        if name not in model or name.endswith("_target_"):
            known = ", ".join(key for key in model if not key.endswith("_target_"))
            raise InputError(f"tune.{name}: the model has no such setting; it has {known}")
        fields = value if isinstance(value, dict) else {"choices": value}
        setting = build_typed(SettingSpace, fields, f"tune.{name}")
        has_range = setting.low is not None and setting.high is not None
        if has_range == (setting.choices is not None):
            raise InputError(
                f"tune.{name}: expected a list of choices, or low and high; got {fields}"
            )
        if data is None or setting.needs is None or _NEEDS[setting.needs](data):
            searched[name] = _distribution(name, setting)
    return searched


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
    choices: list[Sequence[Any]] = [
        distribution.choices
        for distribution in searched.values()
        if isinstance(distribution, CategoricalDistribution)
    ]
    return choices if len(choices) == len(searched) else None


def within(searched: Space, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings whose values lie in the space."""
    return {
        name: settings[name]
        for name, distribution in searched.items()
        if _contains(distribution, settings[name])
    }


def refuse_outside(searched: Space, settings: Mapping[str, Any], trial: str) -> None:
    """Refuses settings of a stored trial outside its space: others may write to the database.

    Args:
        searched: the space.
        settings: of the trial.
        trial: its name, for the message.

    Raises:
        InputError: names the setting.
    """
    for name, value in settings.items():
        if name not in searched or not _contains(searched[name], value):
            raise InputError(f"{trial}: {name}={value!r} is not in the space that is searched")


def _contains(distribution: BaseDistribution, value: Any) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    return isinstance(value, int | float) and distribution.low <= value <= distribution.high


def _distribution(name: str, setting: SettingSpace) -> BaseDistribution:
    low, high, log, step = setting.low, setting.high, setting.log, setting.step
    try:
        if setting.choices is not None:
            return CategoricalDistribution(setting.choices)
        assert low is not None
        assert high is not None
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log, step=1 if step is None else step)  # type: ignore[arg-type]
        return FloatDistribution(low, high, log=log, step=step)
    except (TypeError, ValueError) as error:
        raise InputError(f"tune.{name}: {' '.join(str(error).split())}") from None


def flat_settings(model: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A model's settings by one name each; those of a part in it are named `part.setting`.

    {"dim": 64, "objective": {"_target_": "a.B", "temperature": 0.1}} gives "dim",
    "objective._target_" and "objective.temperature". A mapping without a `_target_` is a value.

    Args:
        model: its configuration, plain.
        above: prefix of all names.
    """
    settings: dict[str, Any] = {}
    for key, value in model.items():
        name = above + key
        if isinstance(value, Mapping) and TARGET in value:
            settings |= flat_settings(value, f"{name}.")
        else:
            settings[name] = value
    return settings


def with_settings(model: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a model's configuration with these settings, named as by `flat_settings`."""
    copy = dict(model)
    for name, value in settings.items():
        key, _, below = name.partition(".")
        copy[key] = with_settings(copy[key], {below: value}) if below else value
    return copy
