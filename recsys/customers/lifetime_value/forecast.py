"""What each customer will buy and spend in a time to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.bg_nbd import BGNBD
from recsys.customers.lifetime_value.covariates import Covariates
from recsys.customers.lifetime_value.estimate import Estimate, with_interval
from recsys.customers.lifetime_value.gamma_gamma import GammaGamma
from recsys.customers.lifetime_value.newton import Fit
from recsys.customers.lifetime_value.observe import Observed
from recsys.customers.lifetime_value.pareto_nbd import ParetoNBD
from recsys.customers.lifetime_value.repeat_purchases import RepeatPurchases
from recsys.customers.lifetime_value.with_covariates import WithCovariates
from recsys.errors import InputError

PurchaseModel: TypeAlias = RepeatPurchases | WithCovariates

MODELS: Mapping[str, type[RepeatPurchases]] = {"bg_nbd": BGNBD, "pareto_nbd": ParetoNBD}
"""Name -> model of how often customers buy."""
YEAR = 365.25
"""Days."""
_STEP = 30.0
"""Days after which the discount of a value changes."""
_FEWEST = 20
"""Customers with values below whom a model of spending is not fitted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """Purchases and spending that are expected of customers, with intervals.

    Attributes:
        name: of the model of purchases.
        days: that the forecast is for.
        fits: "purchases", and "spending" where purchases have values.
        names: of the parameters of each.
        covariates: the model of purchases where it has covariates; else None.
        likelihoods: name of a model -> its log-likelihood, for those that were fitted.
        active: [n] float64 probability that a customer will ever buy again.
        purchases: [n] expected number.
        value: [n] expected spending, discounted; None without values.
        correlation: of the number and the mean value of repeat purchases, which Gamma-Gamma takes
            as independent; nan without values.
    """

    name: str
    days: float
    fits: Mapping[str, Fit]
    names: Mapping[str, tuple[str, ...]]
    covariates: WithCovariates | None
    likelihoods: Mapping[str, float]
    active: FloatArray
    purchases: Estimate
    value: Estimate | None
    correlation: float


def fit_purchases(
    seen: Observed, model: str, covariates: Covariates | None = None
) -> tuple[str, dict[str, PurchaseModel]]:
    """The model of purchases: a named one, or that of the lower Akaike information criterion.

    Both have four parameters, so that without covariates it is that of the greater likelihood.

    Args:
        seen: customers.
        model: "auto" or a name of `MODELS`.
        covariates: of the customers; None for none.

    Returns:
        its name, and all that were fitted.

    Raises:
        InputError: there is no such model, or none could be fitted.
    """
    if model != "auto" and model not in MODELS:
        raise InputError(f"model: expected auto, {' or '.join(MODELS)}, got '{model}'")
    fitted: dict[str, PurchaseModel] = {}
    refused: InputError | None = None
    for name in MODELS if model == "auto" else [model]:
        try:
            fitted[name] = purchase_model(name, covariates).fit(seen.history)
        except InputError as error:
            refused = error
    if not fitted:
        assert refused is not None
        raise refused
    return min(fitted, key=lambda name: _criterion(_fit_of(fitted[name]))), fitted


def purchase_model(name: str, covariates: Covariates | None = None) -> PurchaseModel:
    """A model of `MODELS` that is not fitted yet, with covariates or without."""
    return MODELS[name]() if covariates is None else WithCovariates(MODELS[name], covariates)


def _criterion(fit: Fit) -> float:
    return 2 * (len(fit.parameters) - fit.log_likelihood)


def forecast(
    seen: Observed,
    days: float,
    *,
    model: str = "auto",
    covariates: Covariates | None = None,
    discount: float = 0.0,
    level: float = 0.95,
) -> Forecast:
    """Fits the models and forecasts each customer.

    Args:
        seen: customers with at least one purchase.
        days: how far ahead.
        model: of purchases: "bg_nbd", "pareto_nbd", or "auto", see `fit_purchases`.
        covariates: of the customers, for the model of purchases; None for none.
        discount: what a value loses in a year, as .1 for 10 %; taken off month by month.
        level: of the intervals, which are of the expectations.

    Raises:
        InputError: a model cannot be fitted.
    """
    name, fitted = fit_purchases(seen, model, covariates)
    purchases = fitted[name]
    fits = {"purchases": _fit_of(purchases)}
    names, own = {"purchases": purchases.names}, len(purchases.names)
    spending = _fit_spending(seen)

    def number(parameters: FloatArray) -> FloatArray:
        return purchases.expected_purchases(seen.history, days, parameters)

    value = None
    if spending is not None:
        fits["spending"], names["spending"] = _fit_of(spending), spending.names
        of_new = float(seen.mean_value[seen.spent_on > 0].mean())

        def worth(parameters: FloatArray) -> FloatArray:
            each = spending.expected_value(seen.spent_on, seen.mean_value, parameters[own:])
            # Without a finite expectation of new customers, theirs is the mean of the others.
            each = np.where(np.isfinite(each), each, of_new)
            return each * _discounted(purchases, seen, days, discount, parameters[:own])

        value = with_interval(worth, (fits["purchases"], fits["spending"]), level)
    return Forecast(
        name=name,
        days=days,
        fits=fits,
        names=names,
        covariates=purchases if isinstance(purchases, WithCovariates) else None,
        likelihoods={each: _fit_of(made).log_likelihood for each, made in fitted.items()},
        active=purchases.probability_active(seen.history),
        purchases=with_interval(number, (fits["purchases"],), level),
        value=value,
        correlation=_correlation(seen),
    )


def _fit_of(model: PurchaseModel | GammaGamma) -> Fit:
    assert model.fit_ is not None
    return model.fit_


def _fit_spending(seen: Observed) -> GammaGamma | None:
    has_value = seen.spent_on > 0
    if has_value.sum() < _FEWEST:
        return None
    return GammaGamma().fit(seen.spent_on[has_value], seen.mean_value[has_value])


def _discounted(
    model: PurchaseModel, seen: Observed, days: float, discount: float, parameters: FloatArray
) -> FloatArray:
    """[n] purchases, each discounted to today by the month that it falls in."""
    if discount == 0:
        return model.expected_purchases(seen.history, days, parameters)
    total: FloatArray = np.zeros(len(seen.customers))
    before: FloatArray = np.zeros(len(seen.customers))
    ends = np.append(np.arange(_STEP, days, _STEP), days)
    for start, end in zip(np.append(0.0, ends[:-1]), ends, strict=True):
        until = model.expected_purchases(seen.history, float(end), parameters)
        total += (until - before) * (1 + discount) ** (-(start + end) / 2 / YEAR)
        before = until
    return total


def _correlation(seen: Observed) -> float:
    has_value = seen.spent_on > 0
    if has_value.sum() < _FEWEST:
        return float("nan")
    return float(np.corrcoef(seen.spent_on[has_value], seen.mean_value[has_value])[0, 1])
