"""How well purchases of a later period are forecast, against plain rivals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.covariates import covariates_of
from recsys.customers.lifetime_value.forecast import MODELS, fit_purchases, purchase_model
from recsys.customers.lifetime_value.graph_forecast import ProductVectors, graph_forecasts
from recsys.customers.lifetime_value.lesson import lesson_of, purchases_of_last
from recsys.customers.lifetime_value.observe import DAY, Observed, observe
from recsys.customers.lifetime_value.rivals import (
    boosting,
    last_period_again,
    mean_rate,
    own_rate,
)
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.evaluation.paired import Difference, paired_difference


@dataclass(frozen=True, kw_only=True, eq=False)
class Holdout:
    """Forecasts for the last days of the data, made from what came before.

    Attributes:
        days: length of the period.
        seen: customers at its beginning.
        actual: [n] purchases in it.
        forecasts: name -> [n] expected purchases; the chosen model is the first.
        chosen: the model of the greater likelihood before the period.
    """

    days: float
    seen: Observed
    actual: FloatArray
    forecasts: Mapping[str, FloatArray]
    chosen: str

    @property
    def has_graph(self) -> bool:
        """Whether the graph has forecast it."""
        return any("graph" in name for name in self.forecasts)

    def absolute_error(self, name: str) -> float:
        """Mean of |actual - expected| over customers."""
        return float(np.abs(self.actual - self.forecasts[name]).mean())

    def root_mean_square(self, name: str) -> float:
        """Root of the mean of (actual - expected)^2 over customers."""
        return float(np.sqrt(np.square(self.actual - self.forecasts[name]).mean()))

    def total_ratio(self, name: str) -> float:
        """All expected purchases over all that came; 1 for a calibrated forecast."""
        total = self.actual.sum()
        return float(self.forecasts[name].sum() / total) if total else float("nan")

    def gain(self, name: str) -> Difference:
        """Squared error of a rival less that of the chosen model, paired by customer.

        Of the squared error because it is least at the expectation; the absolute error is least at
        the median, which is 0 for most customers.
        """
        return self.between(name, self.chosen)

    def between(self, name: str, other: str) -> Difference:
        """Squared error of one forecast less that of another, paired by customer."""
        first, second = (np.square(self.actual - self.forecasts[each]) for each in (name, other))
        return paired_difference(first, second, self.seen.customers)


def hold_out(
    data: Dataset,
    days: float,
    actions: tuple[str, ...],
    model: str = "auto",
    covariates: Sequence[str] = (),
    vectors: ProductVectors | None = None,
) -> Holdout:
    """Forecasts the last `days` of the data from what came before, by all models and rivals.

    Args:
        data: with timestamps.
        days: length of the period.
        actions: that are purchases.
        model: "auto" or a name of `MODELS`; what is chosen is chosen by likelihood, before the
            period is looked at.
        covariates: columns of customers, with which the chosen model forecasts once more.
        vectors: of products, for forecasts from the graph; None for none.

    Raises:
        InputError: nothing was bought before the period, or a model cannot be fitted.
    """
    events = data.interactions
    when, end = data.times("lifetime value")
    cutoff = end - int(days * DAY)
    is_before = when < cutoff
    if not (is_before & events.has_action(actions)).any():
        raise InputError(
            f"holdout={days:g}: expected purchases before {timestamp(cutoff):%Y-%m-%d}, got none; "
            "set fewer days"
        )
    before = data.before(cutoff)
    seen = observe(before, actions)
    chosen, fitted = fit_purchases(seen, model)
    forecasts = {}
    for name in sorted(MODELS, key=lambda name: name != chosen):
        made = fitted[name] if name in fitted else MODELS[name]().fit(seen.history)
        forecasts[name] = made.expected_purchases(seen.history, days)
    if covariates:
        known = covariates_of(before, seen.customers, covariates)
        made = purchase_model(chosen, known).fit(seen.history)
        forecasts[f"{chosen} + covariates"] = made.expected_purchases(seen.history, days)
    forecasts["last period again"] = last_period_again(before, seen, days)
    forecasts["own rate"] = own_rate(seen, days)
    forecasts["mean rate"] = mean_rate(seen, days)
    lesson = lesson_of(before, seen, days)
    if lesson is not None:
        forecasts["boosting"] = boosting(lesson, seen)
        if vectors is not None:
            of_lesson = MODELS[chosen]().fit(lesson.seen.history)
            then = of_lesson.expected_purchases(lesson.seen.history, lesson.days) * lesson.scale
            expected = then, forecasts[chosen]
            forecasts |= graph_forecasts(lesson, before, seen, vectors, expected)
    return Holdout(
        days=days,
        seen=seen,
        actual=purchases_of_last(data, seen, days),
        forecasts=forecasts,
        chosen=chosen,
    )
