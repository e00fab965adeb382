"""Posteriors for Thompson sampling: of customers' vectors, and of acceptance rates of messages."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.exploration.draws import Draws, box_muller
from recsys.policy.exploration.philox import uniform_pairs

_FIRST_STREAM = 1
# Streams of the second of two gamma variables start here; no draw needs so many attempts.
_SECOND_STREAM = 1 << 16
_BOOST_STREAM = 1 << 15
# Gamma variables of smaller shapes could both be 0 in float64.
_LOWEST_PRIOR = 0.1


class Posterior(Protocol):
    """What is known of the values of n candidates in B decisions."""

    def __len__(self) -> int:
        """Number of decisions B."""

    @property
    def candidates(self) -> int:
        """Number of candidates n."""

    def samples(self, rows: slice, draws: Draws, count: int) -> FloatArray:
        """[b, count, n] float64 samples of the values in some of the decisions.

        Args:
            rows: of these decisions.
            draws: random numbers of the same b decisions.
            count: samples of each decision.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianPosterior:
    """A customer's vector is normal with mean m and covariance sigma^2 (A + l2 I)^-1.

    That is the posterior of ridge regression, with A the gram matrix of the customer's events:
    Agrawal and Goyal, Thompson Sampling for Contextual Bandits with Linear Payoffs (2013). For a
    model that folds in by a gram matrix, A is that matrix plus the events' share, as
    `recsys.ops.fold_in` states it, and l2 is already in it.

    Attributes:
        means: [B, d] vectors of the customers.
        grams: [d, d], or [B, d, d], symmetric and positive semi-definite.
        vectors: [n, d] of the candidates, or [B, n, d]; a value is the inner product.
        sigma: standard deviation of the noise, above 0.
        l2: 0 or more.

    Raises:
        InputError: shapes differ, or A + l2 I is not positive definite.
    """

    means: FloatArray
    grams: FloatArray
    vectors: FloatArray
    sigma: float = 1.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        size, dim = self.means.shape
        if self.grams.shape not in ((dim, dim), (size, dim, dim)):
            raise InputError(
                f"grams: expected [{dim}, {dim}] or [{size}, {dim}, {dim}], got "
                f"{list(self.grams.shape)}"
            )
        if self.vectors.shape[-1] != dim or self.vectors.shape[:-2] not in ((), (size,)):
            raise InputError(
                f"vectors: expected [n, {dim}] or [{size}, n, {dim}], got "
                f"{list(self.vectors.shape)}"
            )
        if not (0 < self.sigma < np.inf and 0 <= self.l2 < np.inf):
            raise InputError(
                f"sigma: expected a number above 0, and l2 of 0 or more, got {self.sigma} and "
                f"{self.l2}"
            )

    def __len__(self) -> int:
        return len(self.means)

    @property
    def candidates(self) -> int:
        """Number of candidates n."""
        return int(self.vectors.shape[-2])

    def samples(self, rows: slice, draws: Draws, count: int) -> FloatArray:
        """[b, count, n] inner products with samples of the customers' vectors."""
        means = self.means[rows].astype(np.float64)
        size, dim = means.shape
        grams = self.grams if self.grams.ndim == 2 else self.grams[rows]
        try:
            factor = np.linalg.cholesky(grams.astype(np.float64) + self.l2 * np.eye(dim))
        except np.linalg.LinAlgError:
            raise InputError(
                f"l2: grams + {self.l2} I is not positive definite; raise l2"
            ) from None
        normal = draws.normals(count * dim, _FIRST_STREAM).reshape(size, count, dim)
        # With A + l2 I = L L', x = L'^-1 z has the covariance (A + l2 I)^-1.
        spread = normal @ np.linalg.inv(factor)
        vectors = self.vectors if self.vectors.ndim == 2 else self.vectors[rows]
        around = means[:, None] + self.sigma * spread
        return np.asarray(around @ np.swapaxes(vectors.astype(np.float64), -1, -2))


@dataclass(frozen=True, kw_only=True, eq=False)
class BetaPosterior:
    """The acceptance rate of a message is Beta(prior + accepted, prior + refused).

    Chapelle and Li, An Empirical Evaluation of Thompson Sampling (2011).

    Attributes:
        accepted: [B, n] how often each candidate was accepted, for example by the customer's
            segment; not negative.
        refused: [B, n] how often not.
        prior: of both, at least 0.1; 1 is the uniform prior.

    Raises:
        InputError: shapes differ, or a number is out of range.
    """

    accepted: FloatArray | IntArray
    refused: FloatArray | IntArray
    prior: float = 1.0

    def __post_init__(self) -> None:
        if self.accepted.ndim != 2 or self.accepted.shape != self.refused.shape:
            raise InputError(
                f"refused: expected [decisions, candidates] as accepted, "
                f"{list(self.accepted.shape)}, got {list(self.refused.shape)}"
            )
        for name, counts in (("accepted", self.accepted), ("refused", self.refused)):
            if not (np.isfinite(counts) & (counts >= 0)).all():
                raise InputError(f"{name}: expected counts of 0 or more")
        if not _LOWEST_PRIOR <= self.prior < np.inf:
            raise InputError(
                f"prior: expected a number of at least {_LOWEST_PRIOR}, got {self.prior}"
            )

    def __len__(self) -> int:
        return len(self.accepted)

    @property
    def candidates(self) -> int:
        """Number of candidates n."""
        return int(self.accepted.shape[1])

    def samples(self, rows: slice, draws: Draws, count: int) -> FloatArray:
        """[b, count, n] acceptance rates, as ratios of two gamma variables."""
        shape = len(draws), count, self.candidates
        parts = [
            _gammas(np.broadcast_to((self.prior + counts[rows])[:, None], shape), draws, stream)
            for counts, stream in (
                (self.accepted, _FIRST_STREAM),
                (self.refused, _SECOND_STREAM),
            )
        ]
        return parts[0] / (parts[0] + parts[1])


def _gammas(shapes: FloatArray, draws: Draws, stream: int) -> FloatArray:
    """Gamma variables of scale 1 and these shapes [b, ...], float64.

    Marsaglia and Tsang, A Simple Method for Generating Gamma Variables (2000). Attempt i draws from
    stream `stream + i`, so that a number depends on no other number of the array.
    """
    cells = shapes[0].size if len(shapes) else 0
    flat = shapes.reshape(-1).astype(np.float64)
    key, when = np.repeat(draws.keys, cells), np.repeat(draws.moments, cells)
    index = np.tile(np.arange(cells), len(draws))
    low = flat < 1
    raised = (flat + low) - 1 / 3
    width = 1 / np.sqrt(9 * raised)
    result = np.empty(len(flat))
    pending, attempt = np.arange(len(flat)), 0
    while len(pending):
        at = key[pending], when[pending], stream + attempt
        normal, _ = box_muller(*uniform_pairs(*at, 2 * index[pending]))
        uniform, _ = uniform_pairs(*at, 2 * index[pending] + 1)
        cube = np.maximum(1 + width[pending] * normal, 0) ** 3
        scale = raised[pending]
        with np.errstate(divide="ignore"):
            bound = normal**2 / 2 + scale * (1 - cube + np.log(cube))
            good = np.log(uniform) < bound
        result[pending[good]] = (scale * cube)[good]
        pending, attempt = pending[~good], attempt + 1
    if low.any():
        uniform, _ = uniform_pairs(key[low], when[low], stream + _BOOST_STREAM, index[low])
        result[low] *= (1 - uniform) ** (1 / flat[low])
    return result.reshape(shapes.shape)
