"""Learns after-effects from a log of decisions with outcomes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.interactions import seconds
from recsys.errors import InputError
from recsys.journeys.plans.effects import ACCEPTED, BANDS, CELLS, REJECTED, AfterEffects, cells
from recsys.ops.until import DAY

_PRIOR: Final = 0.5
"""Standard deviation of an effect before any decision is seen, in log-odds."""

_STRENGTH: Final = 1.0
"""Expected acceptances that a customer, offer or touchpoint is taken to have shown already."""

_STEPS = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class _Log:
    """Arrays [n] by customer, then time; previous is a position, -1 where there is none."""

    customers: IntArray
    offers: IntArray
    touchpoints: IntArray
    when: IntArray
    outcomes: IntArray
    logged: FloatArray
    previous: IntArray


def learn_after_effects(decisions: pd.DataFrame | None, touchpoints: list[str]) -> AfterEffects:
    """Logistic regression of acceptance on what the customer did about the offer before.

    The log-odds of an acceptance are those of a baseline, an intercept, and the effect of the cell
    (`recsys.journeys.plans.effects`). Where the log has the column `probability`, as
    `recsys decide` writes it, that is the baseline, and decisions without it are left out.
    Otherwise it is the rate of the touchpoint times the smoothed ratio of accepted to expected of
    the offer, and of the customer before the previous offer, so that an outcome is not counted
    twice. Effects have a normal prior around 0 with standard deviation .5: with few decisions
    little is claimed. The covariance is that of the Laplace approximation; decisions count as
    independent.

    Args:
        decisions: table `decisions`, with outcomes.
        touchpoints: names, by row of the artifact.

    Raises:
        InputError: no decision has an outcome.
    """
    log = _log(decisions, touchpoints)
    accepted = log.outcomes == ACCEPTED
    missed = ~accepted & (log.touchpoints >= 0)
    refused = np.bincount(
        log.touchpoints[missed & (log.outcomes == REJECTED)], minlength=len(touchpoints)
    )
    overall = (log.outcomes == REJECTED).sum() / max(1, (~accepted).sum())
    tried = np.bincount(log.touchpoints[missed], minlength=len(touchpoints))
    refusals = (refused + overall * _STRENGTH) / (tried + _STRENGTH)
    known = np.isfinite(log.logged)
    base = log.logged if known.any() else _baseline(log, accepted)
    cell = _cells(log)
    kept = np.isfinite(base)
    effects, covariance = _fit(base[kept], cell[kept], accepted[kept])
    seen = kept & (cell >= 0)
    size = int(np.prod(CELLS))
    return AfterEffects(
        log_odds=effects,
        covariance=covariance,
        decisions=np.bincount(cell[seen], minlength=size),
        accepted=np.bincount(cell[seen & accepted], minlength=size),
        refusals=refusals,
    )


def _log(decisions: pd.DataFrame | None, touchpoints: list[str]) -> _Log:
    if decisions is None or columns.OUTCOME not in decisions:
        raise InputError("decisions: expected logged decisions with outcomes, got none")
    made = decisions[decisions[columns.OUTCOME].notna() & decisions[columns.TIMESTAMP].notna()]
    if made.empty:
        raise InputError("decisions: expected logged decisions with outcomes, got none")
    customers = pd.factorize(made[columns.CUSTOMER])[0]
    when = seconds(made[columns.TIMESTAMP])
    order = np.lexsort((when, customers))
    made, customers, when = made.iloc[order], customers[order], when[order]
    logged = np.full(len(made), np.nan)
    if columns.PROBABILITY in made:
        chance = made[columns.PROBABILITY].to_numpy(np.float64)
        logged = logit(np.clip(chance, 1e-9, 1 - 1e-9))
    return _Log(
        customers=customers,
        offers=pd.factorize(made[columns.OFFER])[0],
        touchpoints=pd.Index(touchpoints).get_indexer(pd.Index(made[columns.TOUCHPOINT])),
        when=when,
        outcomes=pd.Index(columns.OUTCOMES).get_indexer(
            pd.Index(made[columns.OUTCOME].astype(object))
        ),
        logged=logged,
        previous=_previous(customers, when),
    )


def _previous(customers: IntArray, when: IntArray) -> IntArray:
    """[n] position of the customer's last decision at an earlier moment, -1 for none."""
    if not len(when):
        return np.zeros(0, np.int64)
    new = np.r_[True, (customers[1:] != customers[:-1]) | (when[1:] != when[:-1])]
    starts = np.flatnonzero(new)
    before = starts[np.cumsum(new) - 1] - 1
    return np.where((before >= 0) & (customers[before] == customers), before, -1)


def _cells(log: _Log) -> IntArray:
    """[n] cell of each decision after its previous one, -1 without one within a month."""
    before = log.previous
    days = np.ceil((log.when - log.when[before]) / DAY)
    cell = cells(log.outcomes[before], days, log.touchpoints == log.touchpoints[before])
    return np.where(before >= 0, cell, -1)


def _baseline(log: _Log, accepted: BoolArray) -> FloatArray:
    """[n] log-odds of touchpoint, offer, and of the customer before the previous decision."""
    overall = accepted.mean()
    rate = _ratio(log.touchpoints + 1, accepted, np.full(len(accepted), overall)) * overall
    expected = rate[log.touchpoints + 1]
    expected = expected * _ratio(log.offers, accepted, expected)[log.offers]
    # Running sums of a customer up to, and without, the previous decision.
    first = np.searchsorted(log.customers, log.customers)
    sums = [np.r_[0.0, np.cumsum(each)] for each in (accepted, expected)]
    until = np.where(log.previous >= 0, log.previous, first)
    known, wanted = (total[until] - total[first] for total in sums)
    standing = (known + _STRENGTH) / (wanted + _STRENGTH)
    return np.asarray(logit(np.clip(expected * standing, 1e-4, 1 - 1e-4)))


def _ratio(groups: IntArray, accepted: BoolArray, expected: FloatArray) -> FloatArray:
    """[G] accepted by expected, as if `_STRENGTH` more of both had been seen."""
    done, wanted = np.bincount(groups, accepted), np.bincount(groups, expected)
    return np.asarray((done + _STRENGTH) / (wanted + _STRENGTH))


def _fit(base: FloatArray, cell: IntArray, accepted: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Effects [12] and their covariance, by Newton's method; the intercept is free."""
    size = int(np.prod(CELLS))
    # All decisions of a cell share a column; cell -1 has the intercept alone.
    flags = np.zeros((size + 1, size + 1))
    flags[:, 0] = 1
    flags[np.arange(size), np.arange(size) + 1] = 1
    penalty = np.diag(np.r_[1e-6, np.full(size, _PRIOR**-2)])
    weights = np.zeros(size + 1)
    for _ in range(_STEPS):
        chance = expit(base + (flags @ weights)[cell])
        missing = np.bincount(cell + 1, accepted - chance, size + 1)
        spread = np.bincount(cell + 1, chance * (1 - chance), size + 1)
        by_cell = np.r_[missing[1:], missing[0]], np.r_[spread[1:], spread[0]]
        slope = flags.T @ by_cell[0] - penalty @ weights
        curvature = (flags * by_cell[1][:, None]).T @ flags + penalty
        step = np.linalg.solve(curvature, slope)
        weights += step
        if np.abs(step).max() < 1e-10:
            break
    return weights[1:], np.linalg.inv(curvature)[1:, 1:]


def effect_table(effects: AfterEffects) -> pd.DataFrame:
    """One row a cell: outcome, days, touchpoint, decisions, accepted, odds_ratio, low, high."""
    outcome, band, same = np.unravel_index(np.arange(len(effects.log_odds)), CELLS)
    error = 1.959964 * np.sqrt(np.diag(effects.covariance))
    spans = [f"{low + 1}-{high}" for low, high in zip((0, *BANDS), BANDS, strict=False)]
    return pd.DataFrame(
        {
            "after": np.array(columns.OUTCOMES, object)[outcome],
            "days": np.array(spans, object)[band],
            "touchpoint": np.array(["another", "the same"], object)[same],
            "decisions": effects.decisions,
            "accepted": effects.accepted,
            "odds_ratio": np.exp(effects.log_odds),
            "low": np.exp(effects.log_odds - error),
            "high": np.exp(effects.log_odds + error),
        }
    )
