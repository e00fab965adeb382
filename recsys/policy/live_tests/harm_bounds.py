"""What a stage of a test can exclude: bounds of the loss, and the smallest stage that guards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from scipy.special import ndtri

from recsys.arrays import IntArray
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.fixed_sample import FixedSample
from recsys.policy.live_tests.planning import days_needed
from recsys.policy.live_tests.sequential import (
    FEWEST,
    confidence_sequence,
    planned_information,
)

_PASS = 0.8
"""Probability with which a policy without an effect passes the harm bound of a stage."""

_TOLERATED = 0.5
"""Part of the mean reward that a first stage may leave open as a loss, to be called a guard."""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Stages that guard nothing, and the smallest first stage that would guard.

    A loss of the mean reward is the most that a policy which earns at least 0 can bring, so that
    a bound at or above it excludes nothing.

    Attributes:
        unguarded: names of the stages whose bound is at least the mean reward.
        bound: half of the mean reward, which the proposal excludes.
        customers: of each arm that this takes, of the smallest arm; in_all: of all arms.
        stages: stage -> share that gives it; empty where it takes the last stage or more.
        days: until so many customers are measured in its first stage; None where the log's days
            bring too few, or there are no such stages.
    """

    unguarded: Sequence[str]
    bound: float
    customers: int
    in_all: int
    stages: Mapping[str, float]
    days: int | None


def harm_bound(sizes: FixedSample, part: float) -> float:
    """The loss that is excluded with `_PASS` where there is none, at a part of a fixed sample.

    Args:
        sizes: the fixed sample.
        part: of its customers that are measured, above 0.

    Returns:
        The bound, in reward a customer and window; it falls as the part grows.
    """
    information = planned_information(sizes.gain, power=sizes.power, level=sizes.level)
    variance = np.array([1 / (part * information)])
    width = confidence_sequence(
        np.zeros(1), variance, information=information, level=sizes.level
    ).high
    return float(width[0] + ndtri(_PASS) * np.sqrt(variance[0]))


def guard_of(
    sizes: FixedSample,
    stages: Mapping[str, float],
    drafted: Sequence[Mapping[str, Any]],
    come: IntArray,
    window: int,
) -> Guard | None:
    """Says which drafted stages guard nothing, and what would.

    Args:
        sizes: the fixed sample.
        stages: stage -> share of all customers, in their order.
        drafted: the same stages with their `harm`, as in the plan.
        come: [D] customers by the day of their first decision.
        window: days that a customer is measured.

    Returns:
        None where each bound is below the mean reward.
    """
    mean = sizes.control.mean
    unguarded = [stage["name"] for stage in drafted if stage.get("harm", 0.0) >= mean]
    if not unguarded:
        return None
    part = _smallest_part(sizes, _TOLERATED * mean)
    in_all = ceil(part * sizes.in_all)
    largest = list(stages.values())[-1]
    share = ceil(100 * part * largest) / 100  # whole percent, so that it can be typed
    proposed: dict[str, float] = {}
    if share < largest:
        later = {stage: each for stage, each in list(stages.items())[1:] if each > share}
        proposed = {next(iter(stages)): share, **later}
    return Guard(
        unguarded=unguarded,
        bound=_TOLERATED * mean,
        customers=ceil(part * sizes.smallest),
        in_all=in_all,
        stages=proposed,
        days=days_needed(come, in_all, share=share, window=window * DAY) if proposed else None,
    )


def _smallest_part(sizes: FixedSample, bound: float) -> float:
    """The smallest part of the fixed sample, in whole customers, that excludes a loss of `bound`.

    The bound falls with the customers, so that it is enclosed by doubling and then halved.
    """

    def excludes(customers: int) -> bool:
        return harm_bound(sizes, customers / sizes.customers) <= bound

    high = FEWEST
    while not excludes(high):
        high *= 2
    low = max(high // 2, FEWEST - 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if excludes(middle) else (middle, high)
    return high / sizes.customers
