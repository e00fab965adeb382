"""`Auto`: fits the models that suit the data, chooses on valid, and blends the best.

The rule is the same for every data set. `recsys.models.auto.candidates` says which models are tried
with which settings; each is fitted on train and judged on valid. The best settings of the best few
models are blended with weights chosen on valid, so that a model that wins alone keeps all weight.
It is a selection from a library of models (Caruana, Niculescu-Mizil, Crew and Ksikes, Ensemble
Selection from Libraries of Models, 2004), with weights found by coordinate search.

A model that refuses the data is left out, and says why on the standard error. A budget of seconds
ends the trials, so that a slower machine may choose among fewer models. What was chosen is kept in
`chosen`, and a refit does not depend on the budget. Each finished trial is kept in a folder, so
that a fit that was killed goes on.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.evaluation.full_ranking import Score
from recsys.models.auto.candidates import CORE, candidates, made
from recsys.models.auto.kept_trials import KeptTrials
from recsys.models.base import Recommender, TunesItself, Validate, require_range
from recsys.models.blend import Blend
from recsys.models.device import least_squares_device
from recsys.models.resumable import Resumable, resuming
from recsys.models.without_curve import WithoutCurve


class _Trial(NamedTuple):
    quality: float
    name: str
    settings: Mapping[str, Any]
    model: Recommender | None
    """None where the trial was kept by an earlier fit."""


class Auto(Blend):
    """Chooses models, their settings and their weights by the data and by valid.

    Without validation data, and with nothing chosen before, it blends a graph filter and ALS with
    equal weights and the settings that suit the size of the data.

    Args:
        seconds: budget of the trials on train; no fit starts after it, and a network stops.
        most: models in the blend.
        settings: model -> its keywords, as `chosen` has them; None to choose.
        weights: model -> weight, as `chosen` has them; given with `settings`.
        seed: of all models.
        device: "auto", "cpu" or "cuda", of models that can use a GPU.

    Attributes:
        tried: model and settings -> quality on valid, of the last fit with validation data.

    Raises:
        InputError: an argument is out of range, only one of settings and weights is given, or
            device="cuda" without a GPU.
    """

    def __init__(
        self,
        *,
        seconds: float = 900.0,
        most: int = 4,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        weights: Mapping[str, float] | None = None,
        seed: int = 0,
        device: str = "auto",
    ) -> None:
        require_range("seconds", seconds, 0, open_low=True)
        require_range("most", most, 1)
        if (settings is None) != (weights is None):
            raise InputError("model.settings and model.weights: expected both, or null for both")
        # Refused here, not by the first model that asks for it.
        least_squares_device(device)
        self.seconds, self.most, self.seed, self._device = seconds, most, seed, device
        self.settings = {name: dict(values) for name, values in (settings or {}).items()}
        self.tried: dict[str, float] = {}
        # Before the first fit, those that a fit without validation data takes.
        models = self.settings or {name: {} for name in CORE}
        super().__init__(
            models={name: made(name, values) for name, values in models.items()}, weights=weights
        )

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The settings of the models with a weight, and the weights."""
        return {
            "settings": {name: dict(self.settings.get(name, {})) for name in self.parts},
            "weights": {name: self.weights[name] for name in self.parts},
        }

    @property
    def notes(self) -> Sequence[str]:
        """What was tried in the last fit with validation data, the best model first."""
        best: dict[str, float] = {}
        for told, quality in self.tried.items():
            name = told.partition("(")[0]
            best[name] = max(quality, best.get(name, quality))
        if not best:
            return ()
        ranked = sorted(best.items(), key=lambda each: -each[1])
        said = ", ".join(f"{name} {quality:.4f}" for name, quality in ranked)
        return (f"tried {len(self.tried)} settings; the best of each model on valid: {said}",)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Tries the models on `data` by `validate`; without it, fits what was chosen."""
        if not self.chooses(validate):
            if not self.settings:
                self._take(
                    {
                        each.name: next(each.variants())
                        for each in candidates(data, self.seed, self._device)
                        if each.name in CORE
                    }
                )
            return super().fit(data)
        best = self._best_of_each(data, WithoutCurve(validate))[: self.most]
        self.settings = {trial.name: dict(trial.settings) for trial in best}
        self.models = {
            trial.name: trial.model or made(trial.name, trial.settings).fit(data) for trial in best
        }
        self.settle(data, validate)
        return self.remember(data)

    def _take(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        self.settings = {name: dict(values) for name, values in settings.items()}
        self.models = {name: made(name, values) for name, values in settings.items()}
        self.weights = self.equal_weights()

    def _best_of_each(self, data: Dataset, validate: WithoutCurve) -> list[_Trial]:
        """The best trial of each model, the best model first."""
        best: dict[str, _Trial] = {}
        self.tried = {}
        for trial in self._trials(data, validate):
            self.tried[_told(trial.name, trial.settings)] = trial.quality
            if trial.name not in best or trial.quality > best[trial.name].quality:
                best[trial.name] = trial
        return sorted(best.values(), key=lambda trial: -trial.quality)

    def _trials(self, data: Dataset, validate: WithoutCurve) -> Iterator[_Trial]:
        kept = self._kept_trials(data, validate)
        end = time.monotonic() + self.seconds - kept.seconds
        in_time = _InTime(validate, lambda: time.monotonic() < end)
        is_first = True
        for number, (name, settings) in enumerate(self._variants(data)):
            told = _told(name, settings)
            model, known = made(name, settings), kept.find(told)
            # One that is resumed keeps its finished fit itself.
            if known is not None and not isinstance(model, Resumable):
                yield _Trial(known[0], name, {**settings, **known[1]}, None)
                is_first = False
                continue
            if known is None and not (is_first or in_time.is_left()):
                return
            start = time.monotonic()
            try:
                resuming(model, self._folder(f"{number}_{name}")).fit(data, in_time)
                quality = validate(model.score)
            except _OutOfTimeError:
                sys.stderr.write(f"auto: {name} was stopped after model.seconds={self.seconds:g}\n")
                return
            except InputError as error:
                if is_first:
                    raise
                sys.stderr.write(f"auto: {name} does not fit these data: {error}\n")
                continue
            chosen = dict(model.chosen) if isinstance(model, TunesItself) else {}
            if known is None:
                kept.add(told, quality, chosen, time.monotonic() - start)
            yield _Trial(quality, name, {**settings, **chosen}, model)
            is_first = False

    def _variants(self, data: Dataset) -> Iterator[tuple[str, dict[str, Any]]]:
        for candidate in candidates(data, self.seed, self._device):
            for settings in candidate.variants():
                yield candidate.name, settings

    def _kept_trials(self, data: Dataset, validate: WithoutCurve) -> KeptTrials:
        identity = {
            "data": data.fingerprint, "events": len(data.interactions), "as_of": data.as_of,
            "seed": self.seed, "valid": validate.identity,
        }  # fmt: skip
        return KeptTrials(self._folder("trials.json"), identity)


class _OutOfTimeError(Exception):
    pass


class _InTime(WithoutCurve):
    """Ends a fit in epochs when no time is left."""

    def __init__(self, validate: WithoutCurve, is_left: Callable[[], bool]) -> None:
        super().__init__(validate)
        self.is_left = is_left

    def after(self, epoch: int, score: Score) -> float:
        if not self.is_left():
            raise _OutOfTimeError
        return super().after(epoch, score)


def _told(name: str, settings: Mapping[str, Any]) -> str:
    described = ", ".join(f"{key}={value}" for key, value in settings.items())
    return f"{name}({described})"
