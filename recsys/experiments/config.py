"""Builds the objects of a run from a composed configuration; modules below never see Hydra."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from omegaconf import DictConfig, OmegaConf
from pydantic import Field

from recsys.data.identity import IdentityRules
from recsys.data.source import Source
from recsys.data.splitter import Splitter
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.config_types import build_typed, check_value, check_values
from recsys.experiments.required_members import refuse_incomplete
from recsys.experiments.target_classes import (
    TARGET,
    allowed_packages,
    class_of_target,
    function_of_target,
    refuse_foreign_targets,
)
from recsys.models.base import Recommender
from recsys.tracking.runs import TrackConfig

_PART = Mapping[str, Any]
_TYPES: Mapping[str, Any] = {
    "data": _PART, "split": _PART, "model": _PART, "identity": _PART, "evaluate": _PART,
    "track": _PART, "seed": Annotated[int, Field(ge=0)],
    "device": Literal["auto", "cpu", "cuda"], "names": _PART,
}  # fmt: skip
PARTS = tuple(_TYPES)
"""Keys of a run's configuration, beside `allow`."""

_METHODS = {
    "data": "load", "split": "split", "model": "fit", "model.objective": "prepare",
    "model.market": "load", "model.base": "fit", "suite": "figures", "suite.data": "load",
}  # fmt: skip
"""Part -> the method that its class must have."""

_STUDY = ("tune", "study")
_INTERPOLATION = "${"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a run needs, built.

    Attributes:
        source: where the tables come from.
        splitter: into train, valid and test.
        model: to fit.
        identity: which linked ids become one customer.
        evaluate: what is measured.
        track: where the run is logged.
        seed: of the run.
        device: "auto", "cpu" or "cuda".
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
    _refuse_idle_engine(plain)
    return settings_of(plain, allowed_packages(plain.get("allow", [])))


def settings_of(plain: Mapping[str, Any], allow: Sequence[str]) -> Settings:
    """Builds the parts of a run from plain values; nothing in them is resolved.

    Args:
        plain: the configuration: part -> settings.
        allow: packages beside recsys whose classes may be built.

    Raises:
        InputError: as `settings_from`.
    """
    _check_types(plain)
    # Other keys only served to compose these.
    config = {key: value for key, value in plain.items() if key in (*PARTS, "allow", *_STUDY)}
    # The URI may hold a password.
    config["track"] = {key: value for key, value in plain["track"].items() if key != "uri"}
    for key, value in config.items():
        if key != "track":
            refuse_interpolation(value, key)
        refuse_foreign_targets(value, key, allow)
    settings = Settings(
        source=build_part(plain["data"], "data", allow),
        splitter=build_part(plain["split"], "split", allow),
        model=build_part(plain["model"], "model", allow),
        identity=build_typed(IdentityRules, plain["identity"], "identity"),
        evaluate=_evaluate(plain["evaluate"], allow),
        track=build_typed(TrackConfig, plain["track"], "track"),
        seed=plain["seed"],
        device=plain["device"],
        names=plain["names"],
        config=config,
        allow=tuple(allow),
    )
    if settings.evaluate.convention is None:
        return settings
    # The metric has its library in front now; results are looked up by it.
    evaluate = {**plain["evaluate"], "metric": settings.evaluate.metric}
    return replace(settings, config={**config, "evaluate": evaluate})


def _refuse_idle_engine(plain: Mapping[str, Any]) -> None:
    """Refuses an engine that the data do not use; they may lie within another source."""
    engine = plain.get("engine", "local")
    if engine != "local" and not _has_key(plain.get("data"), "engine"):
        name = plain["names"]["data"]
        raise InputError(
            f"engine={engine}: only data=files is read by it, got data={name}; remove the setting"
        )


def _has_key(part: Any, key: str) -> bool:
    return isinstance(part, Mapping) and (
        key in part or any(_has_key(value, key) for value in part.values())
    )


def refuse_interpolation(values: object, name: str) -> None:
    """Refuses texts with `${`: stored, they would be resolved where the run is read.

    Args:
        values: plain mappings, lists and values.
        name: the key above them, for the message.

    Raises:
        InputError: names the key.
    """
    if isinstance(values, str) and _INTERPOLATION in values:
        raise InputError(f"{name}: '{_INTERPOLATION}' may not be part of a setting; set its value")
    if isinstance(values, Mapping):
        for key, value in values.items():
            refuse_interpolation(key, f"{name}, a key")
            refuse_interpolation(value, f"{name}.{key}")
    elif isinstance(values, list | tuple):
        for value in values:
            refuse_interpolation(value, name)


def build_part(part: Mapping[str, Any] | DictConfig, name: str, allow: Sequence[str] = ()) -> Any:
    """Builds the object whose class `_target_` names.

    An `InputError` of the constructor is passed on unchanged.

    Args:
        part: the settings of the part, and of those within it.
        name: the key above them, for messages; it decides which method the class must have.
        allow: packages beside recsys that it may come from.

    Raises:
        InputError: there is no such class, its package is not allowed, or a key does not fit it.
    """
    values: dict[str, Any] = dict(part)
    if isinstance(part, DictConfig):
        values = OmegaConf.to_container(part, resolve=True)  # type: ignore[assignment]
    refuse_foreign_targets(values, name, allow)
    target = values.pop(TARGET, None)
    shown = f"{name}.{TARGET}={target}"
    part_class = class_of_target(target, shown, allow, _METHODS.get(name))
    try:
        check_values(part_class, values, name)
        return part_class(
            **{
                key: _with_parts_built(value, f"{name}.{key}", allow)
                for key, value in values.items()
            }
        )
    except InputError:
        raise
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{shown} cannot be built: {reason}") from error


def _with_parts_built(value: Any, name: str, allow: Sequence[str]) -> Any:
    """The value; a part within is built, and so is each of the models of a blend."""
    if not isinstance(value, dict):
        return value
    if TARGET in value:
        return build_part(value, name, allow)
    # Suites of benchmarks build the models of theirs when they need them.
    if name.startswith("model.") and name.endswith(".models"):
        return {key: _with_parts_built(each, f"{name}.{key}", allow) for key, each in value.items()}
    return value


def _check_types(plain: Mapping[str, Any]) -> None:
    for part, hint in _TYPES.items():
        if plain.get(part) is None:
            raise InputError(f"{part} is not set; set {part}=VALUE, or remove ~{part}")
        check_value(part, plain[part], hint)


def _evaluate(values: Mapping[str, Any], allow: Sequence[str]) -> EvaluateConfig:
    # `evaluate.ks=20` is short for `evaluate.ks=[20]`.
    lists = {
        key: tuple(values[key]) if isinstance(values[key], list) else (values[key],)
        for key in ("ks", "metrics")
        if key in values
    }
    if "metrics" in lists:
        lists["metrics"] = tuple(_metric(name, allow) for name in lists["metrics"])
    return build_typed(EvaluateConfig, {**values, **lists}, "evaluate")


def _metric(name: Any, allow: Sequence[str]) -> Any:
    # Names of recsys have no dot; `mybank.metrics.first_hit` is a function.
    if not isinstance(name, str) or "." not in name:
        return name
    return function_of_target(name, f"evaluate.metrics={name}", allow)
