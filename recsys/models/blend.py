"""Blend: a weighted sum of the scores of several models.

    score = sum_m weight_m s_m / spread_m

where spread_m is the mean standard deviation of a customer's scores s_m over the products, of
a fixed sample of customers, so that weights mean the same whatever the scale of a model. They are
chosen on valid by coordinate search from the best single model, a linear form of stacking (Jahrer,
Toescher and Legenstein, Combining Predictions for Accurate Recommender Systems, 2010).

The spread is one number a model, not one a customer: on Gowalla both gave the same quality, and
so a blend of inner products is an inner product again.
"""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Self, TypeGuard

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.audit import Derived
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.base import (
    Embeddings,
    Recommender,
    UsesColumns,
    Validate,
    derived_of,
    require_range,
)
from recsys.models.blended_vectors import blended
from recsys.models.choice import choose
from recsys.models.device import Device, device_of
from recsys.models.kept_scores import KeptScores
from recsys.models.recommends import Recommends
from recsys.models.resumable import resuming
from recsys.models.without_curve import WithoutCurve
from recsys.ops.shown_text import shown

CANDIDATES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
"""Weights that are tried beside a weight of 1 for the best single model."""

_SAMPLE, _BATCH = 1_000, 256
"""Customers whose scores give the spread of a model; of them at a time."""


class Blend(Recommends):
    """Ranks by the weighted sum of the scores of other models.

    Args:
        models: name -> model. A model that settles settings on valid does so first.
        weights: name -> weight, at least 0; None to choose them on valid, or equal weights without
            validation data. A model that is left out weighs 0 and is not fitted again.

    Attributes:
        checkpoint: folder in which the fits of models that can be resumed are kept; or None.

    Raises:
        InputError: no model is given, or a weight is negative or names no model.
    """

    checkpoint: str | None = None

    def __init__(
        self, *, models: Mapping[str, Any], weights: Mapping[str, float] | None = None
    ) -> None:
        if not models:
            raise InputError("model.models: expected at least one model, as {als: ...}, got none")
        for name, model in models.items():
            if not (callable(getattr(model, "fit", None)) and hasattr(model, "score")):
                raise InputError(
                    f"model.models.{name}: expected a model, got {shown(model)}; add one by "
                    f"+model@model.models.{name}=NAME"
                )
        self.models: dict[str, Recommender] = dict(models)
        self._given = weights is not None
        self.weights = self._checked(weights) if weights is not None else self.equal_weights()

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The weights in use, given or chosen on valid; they add up to 1."""
        return {"weights": dict(self.weights)}

    @property
    def parts(self) -> Mapping[str, Recommender]:
        """The models that have a weight."""
        return {name: model for name, model in self.models.items() if self.weights[name] > 0}

    @property
    def device(self) -> Device | None:
        """The GPU, if a model is on one; else the processor of the first that could be."""
        found = [device_of(each) for each in self.models.values() if hasattr(each, "device")]
        return max(found, key=lambda device: device.kind == "cuda", default=None)

    @property
    def derived(self) -> Derived:
        """What the models with a weight counted in the events, the first that counted it."""
        stated = [derived_of(model) for model in self.parts.values()]
        return _first_of_each([part for part in stated if part is not None])

    @property
    def columns_used(self) -> Mapping[str, Mapping[str, str]]:
        """Columns of tables that any of the models with a weight used as features."""
        found: dict[str, dict[str, str]] = {}
        for model in self.parts.values():
            used = model.columns_used if isinstance(model, UsesColumns) else {}
            for table, columns in used.items():
                found.setdefault(table, {}).update(columns)
        return found

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the models to the events of `data`, and chooses open weights by `validate`."""
        judge = None if validate is None else WithoutCurve(validate)
        wanted = self.models if self.chooses(validate) else self.parts
        for number, (name, model) in enumerate(self.models.items()):
            if name in wanted:
                resuming(model, self._folder(number)).fit(data, judge)
        self.settle(data, validate)
        return self.remember(data)

    def chooses(self, validate: Validate | None) -> TypeGuard[Validate]:
        """Whether a fit chooses the weights: none were given, and there is what to choose by."""
        return validate is not None and not self._given

    def settle(self, data: Dataset, validate: Validate | None) -> None:
        """Measures the spreads of the fitted models, and chooses open weights by `validate`."""
        sample = _active_sample(data)
        models = self.models if self.chooses(validate) else self.parts
        self.spreads = {name: _spread(model, sample) for name, model in models.items()}
        if self.chooses(validate):
            self._choose(validate)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q], at touchpoints for models that know them."""
        total: FloatArray | None = None
        for name, model in self.parts.items():
            scores = model.score(customers, touchpoints)
            scores *= np.float32(self._scale(name))
            total = scores if total is None else np.add(total, scores, out=total)
        assert total is not None
        return total

    def approximate_embeddings(self, dim: int) -> Embeddings:
        """Vectors of all models side by side, those of filters factorised with `dim` columns.

        Raises:
            InputError: a model has neither vectors nor a filter, so that it cannot be exported.
        """
        return blended(self.parts, {name: self._scale(name) for name in self.parts}, dim)

    def _folder(self, number: int) -> Path | None:
        # Not by name, which may hold a path.
        return None if self.checkpoint is None else Path(self.checkpoint) / f"model_{number}"

    def _scale(self, name: str) -> float:
        return self.weights[name] / self.spreads[name]

    def _choose(self, validate: Validate) -> None:
        """Sets the weights that are best on valid, from those of the best single model."""
        inverse = {name: 1 / spread for name, spread in self.spreads.items()}
        kept = KeptScores(self.models, inverse)

        def quality(weights: Mapping[str, float]) -> float:
            return validate(lambda customers: kept.blended(weights, customers))

        alone = [{name: float(name == first) for name in self.models} for first in self.models]
        start = max(alone, key=quality)
        best = choose(
            quality, start, {name: CANDIDATES for name, weight in start.items() if not weight}
        )
        self.weights = _shares(best)

    def equal_weights(self) -> dict[str, float]:
        """The same weight for every model."""
        return _shares(dict.fromkeys(self.models, 1.0))

    def _checked(self, weights: Mapping[str, float]) -> dict[str, float]:
        unknown = sorted(set(weights) - set(self.models))
        if unknown:
            raise InputError(
                f"model.weights: expected names of model.models ({', '.join(self.models)}), got "
                f"{', '.join(unknown)}"
            )
        for name, weight in weights.items():
            require_range(f"weights.{name}", weight, 0)
        if not sum(weights.values()):
            raise InputError("model.weights: expected a weight above 0, got only 0")
        return _shares({name: float(weights.get(name, 0)) for name in self.models})


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights divided by their sum, rounded, so that 0.35 reads 0.35 in a configuration."""
    total = sum(weights.values())
    return {name: round(weight / total, 6) for name, weight in weights.items()}


def _active_sample(data: Dataset) -> IntArray:
    """Row numbers of some customers who have events."""
    active = np.flatnonzero(data.history_lengths > 0)
    return np.random.default_rng(0).permutation(active)[:_SAMPLE]


def _spread(model: Recommender, customers: IntArray) -> float:
    """Mean over customers of the deviation of their scores; 1 where all scores are equal."""
    if not len(customers):
        return 1.0
    batches = np.array_split(customers, -(-len(customers) // _BATCH))
    spread = float(np.concatenate([model.score(rows).std(axis=1) for rows in batches]).mean())
    return spread or 1.0


def _first_of_each(stated: list[Derived]) -> Derived:
    """One statement: of each kind of count the first model's, which saw the same events."""
    names = [each.name for each in fields(Derived)]
    found = {
        name: next((part for each in stated if (part := getattr(each, name)) is not None), None)
        for name in names
    }
    return Derived(**found)
