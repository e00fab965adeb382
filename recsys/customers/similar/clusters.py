"""Clusters of customers by their vectors, as many as are found again in half of the customers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from recsys.arrays import FloatArray, IntArray
from recsys.customers.segments.summary import Estimate, mean
from recsys.customers.similar.vectors import TooFewCustomersError

NUMBERS = (3, 4, 5, 6, 8, 10, 12, 15, 20)
"""Numbers of clusters that are tried."""
FEWEST = 5
"""Customers a cluster in the mean, at least."""
_PAIRS = 5
"""Pairs of halves that the stability of a number is counted from."""
_MOST = 10_000
"""Customers that a stability is counted from, drawn at random."""
_MOST_FITTED = 200_000
"""Customers that centres are fitted on, drawn at random; the others are assigned."""
_TILE = 65_536


@dataclass(frozen=True, kw_only=True)
class Stability:
    """How surely a number of clusters comes out again.

    Attributes:
        clusters: their number.
        agreement: adjusted Rand index of clusters found in two halves of the customers; 1 is the
            same clusters, 0 what chance gives.
    """

    clusters: int
    agreement: Estimate


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Customers in clusters.

    Attributes:
        labels: [n] int64 cluster of each, from the largest, 0, to the smallest.
        count: of clusters.
        stability: of each number that was tried, or of the one that was given.
    """

    labels: IntArray
    count: int
    stability: Sequence[Stability]

    def __len__(self) -> int:
        return self.count

    @property
    def agreement(self) -> Estimate:
        """The stability of their number."""
        return next(each.agreement for each in self.stability if each.clusters == len(self))


def find_clusters(vectors: FloatArray, number: int | None = None, seed: int = 0) -> Clusters:
    """K-means of vectors of length 1, which groups by direction.

    A number of clusters is stable if clusters found in one half of the customers, and in the other,
    part all customers alike: by the adjusted Rand index (Hubert and Arabie, 1985), over five pairs
    of halves (after Ben-Hur, Elisseeff and Guyon, 2002). Without a number, it is the largest whose
    mean agreement is within a standard error of the best (as the rule of Breiman et al., 1984): as
    fine as the data allow.

    Vectors of few columns give clusters that come out again more often: the others hold what few
    customers share.

    Args:
        vectors: [n, d] float32 of length 1, in an order that means nothing.
        number: of clusters; None chooses one of `NUMBERS`.
        seed: of the draws.

    Raises:
        TooFewCustomersError: there are too few for so many clusters.
    """
    most = len(vectors) // FEWEST
    if (number or NUMBERS[0]) > most:
        raise TooFewCustomersError(
            f"clusters: expected at most {most:,}, a fifth of the {len(vectors):,} customers with "
            f"events, got {number or NUMBERS[0]:,}"
        )
    tried = [each for each in NUMBERS if each <= most] if number is None else [number]
    stability = [_stability(vectors, each, seed) for each in tried]
    chosen = number or _finest(stability)
    rng = np.random.default_rng(seed)
    sample = _drawn(vectors, _MOST_FITTED, rng)
    labels = _assigned(vectors, _centres(sample, chosen, starts=10, seed=seed))
    order = np.argsort(-np.bincount(labels, minlength=chosen), kind="stable")
    return Clusters(labels=np.argsort(order)[labels], count=chosen, stability=stability)


def _centres(vectors: FloatArray, number: int, starts: int, seed: int) -> FloatArray:
    """[K, d] float64 centres, the best of so many starts."""
    # Imported late: it takes long.
    from sklearn.cluster import KMeans

    model = KMeans(number, n_init=starts, random_state=seed).fit(vectors)
    return np.asarray(model.cluster_centers_, np.float64)


def _assigned(vectors: FloatArray, centres: FloatArray) -> IntArray:
    """[n] int64 the nearest of centres [K, d] to each vector; of equal ones the first."""
    half = (centres**2).sum(axis=1) / 2
    labels = np.empty(len(vectors), np.int64)
    for first in range(0, len(vectors), _TILE):
        tile = slice(first, first + _TILE)
        labels[tile] = (vectors[tile] @ centres.T - half).argmax(axis=1)
    return labels


def _stability(vectors: FloatArray, number: int, seed: int) -> Stability:
    # Imported late: it takes long.
    from sklearn.metrics import adjusted_rand_score

    agreements = np.empty(_PAIRS)
    for pair in range(_PAIRS):
        rng = np.random.default_rng([seed, pair])
        drawn = _drawn(vectors, _MOST, rng)
        halves = np.array_split(rng.permutation(len(drawn)), 2)
        first, second = (
            _assigned(drawn, _centres(drawn[half], number, starts=3, seed=pair)) for half in halves
        )
        agreements[pair] = adjusted_rand_score(first, second)
    return Stability(clusters=number, agreement=mean(agreements))


def _finest(stability: Sequence[Stability]) -> int:
    best = max(stability, key=lambda each: each.agreement.value)
    error = (best.agreement.high - best.agreement.value) / float(stdtrit(_PAIRS - 1, 0.975))
    near = [each for each in stability if each.agreement.value >= best.agreement.value - error]
    return max(each.clusters for each in near)


def _drawn(vectors: FloatArray, most: int, rng: np.random.Generator) -> FloatArray:
    if len(vectors) <= most:
        return vectors
    drawn: FloatArray = vectors[np.sort(rng.choice(len(vectors), most, replace=False))]
    return drawn
