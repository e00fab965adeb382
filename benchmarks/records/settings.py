"""Further settings of a model, drawn from the space that `recsys tune` searches."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import optuna

from benchmarks.programs import CHECKOUT
from recsys.cli.composed_source import composed_parts, composed_source
from recsys.data.dataset import Dataset
from recsys.data.strict_yaml import parse_yaml
from recsys.experiments.tuning.space import Space, flat_settings, space, with_settings

_SPACES = CHECKOUT / "conf" / "tune"
_SEED = 0
# Of a space of choices alone, in which nothing may be left.
_REPEATS = 1000


def drawn_words(
    models: Mapping[str, str], data: Sequence[str], count: int
) -> dict[str, list[list[str]]]:
    """Model -> words of `recsys train` for each of at most `count` further settings.

    All that is not drawn is as in conf/model. A model without a space has no further settings.

    Args:
        models: model -> the word of its first run, as "model=als" or "experiment=gowalla_als",
            whose settings are not drawn again.
        data: words of the data; the data decide which settings have a meaning.
        count: wanted for each model.
    """
    described = {
        model: parse_yaml((_SPACES / f"{model}.yaml").read_text(encoding="utf-8"))
        for model in models
        if count and (_SPACES / f"{model}.yaml").exists()
    }
    if not described:
        return {model: [] for model in models}
    dataset = Dataset.from_source(composed_source(data))
    words = {}
    for model, first in models.items():
        default, taken = (
            composed_parts([word], ["model"])["model"] for word in (f"model={model}", first)
        )
        searched = space(described.get(model, {}), flat_settings(default), dataset)
        words[model] = [
            [f"model={model}", *_words(settings)]
            for settings in drawn(searched, count, default, taken)
        ]
    return words


def drawn(
    searched: Space, count: int, default: Mapping[str, Any], taken: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Different settings of a space, at random and always the same; the first of a larger count.

    Args:
        searched: the space; nothing is drawn from an empty one.
        count: at most; fewer where the space has fewer.
        default: configuration of the model, in which the drawn settings replace others.
        taken: a configuration that is not drawn.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=_SEED))
    kept: list[dict[str, Any]] = []
    repeats = 0
    while searched and len(kept) < count and repeats < _REPEATS:
        settings = study.ask(searched).params
        if settings in kept or with_settings(default, settings) == taken:
            repeats += 1
        else:
            kept.append(settings)
            repeats = 0
    return kept


def _words(settings: Mapping[str, Any]) -> list[str]:
    # Hydra reads null, true, numbers and quoted text as JSON writes them.
    return [f"model.{name}={json.dumps(value)}" for name, value in settings.items()]
