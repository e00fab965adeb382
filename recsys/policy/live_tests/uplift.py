"""Whom a treatment helps: uplift by decile, the Qini curve and the area under the uplift curve."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, draw_counts, percentiles

GROUPS = 10
SHARES = np.linspace(0, 1, 101)
KNOTS = 1_000
"""Most points that a curve is drawn through; the scores between two of them come together."""

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

    Customers with equal scores come together, so that their order does not count; of more than
    `KNOTS` different scores, neighbours do. As long as no
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
        others, size = 1.0 - treated, len(scores)
        self.parts = (1.0 - others, others, treated * rewards, others * rewards)
        ends = _knots(scores)
        tenths = np.arange(size) * GROUPS // size
        # Cells are the finest parts that both the curve and the tenths are made of.
        changes = np.flatnonzero(np.diff(tenths)) + 1
        self.starts = np.unique(np.concatenate([[0], ends[:-1], changes]))
        self.knots = np.append(np.searchsorted(self.starts, ends[:-1]), len(self.starts)) - 1
        self.is_in_tenth = (tenths[self.starts][:, None] == np.arange(GROUPS)).astype(np.float64)

    def draws(self, resamples: int, seed: int) -> FloatArray:
        """[resamples, figures] of resampled customers."""
        generator, size = np.random.default_rng(seed), len(self.parts[0])
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
        cells = [np.add.reduceat(counts * part, self.starts, axis=1) for part in self.parts]
        n_t, n_c, r_t, r_c = (self._sums(part) for part in cells)
        shares = (n_t + n_c) / (n_t + n_c)[:, -1:]
        with np.errstate(invalid="ignore", divide="ignore"):
            curve = (r_t - np.where(n_c > 0, r_c * n_t / n_c, 0)) / n_t[:, -1:]
            gains = (np.where(n_t > 0, r_t / n_t, 0) - np.where(n_c > 0, r_c / n_c, 0)) * shares
            tenths = [part @ self.is_in_tenth for part in cells]
            by_tenth = tenths[2] / tenths[0] - tenths[3] / tenths[1]
        of_all = curve[:, -1]
        areas = (_area(curve, shares) - of_all / 2, _area(gains, shares))
        at = np.stack([np.interp(SHARES, *row) for row in zip(shares, curve, strict=True)])
        return np.column_stack([at, of_all, *areas, by_tenth])

    def _sums(self, cells: FloatArray) -> FloatArray:
        """[R, knots + 1] sums over the first customers, from none to all."""
        summed = np.cumsum(cells, axis=1)[:, self.knots]
        return np.column_stack([np.zeros(len(summed)), summed])


def _knots(scores: FloatArray) -> IntArray:
    """Positions behind the last customer of each score, or of at most `KNOTS` of them."""
    ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)) + 1
    if len(ends) <= KNOTS:
        return ends
    wanted = np.linspace(0, len(scores), KNOTS + 1)[1:]
    return ends[np.unique(np.searchsorted(ends, wanted))]


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
