"""How many events former periods lead to expect of each decision."""

import numpy as np

from recsys.arrays import FloatArray, IntArray

BINS = 20
"""Quantiles of the logged probability within which it is calibrated."""

STRENGTH = 20.0
"""Expected acceptances that weigh as much as what an offer has shown so far."""


def cells(
    probability: FloatArray, touchpoints: IntArray, former: IntArray, bins: int = BINS
) -> IntArray:
    """[N] the cell of each decision: a quantile of its probability, its touchpoint without one.

    Args:
        probability: [N] as it was logged; nan where none was.
        touchpoints: [N] row numbers.
        former: rows of former periods, whose quantiles are taken.
        bins: number of quantiles.
    """
    known = ~np.isnan(probability)
    values = probability[former]
    values = values[~np.isnan(values)]
    if not len(values):
        return np.asarray(touchpoints, np.int64)
    inner = np.arange(1, bins) / bins
    edges = np.unique(np.quantile(values, inner, method="inverted_cdf"))
    of_known = np.searchsorted(edges, np.where(known, probability, 0), side="left")
    return np.where(known, of_known, bins + touchpoints)


def expected_events(
    events: FloatArray,
    cell: IntArray,
    offers: IntArray,
    periods: IntArray,
    count: int,
    strength: float = STRENGTH,
) -> FloatArray:
    """[N] expected events of each decision, from what happened before its period.

    The rate of its cell in all former periods, times what its offer has shown before this period:

        e = rate(cell) * (strength + sum of the offer's events) / (strength + sum of their rates)

    So a logged probability is calibrated by what came of it, and an offer that is liked more than
    the model knows raises what is expected of it, from its second period on. A new offer has the
    factor 1.

    Args:
        events: [N] 0 or 1.
        cell: [N] as `cells` makes them.
        offers: [N] row numbers.
        periods: [N] from 0 to count - 1, the newest last; those before it are the former ones.
        count: T, number of periods.
        strength: how slowly an offer's own record counts.
    """
    former = periods < count - 1
    sizes = int(cell.max(initial=0)) + 1
    decisions = np.bincount(cell[former], minlength=sizes)
    total = np.bincount(cell[former], weights=events[former], minlength=sizes)
    overall = events[former].mean() if former.any() else 0.0
    # A cell that former periods do not have gets the overall rate.
    rate = np.where(decisions > 0, total / np.maximum(decisions, 1), overall)[cell]
    keys = offers * count + periods
    shape = (int(offers.max(initial=0)) + 1, count)
    seen = np.bincount(keys, weights=events, minlength=shape[0] * count).reshape(shape)
    due = np.bincount(keys, weights=rate, minlength=shape[0] * count).reshape(shape)
    before = (np.cumsum(each, axis=1) - each for each in (seen, due))
    seen_before, due_before = before
    factor = (strength + seen_before) / (strength + due_before)
    return np.asarray(rate * factor[offers, periods])
