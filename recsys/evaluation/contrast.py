"""A rate with a trait and without it, and the difference."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.intervals import Interval, by_customer, percentiles, resampled_means


@dataclass(frozen=True)
class Contrast:
    """Means over the events that have a trait, over those that have not, and with - without."""

    with_it: Interval
    without_it: Interval
    difference: Interval


def contrast(
    values: FloatArray,
    trait: FloatArray,
    customers: IntArray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Contrast:
    """Ratios of resampled sums, both sides on the same resamples of customers.

    This is an association: events with the trait may differ in other ways as well.

    Args:
        values: [E] of each event, as 1 for accepted and 0 for not.
        trait: [E] 1 where the event has it, 0 where not, nan where that is not known: such events
            are left out of both sides.
        customers: [E] row numbers of the events' customers.
        resamples: bootstrap resamples of customers.
        level: confidence of the intervals.
        seed: of the resampling.

    Returns:
        Intervals; nan with 0 customers for a side without events, and then for the difference.
    """
    known = ~np.isnan(trait)
    has, value = trait[known], values[known]
    columns = np.column_stack([value * has, value * (1 - has), has, 1 - has])
    amounts = by_customer(columns, customers[known])
    sides = (amounts[:, 2:] > 0).sum(axis=0)
    # A difference is as sure as the side with fewer customers.
    people = np.append(sides, sides.min())
    if not people.any():
        nothing = Interval(np.nan, np.nan, np.nan, 0)
        return Contrast(nothing, nothing, nothing)
    drawn = resampled_means(amounts, np.ones(len(amounts)), resamples, seed)
    means = _both(amounts.sum(axis=0, keepdims=True))[0]
    low, high = percentiles(_both(drawn), level, people)
    intervals = [
        Interval(float(means[i]), float(low[i]), float(high[i]), int(people[i])) for i in range(3)
    ]
    return Contrast(*intervals)


def _both(sums: FloatArray) -> FloatArray:
    """[R, 3] rates with and without, and their difference, of sums [R, 4]."""
    with np.errstate(invalid="ignore"):  # a resample may have no events on one side
        rates = sums[:, :2] / sums[:, 2:]
    return np.column_stack([rates, rates[:, 0] - rates[:, 1]])
