"""Bootstrap intervals over customers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray

_CHUNK = 64


@dataclass(frozen=True)
class Interval:
    """A mean over queries with its interval, and how many customers stand behind it."""

    mean: float
    low: float
    high: float
    customers: int


def bootstrap(
    values: Mapping[str, FloatArray],
    customers: IntArray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """Percentile intervals of means; customers, not queries, are resampled (Efron, 1979).

    All metrics share one set of resamples, so that differences between columns of one call are
    paired. Queries of one customer stay together: the statistic is the ratio of the resampled sum
    of values to the resampled number of queries.

    Args:
        values: name -> [Q] one value a query.
        customers: [Q] row numbers of the customers who asked.
        resamples: number of resamples.
        level: confidence, as 0.95.
        seed: of the resampling; the same seed gives the same interval.
    """
    names = list(values)
    sums, counts = _by_customer(np.column_stack([values[name] for name in names]), customers)
    means = sums.sum(axis=0) / counts.sum()
    draws = resampled_means(sums, counts, resamples, seed)
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return {
        name: Interval(float(means[i]), float(low[i]), float(high[i]), len(counts))
        for i, name in enumerate(names)
    }


def resampled_means(sums: FloatArray, counts: FloatArray, resamples: int, seed: int) -> FloatArray:
    """[resamples, M] means of resampled customers from sums [C, M] and query counts [C]."""
    generator = np.random.default_rng(seed)
    size = len(counts)
    stacked = np.column_stack([sums, counts])
    draws = np.empty((resamples, stacked.shape[1]))
    for start in range(0, resamples, _CHUNK):
        rows = min(_CHUNK, resamples - start)
        drawn = generator.integers(0, size, (rows, size)) + np.arange(rows)[:, None] * size
        times = np.bincount(drawn.ravel(), minlength=rows * size).reshape(rows, size)
        draws[start : start + rows] = times @ stacked
    return draws[:, :-1] / draws[:, -1:]


def _by_customer(values: FloatArray, customers: IntArray) -> tuple[FloatArray, FloatArray]:
    _, person = np.unique(customers, return_inverse=True)
    member = csr_array(
        (np.ones(len(person)), (person, np.arange(len(person)))),
        shape=(int(person.max()) + 1, len(person)),
    )
    return member @ values, member.sum(axis=1)
