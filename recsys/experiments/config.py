"""From a composed configuration to the objects of a run; below this nobody sees Hydra."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from omegaconf import DictConfig, OmegaConf

from recsys.data.identity import IdentityRules
from recsys.data.source import Source
from recsys.data.splitter import Splitter
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.config_types import check_value, check_values
from recsys.experiments.parts import TARGET, function_of, packages, part_class, refuse_foreign
from recsys.experiments.required_members import refuse_incomplete
from recsys.models.base import Recommender
from recsys.tracking.runs import TrackConfig

T = TypeVar("T")

PARTS = ("data", "split", "model", "identity", "evaluate", "track", "seed", "device", "names")
"""Keys of a run's configuration, beside `allow`."""

_METHODS = {
    "data": "load", "split": "split", "model": "fit", "model.objective": "prepare",
    "model.market": "load", "suite": "figures", "suite.data": "load",
}  # fmt: skip
"""What the class that `_target_` names cannot do without."""

_STUDY = ("tune", "study")
_INTERPOLATION = "${"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a run needs, built.

    Attributes:
        names: the chosen alternative of each part, as `{"data": "simulated", "model": "als"}`.
        config: the resolved configuration, plain, as it is logged: without `track.uri`.
        allow: packages beside recsys that parts may come from.
    """

    source: Source
    splitter: Splitter
    model: Recommender
    identity: IdentityRules
    evaluate: EvaluateConfig
    track: TrackConfig
    seed: int
    device: str
    names: Mapping[str, str]
    config: Mapping[str, Any]
    allow: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuses a part that lacks a method or an attribute, before anything is loaded."""
        for name, part in (("data", self.source), ("split", self.splitter), ("model", self.model)):
            refuse_incomplete(name, part)


def settings_from(config: DictConfig) -> Settings:
    """Builds the parts of a run that was composed from conf/ and the command line.

    Raises:
        InputError: a key is unknown, a value out of range or missing, or a part of a package that
            `allow` does not name; says which.
    """
    plain: dict[str, Any] = OmegaConf.to_container(  # type: ignore[assignment]
        config, resolve=True, throw_on_missing=True
    )
    return settings_of(plain, packages(plain.get("allow", [])))


def settings_of(plain: Mapping[str, Any], allow: Sequence[str]) -> Settings:
    """Builds the parts of a run from plain values, in which nothing is resolved.

    Args:
        plain: the configuration.
        allow: packages beside recsys whose classes may be built.

    Raises:
        InputError: as `settings_from`.
    """
    _check_whole(plain)
    # What helped to compose the others is used up by now.
    kept = {key: value for key, value in plain.items() if key in (*PARTS, "allow", *_STUDY)}
    # Where a run is kept may say by which password.
    kept["track"] = {key: value for key, value in plain["track"].items() if key != "uri"}
    for key, value in kept.items():
        if key != "track":
            refuse_interpolation(value, key)
        refuse_foreign(value, key, allow)
    return Settings(
        source=build_part(plain["data"], "data", allow),
        splitter=build_part(plain["split"], "split", allow),
        model=build_part(plain["model"], "model", allow),
        identity=typed(IdentityRules, plain["identity"], "identity"),
        evaluate=_evaluate(plain["evaluate"], allow),
        track=typed(TrackConfig, plain["track"], "track"),
        seed=plain["seed"],
        device=plain["device"],
        names=plain["names"],
        config=kept,
        allow=tuple(allow),
    )


def refuse_interpolation(values: object, name: str) -> None:
    """Refuses texts with `${`: in what is stored they would be resolved where it is read.

    Raises:
        InputError: names the key.
    """
    if isinstance(values, str) and _INTERPOLATION in values:
        raise InputError(f"{name}: '{_INTERPOLATION}' may not stand in a setting; say its value")
    if isinstance(values, Mapping):
        for key, value in values.items():
            refuse_interpolation(key, f"{name}, a key")
            refuse_interpolation(value, f"{name}.{key}")
    elif isinstance(values, list | tuple):
        for value in values:
            refuse_interpolation(value, name)


def build_part(part: Mapping[str, Any] | DictConfig, name: str, allow: Sequence[str] = ()) -> Any:
    """Constructs what `_target_` names; an `InputError` of a constructor comes through as it is.

    Args:
        part: the settings of the part, and of those within it.
        name: the key above them, for messages; decides which method the class has to have.
        allow: packages beside recsys that it may come from.

    Raises:
        InputError: there is no such class, its package is not allowed, or a key does not fit it.
    """
    values: dict[str, Any] = dict(part)
    if isinstance(part, DictConfig):
        values = OmegaConf.to_container(part, resolve=True)  # type: ignore[assignment]
    refuse_foreign(values, name, allow)
    target = values.pop(TARGET, None)
    said = f"{name}.{TARGET}={target}"
    made = part_class(target, said, allow, _METHODS.get(name))
    try:
        check_values(made, values, name)
        for key, value in values.items():
            if isinstance(value, dict) and TARGET in value:
                values[key] = build_part(value, f"{name}.{key}", allow)
        return made(**values)
    except InputError:
        raise
    except (ValueError, TypeError) as error:
        words = " ".join(str(error).split())
        raise InputError(f"{said} cannot be built: {words}") from error


def _check_whole(plain: Mapping[str, Any]) -> None:
    for part in PARTS:
        if plain.get(part) is None:
            raise InputError(f"{part} is not set; say {part}=VALUE, or leave ~{part} away")
        if part not in ("seed", "device") and not isinstance(plain[part], Mapping):
            raise InputError(f"{part}: expected a mapping of settings, got {plain[part]!r}")
    check_value("seed", plain["seed"], int)
    if plain["seed"] < 0:
        raise InputError(f"seed: expected a whole number of at least 0, got {plain['seed']}")
    check_value("device", plain["device"], Literal["auto", "cpu", "cuda"])


def _evaluate(values: Mapping[str, Any], allow: Sequence[str]) -> EvaluateConfig:
    lists = {key: _tuple(values[key]) for key in ("ks", "metrics") if key in values}
    if "metrics" in lists:
        lists["metrics"] = tuple(_metric(name, allow) for name in lists["metrics"])
    return typed(EvaluateConfig, {**values, **lists}, "evaluate")


def _metric(name: Any, allow: Sequence[str]) -> Any:
    # Names of recsys have no dot; `mybank.metrics.first_hit` is a function.
    if not isinstance(name, str) or "." not in name:
        return name
    return function_of(name, f"evaluate.metrics={name}", allow)


def _tuple(value: Any) -> tuple[Any, ...]:
    # `evaluate.ks=20` is what people type for one.
    return tuple(value) if isinstance(value, list) else (value,)


def typed(kind: type[T], values: Mapping[str, Any], part: str) -> T:
    """Builds a dataclass from a part of the configuration; see `check_values`."""
    check_values(kind, values, part)
    return kind(**values)
