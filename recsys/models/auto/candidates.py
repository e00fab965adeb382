"""Which models `Auto` tries on which data, with which settings: stated rules, the same everywhere.

Cheap models come first, so that a short budget still has all of them. What a rule needs is counted
in the data: whether events have a time, whether products may be repeated, how many products there
are. The sizes below were set once, by looking at all public sets together, and are not tuned.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import product
from typing import Any

from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.models.base import Recommender
from recsys.ops.shown_text import shown

MODELS = {
    "popularity": "recsys.models.popularity.Popularity",
    "own_history": "recsys.models.own_history.OwnHistory",
    "spectral_filter": "recsys.models.spectral_filter.SpectralFilter",
    "als": "recsys.models.als.ALS",
    "ease": "recsys.models.ease.EASE",
    "slim": "recsys.models.slim.SLIM",
    "graph_filter": "recsys.models.graph_filter.GraphFilter",
    "touchpoint_filter": "recsys.models.touchpoint_filter.TouchpointFilter",
    "touchpoint_gnn": "recsys.models.touchpoint_gnn.TouchpointGNN",
    "lightgcn": "recsys.models.lightgcn.LightGCN",
}
"""Name, as in `model=NAME`, of every model that is tried anywhere -> its class, imported late."""

_MOST_PRODUCTS = 10_000
"""Of EASE: a matrix of 0.4 GB."""
_MANY_EVENTS = 200_000
"""From here on longer vectors pay."""
_MOST_EVENTS = 400_000
"""Of the touchpoint network: a quarter of an hour on two cores."""
_DAYS = (7.0, 30.0, 90.0, 365.0)

CORE = ("spectral_filter", "als")
"""What is blended, with equal weights, where there is no validation data to choose by."""


@dataclass(frozen=True)
class Candidate:
    """A model to try.

    Attributes:
        name: of `MODELS`.
        settings: keywords of the model.
        options: further keyword -> values to try; every combination is fitted.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def variants(self) -> Iterator[dict[str, Any]]:
        """The keywords of each fit."""
        for values in product(*self.options.values()):
            yield {**self.settings, **dict(zip(self.options, values, strict=True))}


def made(name: str, settings: Mapping[str, Any]) -> Recommender:
    """The model of a name, constructed from keywords.

    Raises:
        InputError: there is no such name, or a keyword does not fit the model.
    """
    if name not in MODELS:
        raise InputError(
            f"model.settings: expected names of {', '.join(MODELS)}, got {shown(name)}"
        )
    module, _, kind = MODELS[name].rpartition(".")
    try:
        model: Recommender = getattr(import_module(module), kind)(**settings)
    except TypeError as error:
        raise InputError(f"model.settings.{name}: {error}") from None
    return model


def candidates(data: Dataset, seed: int, device: str) -> Iterator[Candidate]:
    """The models to try on these data, the cheapest first.

    Args:
        data: train.
        seed: of all models.
        device: of those that can use a GPU.
    """
    has_time = data.clock == "timestamp"
    is_large = len(data.interactions) >= _MANY_EVENTS
    days: Sequence[float | None] = (None, *_shorter_than(data, _DAYS)) if has_time else (None,)
    yield Candidate("popularity", options={"window": days})
    if data.ranks_repeats:
        yield Candidate("own_history", options={"half_life": days})
    dim = 512 if is_large else 256
    yield Candidate("spectral_filter", {"dim": dim, "seed": seed}, {"half_life": days})
    als = {"epochs": 5, "seed": seed, "device": device}
    if is_large:
        als |= {"l2": 30.0, "customer_exponent": 0.4, "product_exponent": 0.4}
        yield Candidate("als", als, {"dim": (256, 512), "half_life": days})
    else:
        yield Candidate("als", als | {"dim": 64}, {"l2": (1.0, 10.0), "half_life": days})
    if len(data.products) <= _MOST_PRODUCTS:
        yield Candidate("ease", options={"l2": (50.0, 200.0, 1000.0)})
    if data.clock is not None:
        yield Candidate("touchpoint_filter")
    yield Candidate("slim")
    if data.ranks_repeats:
        yield Candidate("graph_filter", {"dim": dim, "seed": seed}, {"half_life": days})
    if data.clock is not None and len(data.interactions) <= _MOST_EVENTS:
        yield Candidate("touchpoint_gnn", {"seed": seed, "device": device})
    yield Candidate(
        "lightgcn", {"dim": 128, "epochs": 7, "learning_rate": 0.01, "seed": seed, "device": device}
    )


def _shorter_than(data: Dataset, days: Sequence[float]) -> list[float]:
    """Those that are at most half of the time that the events take."""
    when = data.interactions.when
    if when is None or not len(when):
        return []
    span = float(when.max() - when.min()) / DAY
    return [each for each in days if each <= span / 2]
