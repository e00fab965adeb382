"""Intervals of a difference of means that may be read every day (confidence sequences)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError

FEWEST = 50
"""Customers of each arm before which there is no interval: the variance is not known earlier."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Arm:
    """The rewards of an arm's customers at each look.

    Attributes:
        customers: [..., looks] number of customers measured so far.
        sums: [..., looks] sum of their rewards; squares: [..., looks] of the squares.
    """

    customers: IntArray
    sums: FloatArray
    squares: FloatArray

    @property
    def means(self) -> FloatArray:
        """[..., looks]; nan without customers."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.sums / self.customers)

    @property
    def variances(self) -> FloatArray:
        """[..., looks] of a customer's reward; nan below two customers."""
        with np.errstate(invalid="ignore", divide="ignore"):
            centred = self.squares - self.sums**2 / self.customers
            return np.asarray(np.maximum(centred, 0) / (self.customers - 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class SequentialInterval:
    """[..., looks] difference of means, treatment - control, with its always-valid interval.

    -inf and inf before there is an interval; the difference is nan there.
    """

    difference: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def excludes_zero(self) -> BoolArray:
        """[..., looks] whether the interval of a look lies on one side of 0."""
        return np.asarray((self.low > 0) | (self.high < 0))


def difference(treatment: Arm, control: Arm) -> tuple[FloatArray, FloatArray]:
    """[..., looks] difference of the means and the variance of this difference.

    The variance of an arm is at least that of all customers together. While rewards are rare a
    small arm may have seen none, and its own variance of 0 would make any difference certain: with
    one customer of the control group for nine treated, 1 % acceptances and daily looks, 30 % of
    tests without an effect ended so.

    nan where an arm has fewer than `FEWEST` customers, or no reward has varied yet.
    """
    both = Arm(
        customers=treatment.customers + control.customers,
        sums=treatment.sums + control.sums,
        squares=treatment.squares + control.squares,
    )
    ready = (treatment.customers >= FEWEST) & (control.customers >= FEWEST)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = sum(
            np.maximum(arm.variances, both.variances) / arm.customers
            for arm in (treatment, control)
        )
    ready &= variance > 0
    gap = treatment.means - control.means
    return np.where(ready, gap, np.nan), np.where(ready, variance, np.nan)


def confidence_sequence(
    gap: FloatArray, variance: FloatArray, *, information: float, level: float = 0.95
) -> SequentialInterval:
    """An asymptotic confidence sequence: all looks together hold the truth with the level.

    The normal mixture of Robbins (1970) in the asymptotic form of Waudby-Smith, Arbour, Sinha,
    Kennedy and Ramdas ("Time-uniform central limit theory and asymptotic confidence sequences",
    Annals of Statistics, 2024), written in information I = 1 / variance instead of a count, so
    that arms of different and growing sizes fit. With a = 1 - level and t the tuning parameter,

        difference +- sqrt((I t + 1) / (I^2 t) log((I t + 1) / a^2))
        t = (log(1 / a^2) + log(log(1 / a^2)) + 1) / information

    `information` is where it is tightest (their rule for t, approximate): that of the fixed sample
    that a test would take otherwise, chosen before the test and never from its data. There the
    interval is about 1.55 times as wide as a fixed one. The guarantee is asymptotic, as that of
    the z-test, and begins with `FEWEST` customers an arm. It wants customers that are independent
    and each counted once, with a reward that is final: see `rewards.customer_rewards`. It wants no
    common mean over time: of customers that differ from day to day it holds the average so far.

    Args:
        gap: [..., looks] difference of the means.
        variance: [..., looks] of this difference; nan where there is none yet.
        information: as above; see `planned_information`.
        level: confidence.

    Raises:
        InputError: the level or the information cannot be used.
    """
    if not 0 < level < 1:
        raise InputError(f"level: expected a number between 0 and 1, got {level:g}")
    if not (information > 0 and np.isfinite(information)):
        raise InputError(f"information: expected a number above 0, got {information:g}")
    log_alpha = -2 * np.log(1 - level)
    tuning = (log_alpha + np.log(log_alpha) + 1) / information if log_alpha > 1 else 1 / information
    amount = 1 / variance
    mixed = amount * tuning + 1
    width = np.sqrt(mixed / (amount**2 * tuning) * (np.log(mixed) + log_alpha))
    unknown = np.isnan(width)
    return SequentialInterval(
        difference=gap,
        low=np.where(unknown, -np.inf, gap - width),
        high=np.where(unknown, np.inf, gap + width),
    )


def planned_information(gain: float, *, power: float = 0.8, level: float = 0.95) -> float:
    """The information of a fixed sample: (z_{(1 + level) / 2} + z_power)^2 / gain^2.

    Args:
        gain: the difference of means that it finds, in units of the reward; not 0.
        power: with which it does.
        level: of its test.
    """
    return float((ndtri((1 + level) / 2) + ndtri(power)) ** 2 / gain**2)
