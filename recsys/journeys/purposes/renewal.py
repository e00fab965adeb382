"""How strands go on: the gap between visits, who comes back, what comes next, what starts anew.

A strand begins at a rate of its customer and purpose. After a visit whose deepest action is `a` the
customer comes back with probability `returns[a]`, after a gap that is gamma distributed, with a
visit whose deepest action is `b` with probability `steps[a, b]`. All of it is learned from events
without knowing strands, see `recsys.journeys.purposes.fit`: if nobody comes back after a purchase,
`returns["purchase"]` says so.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc, gammaln

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.journeys.purposes.links import Pairs
from recsys.journeys.purposes.visits import Visits

_PRIOR = 50.0
"""Links of weight that pull the gaps before an action to those before all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Gamma:
    """Gamma distributions of gaps, one for each position; arrays [A]."""

    shape: FloatArray
    scale: FloatArray

    def log_density(self, gap: FloatArray, which: IntArray) -> FloatArray:
        """[n] log density of gaps [n] under distributions [n]."""
        shape, scale = self.shape[which], self.scale[which]
        return np.asarray(
            (shape - 1) * np.log(gap) - gap / scale - gammaln(shape) - shape * np.log(scale)
        )

    def passed(self, silence: FloatArray) -> FloatArray:
        """[n] probability that a gap of the first distribution is within a silence [n]."""
        return np.asarray(gammainc(self.shape[0], np.maximum(silence, 0) / self.scale[0]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Renewal:
    """What is known of strands. A is the number of actions that count, from shallow to deep.

    Attributes:
        returns: [A] probability that a visit is continued, some time.
        gap: [A] of the gap before a visit by its deepest action.
        any_gap: [1] of the gap before any.
        steps: [A, A] probability of the next deepest action.
        starts: [A] probability of the deepest action of the first visit.
        same: probabilities that a visit begins with the product that ended another one, of its
            strand and of others of the same customer and purpose.
        rate_shape, rate_time: of the gamma distribution of the rates at which strands of a
            customer and a purpose begin, in units of the clock.
    """

    returns: FloatArray
    gap: Gamma
    any_gap: Gamma
    steps: FloatArray
    starts: FloatArray
    same: tuple[float, float]
    rate_shape: float
    rate_time: float

    def has_returned_by(self, silence: FloatArray) -> FloatArray:
        """[n] probability that who comes back has done so within a silence [n]."""
        return self.any_gap.passed(silence)

    def comes_back(self, depth: IntArray, silence: FloatArray) -> FloatArray:
        """[n] probability that a visit [n] will be continued, given the silence [n] since it."""
        passed = self.has_returned_by(silence)
        returns = self.returns[depth]
        return np.asarray(returns * (1 - passed) / (1 - returns * passed))


def estimate(
    visits: Visits, links: Pairs, probability: FloatArray, starts: FloatArray, cells: int
) -> Renewal:
    """The parameters that suit probable links best.

    Args:
        visits: of customers.
        links: pairs of visits.
        probability: [L] of each link.
        starts: [V] probability that a visit begins a strand.
        cells: pairs of customer and purpose, with those that have no event.
    """
    actions = len(visits.actions)
    before, after = visits.depth[links.earlier], visits.depth[links.later]
    any_gap = _gammas(links.gap, probability, np.zeros_like(after), 1)
    exposed = np.bincount(visits.depth, any_gap.passed(visits.horizon - visits.end), actions)
    returns = (np.bincount(before, probability, actions) + 1) / (exposed + 2)
    steps = np.bincount(before * actions + after, probability, actions**2) + 1
    steps = steps.reshape(actions, actions)
    first = np.bincount(visits.depth, starts, actions) + 1
    begun = np.bincount(visits.cell, starts, visits.cells).astype(np.float64)
    shape, rate_time = _rates(begun, cells, visits.horizon)
    return Renewal(
        returns=np.clip(returns, 1e-3, 0.99),
        gap=_gammas(links.gap, probability, after, actions),
        any_gap=any_gap,
        steps=steps / steps.sum(axis=1, keepdims=True),
        starts=first / first.sum(),
        same=(_share(links.same, probability), _share(links.same, 1 - probability)),
        rate_shape=shape,
        rate_time=rate_time,
    )


def _share(flags: BoolArray, weight: FloatArray) -> float:
    """Share of flags by weight, pulled to one half by two."""
    return float((weight @ flags + 1) / (weight.sum() + 2))


def _gammas(gap: FloatArray, weight: FloatArray, which: IntArray, count: int) -> Gamma:
    """Gamma distributions by the mean of gaps and of their logarithms (Minka's first step)."""
    all_weight = weight.sum() + 1e-9
    # Without any link: gaps of about a day, which the first links then move.
    mean = (weight @ gap + 1e-9) / all_weight
    log_mean = (weight @ np.log(gap) - 1e-9) / all_weight
    own = np.bincount(which, weight, count) + _PRIOR
    means = (np.bincount(which, weight * gap, count) + _PRIOR * mean) / own
    logs = (np.bincount(which, weight * np.log(gap), count) + _PRIOR * log_mean) / own
    spread = np.maximum(np.log(means) - logs, 1e-3)
    shape = (3 - spread + np.sqrt((spread - 3) ** 2 + 24 * spread)) / (12 * spread)
    return Gamma(shape=shape, scale=means / shape)


def _rates(begun: FloatArray, cells: int, horizon: float) -> tuple[float, float]:
    """Shape and time of the gamma distribution of rates, by the moments of the numbers begun."""
    mean = begun.sum() / cells
    variance = begun @ begun / cells - mean**2
    shape = mean**2 / max(variance - mean, 1e-3 * mean)
    return float(shape), float(horizon * shape / mean)
