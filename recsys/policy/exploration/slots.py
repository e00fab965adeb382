"""Slots filled one after the other, each with the exact probability given those above it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.exploration.draws import Draws

CHOICE_STREAM = 0
"""Stream of the numbers that choose; posteriors draw from the streams above it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """What B decisions put into k slots.

    Attributes:
        actions: [B, k] int64 positions of the candidates; -1 where none was left.
        propensities: [B, k] float64 probability of each action given those above it, so that the
            product over a row is the probability of the slate; 1 where none was left.
    """

    actions: IntArray
    propensities: FloatArray


class SlotPolicy(ABC):
    """A policy that fills one slot by values; further slots by the same rule among what is left."""

    @abstractmethod
    def probabilities(self, values: FloatArray, mask: BoolArray | None = None) -> FloatArray:
        """Probability of each candidate for one slot.

        Args:
            values: [B, n], higher is better; -inf where a candidate is not permitted.
            mask: [B, n] whether each is permitted; None for all with a value above -inf.

        Returns:
            [B, n] float64; rows sum to 1, or are 0 where nothing is permitted.

        Raises:
            InputError: a shape differs, or a value is NaN or inf.
        """

    def choose(
        self, values: FloatArray, draws: Draws, k: int = 1, mask: BoolArray | None = None
    ) -> Choice:
        """Fills k slots of each decision.

        Args:
            values: [B, n] as for `probabilities`.
            draws: random numbers of the B decisions.
            k: slots; those for which no permitted candidate is left stay empty.
            mask: as for `probabilities`.

        Raises:
            InputError: as `probabilities`, or k is below 1.
        """
        scores, left = permitted(values, mask)
        if k < 1 or len(draws) != len(scores):
            raise InputError(
                f"k: expected at least 1 slot and draws for {len(scores)} decisions, got {k} and "
                f"{len(draws)}"
            )
        uniform = draws.uniforms(k, CHOICE_STREAM)
        rows = np.arange(len(scores))
        actions = np.full((len(scores), k), -1, np.int64)
        propensities = np.ones((len(scores), k))
        for slot in range(k):
            open_rows = rows[left.any(axis=1)]
            chances = self.probabilities(scores[open_rows], left[open_rows])
            action = draw(chances, uniform[open_rows, slot])
            actions[open_rows, slot] = action
            propensities[open_rows, slot] = chances[np.arange(len(action)), action]
            left[open_rows, action] = False
        return Choice(actions=actions, propensities=propensities)

    def propensities(
        self, values: FloatArray, actions: IntArray, mask: BoolArray | None = None
    ) -> FloatArray:
        """The probability with which this policy would have filled slots as they were.

        Args:
            values: [B, n] as for `probabilities`.
            actions: [B, k] as in `Choice`.
            mask: as for `probabilities`.

        Returns:
            [B, k] float64 as in `Choice`; 0 where an action is not permitted, or repeats.
        """
        scores, left = permitted(values, mask)
        chances = np.ones(actions.shape)
        for slot in range(actions.shape[1]):
            filled = np.flatnonzero(actions[:, slot] >= 0)
            action = actions[filled, slot]
            chances[filled, slot] = self.probabilities(scores[filled], left[filled])[
                np.arange(len(filled)), action
            ]
            left[filled, action] = False
        return chances


def permitted(values: FloatArray, mask: BoolArray | None) -> tuple[FloatArray, BoolArray]:
    """Values [B, n] float64 and a new mask [B, n] of what may be chosen.

    Raises:
        InputError: a shape differs, or a permitted value is NaN or inf.
    """
    scores = np.asarray(values, np.float64)
    if scores.ndim != 2:
        raise InputError(f"values: expected [decisions, candidates], got {list(scores.shape)}")
    allowed = np.ones(scores.shape, bool) if mask is None else np.array(mask, bool)
    if allowed.shape != scores.shape:
        raise InputError(f"mask: expected shape {list(scores.shape)}, got {list(allowed.shape)}")
    bad = np.argwhere(allowed & (np.isnan(scores) | (scores == np.inf)))
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"values: expected finite numbers, or -inf for what is not permitted, got "
            f"{scores[row, column]} for candidate {column} of decision {row}"
        )
    return scores, allowed & (scores > -np.inf)


def draw(chances: FloatArray, uniform: FloatArray) -> IntArray:
    """A column [B] int64 of each row of probabilities [B, n]; never one of probability 0."""
    cumulative = chances.cumsum(axis=1)
    total = cumulative[:, -1]
    # Rounding must not carry the product up to the total, past the last probability above 0.
    drawn = np.minimum(uniform * total, np.nextafter(total, 0))
    return np.asarray((cumulative <= drawn[:, None]).sum(axis=1), np.int64)
