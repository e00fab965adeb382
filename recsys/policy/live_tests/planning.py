"""How many customers a test of two policies takes, how surely it sees a gain, and how long."""

from math import ceil

import numpy as np
from scipy.special import ndtr, ndtri

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.rewards import Moments


def sample_size(
    control: Moments,
    lift: float | None = None,
    *,
    treatment: Moments | None = None,
    power: float = 0.8,
    level: float = 0.95,
    ratio: float = 1.0,
) -> int:
    """Customers of the control group for a two-sided z-test of a difference of means.

    With d the difference, r the treated customers for each one of the control group, and
    z_q the normal quantile (Fleiss, Levin and Paik, 2003, unequal groups):

        n = (z_{(1 + level) / 2} + z_power)^2 (s_c^2 + s_t^2 / r) / d^2

    Args:
        control: of customers under the present policy.
        lift: relative gain that is to be found, as .05. None takes the difference of the moments.
        treatment: of customers under the new policy, as `off_policy_moments` tells them. None
            takes the control group's variance times 1 + lift: that of rare rewards, which grows
            with their mean.
        power: probability of finding it.
        level: confidence.
        ratio: customers of the treatment for each one of the control group.

    Returns:
        Customers of the control group, rounded up; `ratio` times as many are treated.

    Raises:
        InputError: an argument cannot be used, or there is no difference to find.
    """
    _check(power=power, level=level)
    if not ratio > 0:
        raise InputError(f"ratio: expected a number above 0, got {ratio:g}")
    difference, variance = _planned(control, lift, treatment)
    quantiles = float(ndtri((1 + level) / 2) + ndtri(power))
    return ceil(quantiles**2 * (control.variance + variance / ratio) / difference**2)


def power(
    control: Moments,
    lift: float | None = None,
    *,
    customers: float | FloatArray | IntArray,
    treatment: Moments | None = None,
    level: float = 0.95,
    ratio: float = 1.0,
) -> FloatArray:
    """Probability that the z-test of `sample_size` finds the difference.

    Args:
        control: as for `sample_size`.
        lift: as there.
        customers: of the control group; any shape.
        treatment: as there.
        level: confidence.
        ratio: as there.

    Returns:
        float64 of the shape of `customers`.

    Raises:
        InputError: as `sample_size`.
    """
    _check(level=level)
    difference, variance = _planned(control, lift, treatment)
    count = np.asarray(customers, np.float64)
    with np.errstate(divide="ignore"):
        errors = np.sqrt((control.variance + variance / ratio) / count)
        reach = abs(difference) / errors
    quantile = ndtri((1 + level) / 2)
    return np.asarray(ndtr(reach - quantile) + ndtr(-reach - quantile))


def days_needed(arrivals: IntArray, customers: int, *, share: float, window: int) -> int | None:
    """Days from the start of a test until so many customers have been measured.

    Args:
        arrivals: [D] customers with their first decision on each day of the log.
        customers: of all arms together.
        share: of the customers that the arms take.
        window: seconds that a customer is measured.

    Returns:
        Days until enough have entered, plus the window; None where the log's days bring too few.
    """
    enough = np.flatnonzero(np.cumsum(arrivals) * share >= customers)
    return int(enough[0]) + 1 + ceil(window / DAY) if len(enough) else None


def arrivals(entered: IntArray) -> IntArray:
    """[D] customers who enter on each day since the first; from UTC seconds [M]."""
    return np.bincount((entered - entered.min()) // DAY)


def _planned(
    control: Moments, lift: float | None, treatment: Moments | None
) -> tuple[float, float]:
    """The difference to find and the variance of a treated customer's reward."""
    if lift is None and treatment is None:
        raise InputError("lift: expected a relative gain such as .05, got none; set it")
    if lift is not None and not (lift > -1 and lift != 0):
        raise InputError(f"lift: expected a number above -1 other than 0, got {lift:g}")
    if lift is not None:
        difference = lift * control.mean
        variance = control.variance * (1 + lift) if treatment is None else treatment.variance
    else:
        assert treatment is not None
        difference, variance = treatment.mean - control.mean, treatment.variance
    if difference == 0 or control.variance + variance == 0:
        raise InputError(
            "decisions: expected rewards that differ between customers and a difference to find, "
            f"got a mean of {control.mean:g} and a variance of {control.variance:g}; "
            "bring a longer log"
        )
    return difference, variance


def _check(**probabilities: float) -> None:
    for name, value in probabilities.items():
        if not 0 < value < 1:
            raise InputError(f"{name}: expected a number between 0 and 1, got {value:g}")
