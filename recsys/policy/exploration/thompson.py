"""Thompson sampling with exact propensities.

The probability that a sample of a posterior prefers a candidate has no closed form. So the policy
is defined with a finite number of samples: M are drawn, by numbers that depend only on the seed,
the customer and the moment, and the decision follows one of the M, each with probability 1 / M. Its
probability is then exactly the share of the M samples that prefer it. The more samples, the
closer to the posterior; a candidate that none of the M prefers has probability 0, so a log of this
policy says nothing about a policy that would choose it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.exploration.draws import Draws
from recsys.policy.exploration.posteriors import Posterior
from recsys.policy.exploration.slots import CHOICE_STREAM, Choice

Worth = Callable[[FloatArray, slice], FloatArray]
"""Samples [b, M, n] of the decisions of a slice to values of the same shape."""

_CELLS = 4_000_000


@dataclass(frozen=True)
class Thompson:
    """Takes the best candidates of one of M posterior samples, drawn uniformly.

    Of equal values the first is the best.

    Attributes:
        count: M, at least 1.

    Raises:
        InputError: the count is below 1.
    """

    count: int = 64

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not 1 <= self.count <= 1_000_000:
            raise InputError(
                f"exploration.count: expected a whole number of 1 to 1,000,000, got {self.count}"
            )

    def probabilities(
        self,
        posterior: Posterior,
        draws: Draws,
        mask: BoolArray | None = None,
        worth: Worth | None = None,
    ) -> FloatArray:
        """Probability of each candidate for one slot.

        Args:
            posterior: of B decisions and n candidates.
            draws: random numbers of the decisions.
            mask: [B, n] whether each candidate is permitted; None for all.
            worth: what a sampled value is worth, for example `rate * reward - cost`; None for the
                sample itself.

        Returns:
            [B, n] float64; rows sum to 1, or are 0 where nothing is permitted.

        Raises:
            InputError: shapes differ, or a value is NaN.
        """
        chances = np.zeros((len(posterior), posterior.candidates))
        for rows, ranked in self._ranked(posterior, draws, 1, mask, worth):
            best = ranked[:, :, 0]
            row, sample = np.nonzero(best >= 0)
            np.add.at(chances, (rows.start + row, best[row, sample]), 1.0)
        return chances / self.count

    def choose(
        self,
        posterior: Posterior,
        draws: Draws,
        k: int = 1,
        mask: BoolArray | None = None,
        worth: Worth | None = None,
    ) -> Choice:
        """Fills k slots with the best k of one sample; arguments as for `probabilities`.

        The propensity of a position is the share of the samples that agree on it among those
        that agree on all positions above it.
        """
        if k < 1:
            raise InputError(f"k: expected at least 1 slot, got {k}")
        actions = np.full((len(posterior), k), -1, np.int64)
        propensities = np.ones((len(posterior), k))
        picked = draws.uniforms(1, CHOICE_STREAM)[:, 0]
        sample = np.minimum((picked * self.count).astype(np.int64), self.count - 1)
        for rows, ranked in self._ranked(posterior, draws, k, mask, worth):
            slate = ranked[np.arange(len(ranked)), sample[rows]]
            agree = np.logical_and.accumulate(ranked == slate[:, None], axis=2).sum(axis=1)
            above = np.concatenate([np.full((len(agree), 1), self.count), agree[:, :-1]], axis=1)
            actions[rows], propensities[rows] = slate, agree / above
        return Choice(actions=actions, propensities=propensities)

    def _ranked(
        self,
        posterior: Posterior,
        draws: Draws,
        k: int,
        mask: BoolArray | None,
        worth: Worth | None,
    ) -> Iterator[tuple[slice, IntArray]]:
        """Yields slices of decisions and the k best of their samples, [b, M, k], -1 for none."""
        size, n = len(posterior), posterior.candidates
        if len(draws) != size or (mask is not None and mask.shape != (size, n)):
            raise InputError(
                f"mask: expected [{size}, {n}] and draws for {size} decisions, got "
                f"{None if mask is None else list(mask.shape)} and {len(draws)}"
            )
        step = max(_CELLS // max(self.count * n, 1), 1)
        for start in range(0, size, step):
            rows = slice(start, min(start + step, size))
            values = posterior.samples(rows, draws.rows(rows), self.count)
            if worth is not None:
                values = worth(values, rows)
            if np.isnan(values).any():
                raise InputError("worth: expected numbers, got NaN; -inf is for what is refused")
            if mask is not None:
                values = np.where(mask[rows, None], values, -np.inf)
            yield rows, _best(values, k)


def _best(values: FloatArray, k: int) -> IntArray:
    """[b, M, k] positions by descending value, the first of equal ones first; -1 for -inf."""
    n = values.shape[-1]
    if k == 1:
        order = values.argmax(axis=-1)[..., None]
    else:
        order = np.argsort(-values, axis=-1, kind="stable")[..., :k]
    order = np.where(np.take_along_axis(values, order, axis=-1) > -np.inf, order, -1)
    if k > n:
        order = np.pad(order, ((0, 0), (0, 0), (0, k - n)), constant_values=-1)
    return np.asarray(order, np.int64)
