"""Models of acceptance, evaluated on a window of sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from benchmarks.suite import ends
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.forecasts import STATISTICS, Forecasts, forecasts
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.slices import Cut, members
from recsys.models.acceptance import Acceptance, Features, Sends
from recsys.policy.arbitration.net_value import net_value

Equal: TypeAlias = Literal["width", "count"]

OURS, BOOSTING = "pairwise", "boosting"
MODELS = (OURS, BOOSTING)
COMPARED: tuple[str, ...] = ("auc", "average_precision", "log_loss")


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """An outcome of sends that is to be predicted.

    Attributes:
        name: of the outcome.
        sends: [S].
        features: of the sends as they came, to learn from.
        planned_features: of the sends as planned when they were decided; the same as `features`
            where nothing was planned.
        rates: rival -> [S] probability that is known just before each send, of what was resolved
            by then.
        groups: dimension -> groups of the sends.
        value: [S] what an acceptance of each is worth; None where nothing is known of that.
    """

    name: str
    sends: Sends
    features: Features
    planned_features: Features
    rates: Mapping[str, FloatArray]
    groups: Mapping[str, Cut]
    value: FloatArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class AcceptanceReading:
    """Probabilities of n sends, and what came of them.

    Attributes:
        name: of task and window.
        probabilities: model -> [n].
        outcome: [n] 1 or 0.
        customers: [n] row numbers.
        groups: dimension -> groups of the n sends.
        value: [n] what an acceptance of each is worth, or None.
    """

    name: str
    probabilities: Mapping[str, FloatArray]
    outcome: IntArray
    customers: IntArray
    groups: Mapping[str, Cut]
    value: FloatArray | None = None

    def select(self, name: str, keep: BoolArray) -> "AcceptanceReading":
        """Those that a mask [n] keeps, under another name."""
        return AcceptanceReading(
            name=name,
            probabilities={model: p[keep] for model, p in self.probabilities.items()},
            outcome=self.outcome[keep],
            customers=self.customers[keep],
            groups={
                dimension: replace(cut, codes=cut.codes[keep])
                for dimension, cut in self.groups.items()
            },
            value=None if self.value is None else self.value[keep],
        )


TaskReadings: TypeAlias = tuple[AcceptanceReading, AcceptanceReading, Sequence[AcceptanceReading]]
"""Readings of one task: on valid, on test, and others."""


def read(
    task: Task, window: str, in_window: BoolArray, models: Mapping[str, Acceptance]
) -> AcceptanceReading:
    """Predicts the sends of a window, each with models fitted on what was resolved before it.

    The models are fitted again at every moment of the window, such as the start of a campaign. The
    rates that they are compared with, and their features, also use all that is known by then.

    Args:
        task: what is predicted.
        window: its name, as "test".
        in_window: [S] the sends of the window.
        models: name -> model.
    """
    probabilities = {name: np.full(len(task.sends), np.nan) for name in models}
    for moment in np.unique(task.sends.when[in_window]):
        known = task.sends.known_before(moment)
        learned, features = task.sends.select(known), task.features.select(known)
        now = in_window & (task.sends.when == moment)
        for name, model in models.items():
            model.fit(features, learned.outcome, learned.customers)
            probabilities[name][now] = model.probability(task.planned_features.select(now))
    everything = AcceptanceReading(
        name=task.name,
        probabilities={**probabilities, **task.rates},
        outcome=task.sends.outcome,
        customers=task.sends.customers,
        groups=task.groups,
        value=task.value,
    )
    return everything.select(f"{task.name}_{window}", in_window)


def figures(
    reading: AcceptanceReading, rivals: Sequence[str], *, equal: Equal, resamples: int
) -> dict[str, float]:
    """Flat names to numbers; `_low` and `_high` are the ends of 95 % intervals over customers.

    Keys NAME_MODEL_STATISTIC of all `STATISTICS`, and NAME_MODEL_minus_RIVAL_STATISTIC of those in
    `COMPARED` and NAME_MODEL_over_RIVAL_average_precision for all `pairs`. Where acceptances have a
    value, NAME_value a send, and what each model expected beyond it, NAME_MODEL_value_excess.
    """
    results = _forecasts(reading, tuple(reading.probabilities), equal, resamples)
    numbers: dict[str, float] = {
        f"{reading.name}_sends": len(reading.outcome),
        f"{reading.name}_accepted": int(reading.outcome.sum()),
        f"{reading.name}_customers": results.customers,
    }
    for model in reading.probabilities:
        for statistic in STATISTICS:
            key = f"{reading.name}_{model}_{statistic}"
            numbers |= ends(key, results.interval(model, statistic))
    for model, rival in pairs(rivals):
        for statistic in COMPARED:
            key = f"{reading.name}_{model}_minus_{rival}_{statistic}"
            numbers |= ends(key, results.difference(model, rival, statistic))
        times = results.ratio(model, rival, "average_precision")
        numbers |= ends(f"{reading.name}_{model}_over_{rival}_average_precision", times)
    return numbers | _worth(reading, resamples)


def pairs(rivals: Sequence[str]) -> list[tuple[str, str]]:
    """What is compared: boosting with ours, and both with every rival."""
    return [(BOOSTING, OURS), *((model, rival) for model in MODELS for rival in rivals)]


def _worth(reading: AcceptanceReading, resamples: int) -> dict[str, float]:
    if reading.value is None:
        return {}
    came = reading.outcome * reading.value
    values = {"value": came} | {
        f"{model}_value_excess": net_value(reading.probabilities[model], reading.value) - came
        for model in MODELS
    }
    intervals = bootstrap(values, reading.customers, resamples=resamples)
    numbers: dict[str, float] = {}
    for name, interval in intervals.items():
        numbers |= ends(f"{reading.name}_{name}", interval)
    return numbers


def group_errors(
    reading: AcceptanceReading, model: str, *, equal: Equal, resamples: int
) -> dict[str, float]:
    """Expected calibration error of a model in each group: keys NAME_MODEL_ece_DIMENSION_GROUP."""
    numbers: dict[str, float] = {}
    for dimension, cut in reading.groups.items():
        for group, inside in members(cut).items():
            part = _forecasts(reading.select(group, inside), (model,), equal, resamples)
            # The name of a third begins with its dimension already.
            name = group if group.startswith(dimension) else f"{dimension}_{group}"
            key = f"{reading.name}_{model}_ece_{name}".replace(" ", "_").lower()
            numbers |= ends(key, part.interval(model, "ece"))
    return numbers


def chosen(valid: AcceptanceReading, *, equal: Equal, resamples: int) -> str:
    """Boosting where its log loss on valid is significantly lower, else ours, which is simpler."""
    results = _forecasts(valid, MODELS, equal, resamples)
    better = results.difference(BOOSTING, OURS, "log_loss").verdict == "loss"
    return BOOSTING if better else OURS


def _forecasts(
    reading: AcceptanceReading, models: Sequence[str], equal: Equal, resamples: int
) -> Forecasts:
    return forecasts(
        {model: reading.probabilities[model] for model in models},
        reading.outcome,
        reading.customers,
        equal=equal,
        resamples=resamples,
    )
