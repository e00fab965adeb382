"""Every model against every other on the same queries, all out of one resampling of customers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.intervals import by_customer, percentiles, resampled_means

ENOUGH = 10
"""Draws beyond zero from which their share is read; with fewer the tail is normal."""

_BLOCK = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class PairedDifferences:
    """N pairs of models, each pair once.

    Attributes:
        first: [N] column of the first model.
        second: [N] column of the second, `first < second`.
        difference: [N] mean of first - second.
        difference_low, difference_high: [N] its interval, of this pair alone.
        lift: [N] mean of first / mean of second; inf or nan where the second has mean 0.
        lift_low, lift_high: [N] its interval, of this pair alone.
        p_values: [N] two-sided, of no difference, before any correction.
    """

    first: IntArray
    second: IntArray
    difference: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    lift: FloatArray
    lift_low: FloatArray
    lift_high: FloatArray
    p_values: FloatArray


def pairwise(
    values: FloatArray,
    customers: IntArray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> PairedDifferences:
    """Paired bootstrap over customers of all pairs of models.

    The means of all models are resampled once and shared by all pairs, so that 190 pairs cost
    little more than one.

    A p-value inverts the interval (Efron and Tibshirani, 1993, chapter 15), with its correction for
    few customers: it comes from the share of resamples beyond zero. With fewer than `ENOUGH` there
    the share is too coarse: Holm over 190 pairs needs a p-value of .00013, which is 76,000
    resamples by counting. Then the tail is taken to be normal, from the difference over the
    standard deviation of its resamples, which 1,000 resamples give to 2 %.

    Args:
        values: [Q, M] one column a model, nan for none; a query counts where all have a value.
        customers: [Q] row numbers of the queries' customers.
        resamples: number of resamples.
        level: confidence of the intervals, as 0.95.
        seed: of the resampling; the same seed gives the same intervals.
    """
    known = ~np.isnan(values).any(axis=1)
    counted = np.column_stack([values, np.ones(len(values))])[known]
    amounts = by_customer(counted, customers[known])
    sums, counts = amounts[:, :-1], amounts[:, -1]
    means = sums.sum(axis=0) / counts.sum()
    draws = resampled_means(sums, counts, resamples, seed)
    first, second = np.triu_indices(values.shape[1], 1)
    blocks = [
        _compared(means, draws, first[block], second[block], len(counts), level)
        for block in _blocks(len(first))
    ]
    columns = np.concatenate(blocks, axis=1) if blocks else np.empty((7, 0))
    names = (
        "difference", "difference_low", "difference_high", "lift", "lift_low", "lift_high",
        "p_values",
    )  # fmt: skip
    return PairedDifferences(first=first, second=second, **dict(zip(names, columns, strict=True)))


def holm_adjusted(p_values: FloatArray) -> FloatArray:
    """[N] p-values corrected for their number by Holm's (1979) step-down procedure.

    The smallest is multiplied by N, the next by N - 1 and so on; none falls below one before it.
    Calling all below alpha significant makes any false claim with a probability below alpha.
    """
    order = np.argsort(p_values, kind="stable")
    raised = p_values[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return adjusted


def _compared(
    means: FloatArray,
    draws: FloatArray,
    first: IntArray,
    second: IntArray,
    customers: int,
    level: float,
) -> FloatArray:
    """[7, n] difference, lift, their ends and p-values, as `PairedDifferences` lists them."""
    difference, apart = means[first] - means[second], draws[:, first] - draws[:, second]
    with np.errstate(divide="ignore", invalid="ignore"):
        lift, ratios = means[first] / means[second], draws[:, first] / draws[:, second]
    return np.stack(
        [
            difference,
            *percentiles(apart, level, customers),
            lift,
            *percentiles(ratios, level, customers),
            p_values_of_draws(difference, apart, customers),
        ]
    )


def p_values_of_draws(difference: FloatArray, draws: FloatArray, customers: int) -> FloatArray:
    """[n] two-sided p-values of no difference, as `pairwise` has them.

    Args:
        difference: [n] estimates.
        draws: [resamples, n] the same in each resample.
        customers: number of customers that were resampled.
    """
    if customers < 2:
        return np.ones(len(difference))
    beyond = np.minimum((draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0))
    # Models that differ by the same amount everywhere have no spread: the p-value is 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        far = -np.abs(difference) / draws.std(axis=0)
    depth = np.where(beyond >= ENOUGH, ndtri(np.minimum(beyond / len(draws), 0.5)), far)
    shrunk = np.sqrt((customers - 1) / customers) * depth
    return np.asarray(2 * stdtr(customers - 1, shrunk), np.float64)


def _blocks(size: int) -> Iterator[slice]:
    """Blocks of pairs whose draws take little memory."""
    for start in range(0, size, _BLOCK):
        yield slice(start, start + _BLOCK)
