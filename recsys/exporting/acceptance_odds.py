"""Fits the acceptance odds of an artifact on what customers answered to logged decisions."""

from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.metrics.probability import expected_calibration_error
from recsys.evaluation.recalibration import fit_platt
from recsys.exporting.logged_answers import LoggedAnswers
from recsys.exporting.ranked_outcomes import RankedOutcomes
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds, probability
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.probability import as_probability
from recsys.serving.query.default_vector import fill_default

FEWEST = 30
"""Decisions accepted, and decisions not accepted, below which nothing is fitted."""

_SCORES = 2
"""The first columns of the regression are the two parts of the score."""


def fit_acceptance_odds(
    contents: Contents, answers: LoggedAnswers, dayparts: IntArray | None = None
) -> tuple[AcceptanceOdds, dict[str, Any]]:
    """Ridge logistic regression of acceptance on scores, touchpoints and message variants.

    The penalty is half the sum of squared coefficients: of the two parts of the score, in units of
    their standard deviations, and of one indicator for each touchpoint and each variant. The
    intercept is free. A part whose coefficient would be below 0 is left out, because a higher score
    shall not be a lower probability.

    Args:
        contents: of a model fitted on the past of the decisions, so that it has seen no answer.
        answers: logged decisions, at least `FEWEST` accepted and not accepted.
        dayparts: [N] 0 to D - 1, the part of the customer's own day of each decision; None where
            touchpoints have no daypart vectors.

    Returns:
        The odds, and facts for the manifest: the number of `decisions`, the `rate` of acceptance,
        the calibration error `ece` (10 bins of equal count) on half of the customers of odds fitted
        on the other half, and the log-odds that each message of `variants` adds. Of decisions that
        a plan made, also their number (`planned`), the calibration error of the plan's own
        probabilities (`planned_ece`), and the euros it expected and earned of each on average.
    """
    effects = _variant_names(contents)
    regressors = _regressors(contents, answers, dayparts, effects)
    outcome, half = answers.accepted, answers.customers % 2 == 0
    ece = None
    if _has_both(outcome[half]) and half.any() and not half.all():
        line = _fit(regressors[half], outcome[half])
        forecast = probability(line[0] + regressors[~half] @ line[1:])
        ece = expected_calibration_error(forecast, outcome[~half], equal="count")
    line = _fit(regressors, outcome)
    scores, rest = line[1 : 1 + _SCORES], line[1 + _SCORES :]
    touchpoints, variants = np.split(rest, [len(contents.touchpoints)])
    facts: dict[str, Any] = {
        "probability_of": "accepting the offer, at the touchpoint, as logged decisions were",
        "decisions": len(answers),
        "customers": len(np.unique(answers.customers)),
        "rate": float(outcome.mean()),
        "ece": ece,
    }
    facts |= _of_plans(answers)
    if len(effects):
        facts["variants"] = dict(zip(effects, variants.tolist(), strict=True))
    return AcceptanceOdds(
        line=np.array([line[0], *scores], np.float32),
        touchpoints=touchpoints.astype(np.float32),
        offers=_by_offer(contents, effects, variants),
    ), facts


def _of_plans(answers: LoggedAnswers) -> dict[str, Any]:
    """How good earlier plans were, of decisions that state what they expected."""
    stated = np.isfinite(answers.planned)
    if not stated.any():
        return {}
    ece = expected_calibration_error(
        answers.planned[stated], answers.accepted[stated], equal="count"
    )
    facts: dict[str, Any] = {"planned": int(stated.sum()), "planned_ece": ece}
    paid = np.isfinite(answers.expected) & np.isfinite(answers.earned)
    if paid.any():
        facts["planned_value"] = float(answers.expected[paid].mean())
        facts["earned_value"] = float(answers.earned[paid].mean())
    return facts


def odds_of_lists(
    contents: Contents, listed: RankedOutcomes
) -> tuple[AcceptanceOdds, dict[str, Any]]:
    """The odds where no decisions were logged, from what customers took of a model's lists.

    The line is Platt's (1999), of the score alone. What touchpoints add has the same weight, and is
    0 on average over the listed products at each touchpoint: it says at which touchpoint an offer
    suits a customer best, not which touchpoint is best.

    Args:
        contents: of the model that made the lists.
        listed: in a window that the model has not seen.

    Returns:
        The odds, and facts as for `fit_acceptance_odds`.
    """
    forecast, half = as_probability(listed.scores), listed.half
    held_out = fit_platt(forecast[half], listed.taken[half])(forecast[~half])
    line = fit_platt(forecast, listed.taken)
    means = np.zeros(len(contents.touchpoints))
    if contents.touchpoints.vectors is not None:
        both = contents.customers.vectors[listed.customers].mean(axis=0, dtype=np.float64)
        both += contents.products.vectors[listed.products].mean(axis=0, dtype=np.float64)
        means = contents.touchpoints.vectors @ both
    facts = {
        "probability_of": "taking the product in a window like valid, as no decisions were logged",
        "decisions": 0,
        "customers": listed.lists,
        "rate": float(listed.taken.mean()),
        "ece": expected_calibration_error(held_out, listed.taken[~half], equal="count"),
    }
    return AcceptanceOdds(
        line=np.array([line.intercept, line.slope, line.slope], np.float32),
        touchpoints=(-line.slope * means).astype(np.float32),
        offers=np.zeros(len(contents.offer_ids), np.float32),
    ), facts


def score_parts(
    contents: Contents, answers: LoggedAnswers, dayparts: IntArray | None = None
) -> FloatArray:
    """[N, 2] float64 c.o and c.t + o.t of each decision; 0 without vectors of touchpoints."""
    rows, customer_of = np.unique(answers.customers, return_inverse=True)
    known, _ = fill_default(contents, contents.customers.vectors[rows], np.arange(len(rows)))
    customers = known[customer_of].astype(np.float64)
    chosen = contents.offer_vectors[answers.offers]
    parts = np.zeros((len(answers), _SCORES))
    parts[:, 0] = (customers * chosen).sum(axis=1)
    table = contents.touchpoints
    if dayparts is not None and table.daypart_vectors is not None:
        vectors = table.daypart_vectors[answers.touchpoints, dayparts]
    elif table.vectors is not None:
        vectors = table.vectors[answers.touchpoints]
    else:
        return parts
    parts[:, 1] = ((customers + chosen) * vectors).sum(axis=1)
    return parts


def _regressors(
    contents: Contents, answers: LoggedAnswers, dayparts: IntArray | None, names: list[str]
) -> FloatArray:
    """[N, 2 + T + V] float64: the parts of the score, and indicators."""
    touchpoints = answers.touchpoints[:, None] == np.arange(len(contents.touchpoints))
    of_offers = np.array(_variants(contents), dtype=object)[answers.offers]
    variants = of_offers[:, None] == np.array(names, dtype=object)[None, :]
    return np.hstack([score_parts(contents, answers, dayparts), touchpoints, variants])


def _fit(regressors: FloatArray, outcome: BoolArray) -> FloatArray:
    """[1 + m] intercept and coefficients, those of the two parts of the score at least 0."""
    # Imported late: it takes long.
    from sklearn.linear_model import LogisticRegression

    scale = np.ones(regressors.shape[1])
    deviation = regressors[:, :_SCORES].std(axis=0)
    scale[:_SCORES] = np.where(deviation > 0, deviation, 1)
    used = np.ones(len(scale), dtype=bool)
    while True:
        model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8, max_iter=200)
        model.fit((regressors / scale)[:, used], outcome)
        line = np.zeros(1 + len(scale))
        line[0] = model.intercept_[0]
        line[1:][used] = model.coef_[0] / scale[used]
        falling = np.flatnonzero(line[1 : 1 + _SCORES] < 0)
        if not len(falling):
            return line
        used[falling] = False


def _variants(contents: Contents) -> list[str | None]:
    table = contents.offers
    if table is None:
        return [None] * len(contents.products)
    return [None] * len(table) if table.variants is None else list(table.variants)


def _variant_names(contents: Contents) -> list[str]:
    """Message variants in order, each once; a single one tells nothing from the intercept."""
    names = sorted({name for name in _variants(contents) if name is not None})
    return names if len(names) > 1 else []


def _by_offer(contents: Contents, names: list[str], effects: FloatArray) -> FloatArray:
    """[O] float32 log-odds that the message of each offer adds; 0 without one."""
    of_name = dict(zip(names, effects.tolist(), strict=True))
    values = [of_name.get(name or "", 0.0) for name in _variants(contents)]
    return np.array(values, np.float32)


def _has_both(outcome: BoolArray) -> bool:
    return bool(outcome.any() and not outcome.all())
