"""A rate of the newest period against the same rate in former periods."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from recsys.arrays import FloatArray, IntArray

FEWEST_PERIODS = 4
"""Former periods below which nothing is tested: their spread is not known."""

FEWEST_EVENTS = 10.0
"""Events of the newest period, seen or to be expected, below which it is not tested."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PeriodRates:
    """Sums of T periods, the newest last.

    Attributes:
        observed: [T] events; expected: [T] of them; variance: [T] of observed / expected, if the
            ratio were that of the former periods.
    """

    observed: FloatArray
    expected: FloatArray
    variance: FloatArray

    @property
    def ratios(self) -> FloatArray:
        """[T] observed / expected; nan where nothing is expected."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.observed / self.expected)


@dataclass(frozen=True, kw_only=True)
class Change:
    """The newest period against the former ones.

    Attributes:
        ratio: its observed / expected.
        former: the same of the former periods.
        change: ratio / former - 1, with the ends low and high of its interval.
        error: standard error of ratio - former, of its prediction.
        statistic: of Student's distribution with `freedom` degrees of freedom; nan where it is not
            tested, because former periods or expected events are too few.
        spread: standard deviation of the ratio between former periods, beyond chance.
    """

    ratio: float
    former: float
    change: float
    low: float
    high: float
    error: float
    statistic: float
    freedom: float
    spread: float

    @property
    def p_lower(self) -> float:
        """Probability of such a low ratio if nothing has changed; nan where it is not tested."""
        return float(stdtr(self.freedom, self.statistic))

    @property
    def p_upper(self) -> float:
        """The same of such a high ratio."""
        return float(stdtr(self.freedom, -self.statistic))

    def quantile(self, tail: float) -> float:
        """What the statistic exceeds with the probability `tail` if nothing has changed."""
        return float(-stdtrit(self.freedom, tail))


def period_rates(
    events: FloatArray,
    expected: FloatArray,
    periods: IntArray,
    customers: IntArray,
    count: int,
) -> PeriodRates:
    """Sums of periods; the variance lets decisions of one customer depend on each other.

    With the ratio r of all former periods, the variance of a period's ratio is the sum over its
    customers of (sum of their events - r expected)^2, divided by the square of what is expected
    (the sandwich of a ratio, Cochran, 1977). It is at least that of one event, so that a share
    which was always 0 is not taken for one that cannot change.

    Args:
        events: [N] 0 or 1.
        expected: [N] probability that former periods lead to expect.
        periods: [N] from 0 to count - 1, the newest last.
        customers: [N] row numbers.
        count: T, number of periods.
    """
    observed: FloatArray = np.bincount(periods, weights=events, minlength=count).astype(np.float64)
    sums: FloatArray = np.bincount(periods, weights=expected, minlength=count).astype(np.float64)
    before = sums[:-1].sum()
    ratio = observed[:-1].sum() / before if before > 0 else 1.0
    size = int(customers.max(initial=0)) + 1
    pairs, person = np.unique(periods * size + customers, return_inverse=True)
    misses = np.bincount(person, weights=events - ratio * expected)
    squares = np.bincount(pairs // size, weights=misses**2, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.maximum(squares, 1) / sums**2
    return PeriodRates(observed=observed, expected=sums, variance=variance)


def against_history(rates: PeriodRates, level: float = 0.95) -> Change:
    """Tests the newest ratio against the former ones.

    Ratios of periods differ by chance (`variance`) and for reasons that nobody has modelled, such
    as seasons: tau^2, estimated from the former periods (DerSimonian and Laird, 1986). The newest
    is compared with the prediction interval of a further period (Higgins, Thompson and
    Spiegelhalter, 2009), so that what varies from week to week anyway does not alarm:

        t = (r - m) / sqrt(v + tau^2 + 1 / sum_i w_i)
        w_i = 1 / (v_i + tau^2),  m = sum_i w_i r_i / sum_i w_i

    with one degree of freedom fewer than there are former periods.

    Args:
        rates: of all periods.
        level: of the interval.
    """
    ratios, variance = rates.ratios, rates.variance
    used = np.flatnonzero(rates.expected[:-1] > 0)
    newest = float(ratios[-1])
    if len(used) < FEWEST_PERIODS or not rates.expected[-1] > 0:
        due = rates.expected[:-1].sum()
        return _untested(newest, float(rates.observed[:-1].sum() / due) if due else np.nan)
    values, errors = ratios[used], variance[used]
    tau = _between(values, errors)
    weights = 1 / (errors + tau)
    mean = float(weights @ values / weights.sum())
    error = float(np.sqrt(variance[-1] + tau + 1 / weights.sum()))
    freedom = float(len(used) - 1)
    most = max(float(rates.observed[-1]), float(rates.expected[-1]) * mean)
    is_tested = most >= FEWEST_EVENTS and error > 0
    return _change(
        newest, mean, error if is_tested else np.nan, freedom, float(np.sqrt(tau)), level
    )


def values_against_history(values: FloatArray, level: float = 0.95) -> Change:
    """Tests the newest of values that have no variance of their own, as a number of products.

    t = (x - m) / (s sqrt(1 + 1 / n)), with mean m and standard deviation s of the n former values.

    Args:
        values: [T] above 0, the newest last; nan where there is none.
        level: of the interval.
    """
    before, newest = values[:-1][~np.isnan(values[:-1])], float(values[-1])
    if len(before) < FEWEST_PERIODS or np.isnan(newest):
        return _untested(newest, float(before.mean()) if len(before) else np.nan)
    spread = float(before.std(ddof=1))
    error = spread * float(np.sqrt(1 + 1 / len(before)))
    return _change(
        newest, float(before.mean()), error or np.nan, float(len(before) - 1), spread, level
    )


def _change(
    newest: float, mean: float, error: float, freedom: float, spread: float, level: float
) -> Change:
    """A change with a prediction error; nan where it is not tested."""
    scale = mean if mean > 0 else np.nan
    width = error * float(stdtrit(freedom, (1 + level) / 2))
    return Change(
        ratio=newest,
        former=mean,
        change=newest / scale - 1,
        low=(newest - width) / scale - 1,
        high=(newest + width) / scale - 1,
        error=error,
        statistic=(newest - mean) / error,
        freedom=freedom,
        spread=spread,
    )


def _untested(newest: float, former: float) -> Change:
    return _change(newest, former, np.nan, 1.0, np.nan, 0.95)


def _between(values: FloatArray, variance: FloatArray) -> float:
    """tau^2 by the moments of DerSimonian and Laird; at least 0."""
    weights = 1 / variance
    mean = weights @ values / weights.sum()
    excess = weights @ (values - mean) ** 2 - (len(values) - 1)
    return max(0.0, float(excess / (weights.sum() - (weights**2).sum() / weights.sum())))
