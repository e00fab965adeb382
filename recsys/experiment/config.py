"""From a composed configuration to the objects of a run; below this nobody sees Hydra."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from recsys.data.identity import IdentityRules
from recsys.data.source import Source
from recsys.data.split import Splitter
from recsys.errors import InputError
from recsys.evaluate.config import EvaluateConfig
from recsys.models.base import Recommender
from recsys.track.runs import TrackConfig

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a run needs, built.

    Attributes:
        names: the chosen alternative of each part, as `{"data": "simulated", "model": "als"}`.
        config: the resolved configuration, plain, as it is logged.
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


def settings_from(config: DictConfig) -> Settings:
    """Builds the parts of a run.

    Raises:
        InputError: a key is unknown, a value out of range or missing; says which.
    """
    plain: dict[str, Any] = OmegaConf.to_container(  # type: ignore[assignment]
        config, resolve=True, throw_on_missing=True
    )
    return Settings(
        source=build_part(config.data),
        splitter=build_part(config.split),
        model=build_part(config.model),
        identity=typed(IdentityRules, plain["identity"], "identity"),
        evaluate=_evaluate(plain["evaluate"]),
        track=typed(TrackConfig, plain["track"], "track"),
        seed=plain["seed"],
        device=plain["device"],
        names=plain["names"],
        config=plain,
    )


def build_part(part: DictConfig) -> Any:
    """Constructs what `_target_` names; an `InputError` of a constructor comes through as it is."""
    try:
        return instantiate(part, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, InputError):
            raise cause from None
        words = " ".join(str(cause or error).split())
        raise InputError(f"{part.get('_target_')}: {words}") from error


def _evaluate(values: Mapping[str, Any]) -> EvaluateConfig:
    lists = {key: _tuple(values[key]) for key in ("ks", "metrics") if key in values}
    return typed(EvaluateConfig, {**values, **lists}, "evaluate")


def _tuple(value: Any) -> tuple[Any, ...]:
    # `evaluate.ks=20` is what people type for one.
    return tuple(value) if isinstance(value, list) else (value,)


def typed(kind: type[T], values: Mapping[str, Any], part: str) -> T:
    """Builds a dataclass from a part of the configuration; `InputError` names an unknown key."""
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise InputError(f"{part}.{key} is not known; {part} has {', '.join(known)}")
    return kind(**values)
