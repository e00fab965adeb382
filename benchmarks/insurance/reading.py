"""How good models were in a window: whole, and by whether the customer had bought before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.insurance.known import arm_of
from benchmarks.suite import ends
from recsys.evaluation.forecasts import Forecasts
from recsys.evaluation.paired import Difference
from recsys.evaluation.pairwise import holm_adjusted, p_values_of_draws

LOWER_IS_BETTER = {"log_loss"}

WHOLE = "all"
"""The slice of all questions."""


@dataclass(frozen=True, kw_only=True, eq=False)
class InsuranceReading:
    """Models on the same questions; all differences are paired, and resample customers.

    Attributes:
        name: of question and window, as "product_test".
        metrics: names; the first one chooses.
        models: names, in the order of the table.
        rival: the plain one among them that every other is compared with.
        sizes: slice -> number of questions.
        results: slice -> statistics.
    """

    name: str
    metrics: Sequence[str]
    models: Sequence[str]
    rival: str
    sizes: Mapping[str, int]
    results: Mapping[str, Forecasts]

    @property
    def two_armed(self) -> list[str]:
        """Models that were asked with and without touchpoints."""
        return [
            model.removesuffix("_with")
            for model in self.models
            if model.endswith("_with") and arm_of(model.removesuffix("_with"), "without")
            in self.models
        ]  # fmt: skip

    @property
    def chosen(self) -> str:
        """The two-armed model whose arm with touchpoints is best."""
        metric = self.metrics[0]
        sign = -1 if metric in LOWER_IS_BETTER else 1
        means = {
            model: sign * self.results[WHOLE].interval(arm_of(model, "with"), metric).mean
            for model in self.two_armed
        }
        return max(means, key=lambda model: means[model])

    def gain(self, model: str, metric: str, part: str = WHOLE) -> Difference:
        """With touchpoints minus without, in a slice."""
        return self.results[part].difference(
            arm_of(model, "with"), arm_of(model, "without"), metric
        )

    def adjusted(self, model: str) -> dict[tuple[str, str], float]:
        """(slice, metric) -> p-value of its gain, after Holm's correction over all of these."""
        raw: dict[tuple[str, str], float] = {}
        for part, results in self.results.items():
            for metric in self.metrics:
                arms = (results.draws[arm_of(model, arm), metric] for arm in ("with", "without"))
                gain = np.subtract(*arms)
                raw[part, metric] = float(
                    p_values_of_draws(gain[:1], gain[1:, None], results.customers)[0]
                )
        return dict(zip(raw, holm_adjusted(np.array(list(raw.values()))).tolist(), strict=True))


def figures(reading: InsuranceReading, chosen: str) -> dict[str, float]:
    """Flat names to numbers; `_low` and `_high` are the ends of 95 % intervals over customers.

    Keys NAME_SLICE_MODEL_METRIC, NAME_SLICE_MODEL_minus_RIVAL_METRIC and
    NAME_SLICE_MODEL_with_minus_without_METRIC; of the model chosen on valid also the p-value after
    Holm's correction, NAME_SLICE_MODEL_with_minus_without_METRIC_p.
    """
    numbers: dict[str, float] = {}
    for part, results in reading.results.items():
        name = f"{reading.name}_{part}"
        numbers |= {
            f"{name}_questions": reading.sizes[part],
            f"{name}_customers": results.customers,
        }
        for metric in reading.metrics:
            for model in reading.models:
                numbers |= ends(f"{name}_{model}_{metric}", results.interval(model, metric))
                if model != reading.rival:
                    over = results.difference(model, reading.rival, metric)
                    numbers |= ends(f"{name}_{model}_minus_{reading.rival}_{metric}", over)
            for model in reading.two_armed:
                gain = reading.gain(model, metric, part)
                numbers |= ends(f"{name}_{model}_with_minus_without_{metric}", gain)
    for (part, metric), p_value in reading.adjusted(chosen).items():
        numbers[f"{reading.name}_{part}_{chosen}_with_minus_without_{metric}_p"] = p_value
    return numbers
