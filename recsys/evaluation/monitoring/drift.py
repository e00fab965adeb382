"""Population stability: how far a distribution has moved, with an interval."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr, chndtrinc

from recsys.arrays import FloatArray, IntArray

_FLOOR = 0.5
"""Added to each count, so that an empty bin has a logarithm."""


@dataclass(frozen=True, kw_only=True)
class Stability:
    """A population stability index and its interval; below 0.1 little, above 0.25 much has moved.

    Attributes:
        index: as measured, which chance alone makes larger than 0.
        low: lower end of the interval of the true index.
        high: upper end.
    """

    index: float
    low: float
    high: float


def stability(
    before: IntArray | FloatArray,
    now: IntArray | FloatArray,
    *,
    sizes: tuple[float, float] | None = None,
    level: float = 0.95,
) -> Stability:
    """The population stability index of counts in the same bins.

        PSI = sum_b (q_b - p_b) ln(q_b / p_b),  p of before, q of now, half a count added to each

    Without a change PSI / (1/n + 1/m) is chi-squared with one degree of freedom fewer than there
    are bins (Yurdakul, 2018); with a true index s it is about noncentral with s / (1/n + 1/m),
    whose quantiles give the interval.

    Args:
        before: [B] counts.
        now: [B] counts.
        sizes: n and m, of independent customers where counts are of decisions; None for the sums.
        level: of the interval.
    """
    n, m = sizes or (float(np.sum(before)), float(np.sum(now)))
    index = float(stability_index(before, now))
    freedom = int(((np.asarray(before) + np.asarray(now)) > 0).sum()) - 1
    if np.isnan(index) or not freedom:
        return Stability(index=index, low=index, high=index)
    noise = 1 / n + 1 / m
    tail = (1 - level) / 2
    return Stability(
        index=index,
        low=noise * _noncentrality(index / noise, freedom, 1 - tail),
        high=noise * _noncentrality(index / noise, freedom, tail),
    )


def stability_index(before: IntArray | FloatArray, now: IntArray | FloatArray) -> FloatArray:
    """[...] the index of `stability` for counts [..., B]; nan where one of them has none.

    Bins that are empty in both do not count.
    """
    used = np.asarray(before) + np.asarray(now) > 0
    shares = []
    for counts in (before, now):
        raised = np.where(used, np.asarray(counts) + _FLOOR, 0.0)
        is_empty = np.sum(counts, axis=-1, keepdims=True) == 0
        total = np.where(is_empty, np.nan, raised.sum(axis=-1, keepdims=True))
        shares.append(raised / total)
    p, q = shares
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(used, (q - p) * np.log(q / p), 0.0)
    is_known = ~np.isnan(p + q).any(axis=-1)
    return np.where(is_known, terms.sum(axis=-1), np.nan)


def _noncentrality(value: float, freedom: int, share: float) -> float:
    """The noncentrality with P(chi-squared <= value) = share; 0 where even none is too large."""
    if chdtr(freedom, value) <= share:
        return 0.0
    return float(chndtrinc(value, freedom, share))


def bin_counts(values: IntArray, periods: IntArray, count: int) -> IntArray:
    """[T, B] how often each bin occurs in each period.

    Args:
        values: [N] bins from 0; -1 for none.
        periods: [N] from 0 to count - 1.
        count: T.
    """
    known = values >= 0
    size = int(values.max(initial=0)) + 1
    flat = np.bincount(periods[known] * size + values[known], minlength=count * size)
    return flat.reshape(count, size)


def numeric_bins(values: FloatArray, former: IntArray, bins: int = 10) -> IntArray:
    """[N] bins of numbers by quantiles of the former rows; -1 where a number is missing."""
    before = values[former]
    before = before[~np.isnan(before)]
    if not len(before):
        return np.full(len(values), -1)
    edges = np.unique(np.quantile(before, np.arange(1, bins) / bins, method="inverted_cdf"))
    return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="left"))


def concentration(counts: IntArray | FloatArray) -> FloatArray:
    """[T] effective number of products: 1 / sum of squared shares (Hill, 1973); of [T, P] counts.

    As many products, offered equally often, would be as concentrated.
    """
    sums = counts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 / ((counts / sums) ** 2).sum(axis=1))
