"""Whom a treatment helps: uplift by decile, the Qini curve and the area under the uplift curve."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, draw_counts, percentiles

GROUPS = 10
SHARES = np.linspace(0, 1, 101)
_CHUNK = 32


@dataclass(frozen=True, kw_only=True, eq=False)
class Uplift:
    """How well scores find the customers whom a treatment helps.

    Attributes:
        shares: [101] share of the customers, by descending score, from 0 to 1.
        curve: [101] Qini curve there: gain of treating so many, for each treated customer in all.
        low, high: [101] its interval.
        overall: difference of the means of all customers, treatment - control.
        qini: area between the curve and that of a random order.
        auuc: area under the uplift curve.
        deciles: difference of the means of each tenth of the customers, best scores first.
    """

    shares: FloatArray
    curve: FloatArray
    low: FloatArray
    high: FloatArray
    overall: Interval
    qini: Interval
    auuc: Interval
    deciles: list[Interval]


def uplift(
    scores: FloatArray,
    treated: BoolArray,
    rewards: FloatArray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Uplift:
    """Uplift of a randomised treatment over its control group, by scores.

    With customers by descending score, n_t, n_c the treated and the other ones among the first,
    R_t, R_c the sums of their rewards, N customers in all and N_t treated ones:

    - Qini curve (Radcliffe, 2007): (R_t - R_c n_t / n_c) / N_t. Its end is the uplift of all.
      The coefficient is the area between it and the straight line from 0 to its end, over shares
      of customers from 0 to 1; it is not divided by that of a perfect order, which is not known.
    - uplift curve (Gutierrez and Gerardy, 2017): (R_t / n_t - R_c / n_c)(n_t + n_c) / N; AUUC is
      its area.

    Customers with equal scores come together, so that their order does not count. As long as no
    customer of an arm has come, their mean counts as 0. Areas are sums of trapezoids. Intervals
    resample customers.

    Args:
        scores: [N] one a customer; higher is treated first. Made without the rewards.
        treated: [N] whether the customer was treated.
        rewards: [N] one a customer.
        resamples: of the bootstrap.
        level: confidence.
        seed: of the resampling.

    Raises:
        InputError: shapes differ, a score or reward is not finite, or an arm has no customers.
    """
    _check(scores, treated, rewards)
    order = np.argsort(-scores, kind="stable")
    ranked = _Ranked(scores[order], treated[order], np.asarray(rewards, np.float64)[order])
    values = ranked.figures(np.ones((1, len(scores))))[0]
    low, high = percentiles(ranked.draws(resamples, seed), level, len(scores))
    grid = len(SHARES)
    of_all, qini, auuc, *deciles = (
        Interval(float(values[i]), float(low[i]), float(high[i]), len(scores))
        for i in range(grid, len(values))
    )
    return Uplift(
        shares=SHARES,
        curve=values[:grid],
        low=low[:grid],
        high=high[:grid],
        overall=of_all,
        qini=qini,
        auuc=auuc,
        deciles=deciles,
    )


class _Ranked:
    """Customers by descending score [N], whom resamples weight."""

    def __init__(self, scores: FloatArray, treated: BoolArray, rewards: FloatArray) -> None:
        self.treated, self.rewards = treated.astype(np.float64), rewards
        # Positions behind the last customer of each score.
        self.ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)) + 1
        tenths = np.arange(len(scores)) * GROUPS // len(scores)
        self.is_in_tenth = (tenths[:, None] == np.arange(GROUPS)).astype(np.float64)

    def draws(self, resamples: int, seed: int) -> FloatArray:
        """[resamples, figures] of resampled customers."""
        generator, size = np.random.default_rng(seed), len(self.rewards)
        return np.concatenate(
            [
                self.figures(draw_counts(generator, min(_CHUNK, resamples - start), size))
                for start in range(0, resamples, _CHUNK)
            ]
        )

    def figures(self, counts: IntArray | FloatArray) -> FloatArray:
        """[R, ...] the curve at `SHARES`, uplift of all, Qini, AUUC and the uplift of each tenth.

        Args:
            counts: [R, N] how often each customer counts.
        """
        n_t, n_c, r_t, r_c = (self._sums(counts * part) for part in self._parts())
        shares = (n_t + n_c) / (n_t + n_c)[:, -1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            curve = (r_t - np.where(n_c > 0, r_c * n_t / n_c, 0)) / n_t[:, -1:]
            gains = (np.where(n_t > 0, r_t / n_t, 0) - np.where(n_c > 0, r_c / n_c, 0)) * shares
            tenths = [(counts * part) @ self.is_in_tenth for part in self._parts()]
            by_tenth = tenths[2] / tenths[0] - tenths[3] / tenths[1]
        of_all = curve[:, -1]
        areas = (_area(curve, shares) - of_all / 2, _area(gains, shares))
        at = np.stack([np.interp(SHARES, *row) for row in zip(shares, curve, strict=True)])
        return np.column_stack([at, of_all, *areas, by_tenth])

    def _parts(self) -> tuple[FloatArray, ...]:
        others = 1 - self.treated
        return self.treated, others, self.treated * self.rewards, others * self.rewards

    def _sums(self, amounts: FloatArray) -> FloatArray:
        """[R, scores + 1] sums over the first customers, from none to all."""
        summed = np.cumsum(amounts, axis=1)[:, self.ends - 1]
        return np.column_stack([np.zeros(len(summed)), summed])


def _area(heights: FloatArray, shares: FloatArray) -> FloatArray:
    """[R] area under each line [R, K], by trapezoids."""
    return np.asarray(np.trapezoid(heights, shares, axis=1))


def _check(scores: FloatArray, treated: BoolArray, rewards: FloatArray) -> None:
    sizes = {len(scores), len(treated), len(rewards)}
    if len(sizes) > 1:
        raise InputError(
            f"scores: expected one for each of {len(rewards):,} customers, got {len(scores):,}"
        )
    for name, values in (("scores", scores), ("rewards", rewards)):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise InputError(
                f"{name}: row {bad[0]}: expected a number, got {values[bad[0]]}; fix the value"
            )
    if treated.all() or not treated.any():
        arm = "the control group" if treated.all() else "the treatment"
        raise InputError(f"treated: expected customers in both arms, got none in {arm}")
