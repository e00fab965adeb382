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

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.auto.candidates import CORE, candidates, made
from recsys.models.auto.trials import Trial, Trials, description
from recsys.models.base import Validate, require_range
from recsys.models.blend import Blend
from recsys.models.device import least_squares_device
from recsys.models.without_curve import WithoutCurve


class Auto(Blend):
    """Chooses models, their settings and their weights by the data and by valid.

    Without validation data, and with nothing chosen before, it blends a spectral filter and ALS
    with equal weights and the settings that suit the size of the data.

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

    def _best_of_each(self, data: Dataset, validate: WithoutCurve) -> list[Trial]:
        """The best trial of each model, the best model first."""
        best: dict[str, Trial] = {}
        self.tried = {}
        trials = Trials(
            data,
            validate,
            seconds=self.seconds,
            seed=self.seed,
            device=self._device,
            folder=None if self.checkpoint is None else Path(self.checkpoint),
        )
        for trial in trials:
            self.tried[description(trial.name, trial.settings)] = trial.quality
            if trial.name not in best or trial.quality > best[trial.name].quality:
                best[trial.name] = trial
        return sorted(best.values(), key=lambda trial: -trial.quality)
