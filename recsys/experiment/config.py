"""From a composed configuration to the objects of a run; below this nobody sees Hydra."""

from collections.abc import Mapping
from dataclasses import dataclass
from pydoc import ErrorDuringImport, locate
from typing import Any, Literal, TypeVar

from omegaconf import DictConfig, OmegaConf

from recsys.data.identity import IdentityRules
from recsys.data.source import Source
from recsys.data.split import Splitter
from recsys.errors import InputError
from recsys.evaluate.config import EvaluateConfig
from recsys.experiment.values import check_value, check_values
from recsys.models.base import Recommender
from recsys.track.runs import TrackConfig

T = TypeVar("T")

_PARTS = ("data", "split", "model", "identity", "evaluate", "track", "seed", "device", "names")
_METHODS = {
    "data": "load", "split": "split", "model": "fit", "model.objective": "prepare",
    "suite": "figures",
}  # fmt: skip
"""What the class that `_target_` names cannot do without."""


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
    _check_whole(plain)
    return Settings(
        source=build_part(config.data, "data"),
        splitter=build_part(config.split, "split"),
        model=build_part(config.model, "model"),
        identity=typed(IdentityRules, plain["identity"], "identity"),
        evaluate=_evaluate(plain["evaluate"]),
        track=typed(TrackConfig, plain["track"], "track"),
        seed=plain["seed"],
        device=plain["device"],
        names=plain["names"],
        config=plain,
    )


def build_part(part: DictConfig, name: str) -> Any:
    """Constructs what `_target_` names; an `InputError` of a constructor comes through as it is.

    Raises:
        InputError: there is no such class, or a key of the part, called `name`, does not fit it.
    """
    target = part.get("_target_")
    try:
        # Hydra would announce on stderr what it does not find.
        made = locate(str(target))
        if not callable(made):
            raise InputError(f"{name}._target_={target}: there is no such class; say MODULE.CLASS")
        values: dict[str, Any] = OmegaConf.to_container(part, resolve=True)  # type: ignore[assignment]
        own = {key: value for key, value in values.items() if not key.startswith("_")}
        check_values(made, own, name)
        for key, value in own.items():
            if isinstance(value, dict) and "_target_" in value:
                own[key] = build_part(part[key], f"{name}.{key}")
        built = made(**own)
    except InputError:
        raise
    except (ErrorDuringImport, ValueError, TypeError) as error:
        words = " ".join(str(error).split())
        raise InputError(f"{name}._target_={target} cannot be built: {words}") from error
    method = _METHODS.get(name)
    if method and not callable(getattr(built, method, None)):
        raise InputError(
            f"{name}._target_={target}: expected a class with a method '{method}', got one without"
        )
    return built


def _check_whole(plain: Mapping[str, Any]) -> None:
    for part in _PARTS:
        if plain.get(part) is None:
            raise InputError(f"{part} is not set; say {part}=VALUE, or leave ~{part} away")
    check_value("seed", plain["seed"], int)
    if plain["seed"] < 0:
        raise InputError(f"seed: expected a whole number of at least 0, got {plain['seed']}")
    check_value("device", plain["device"], Literal["auto", "cpu", "cuda"])


def _evaluate(values: Mapping[str, Any]) -> EvaluateConfig:
    lists = {key: _tuple(values[key]) for key in ("ks", "metrics") if key in values}
    return typed(EvaluateConfig, {**values, **lists}, "evaluate")


def _tuple(value: Any) -> tuple[Any, ...]:
    # `evaluate.ks=20` is what people type for one.
    return tuple(value) if isinstance(value, list) else (value,)


def typed(kind: type[T], values: Mapping[str, Any], part: str) -> T:
    """Builds a dataclass from a part of the configuration; see `check_values`."""
    check_values(kind, values, part)
    return kind(**values)
