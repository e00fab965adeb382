"""Refresh, replace, or keep: the policy of a retraining.

- *refresh*: the champion's settings on newer data become the champion unless they are significantly
  worse than the stored answers of the champion's artifact.
- *replace*: other settings become the champion only if they win over the champion's settings,
  fitted on the same new windows, and are not significantly worse than the stored answers either.

All on the new test window, which no choice has seen, paired by customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.paired import Difference, Verdict, paired_difference
from recsys.evaluation.pairwise import holm_adjusted, pairwise

Kind: TypeAlias = Literal["first", "refresh", "replace", "keep"]

LEVEL = 0.95
_RESAMPLES = 10_000


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A challenger against the champion's settings, fitted on the same windows.

    Attributes:
        label: of the challenger.
        difference: challenger - champion's settings, with an interval of 95 % for this pair alone.
        p_holm: two-sided p-value, corrected for the number of challengers by Holm's procedure.
        verdict: "win", "tie" or "loss" at the level of the decision.
        valid: its metric on valid, by which winners are chosen.
    """

    label: str
    difference: Difference
    p_holm: float
    verdict: Verdict
    valid: float


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of the champion.

    Attributes:
        kind: "keep", or what the new version is.
        label: of the member that is exported; the champion's settings where nothing is.
        against_stored: that member - stored answers; None for a first champion.
        readings: of the challengers.
        level: of the readings' verdicts, as a family.
    """

    kind: Kind
    label: str
    against_stored: Difference | None = None
    readings: Sequence[Reading] = ()
    level: float = LEVEL


def decide(
    values: Mapping[str, FloatArray],
    stored: FloatArray,
    customers: IntArray,
    valid: Mapping[str, float],
    earlier: int = 0,
) -> Decision:
    """Decides by the policy of this module.

    Args:
        values: label -> [Q] a metric on test, the champion's settings first.
        stored: [Q] the same of the stored answers.
        customers: [Q] of each query, numbered from 0.
        valid: label -> the metric on valid.
        earlier: number of comparisons with challengers on this window before; each further one is a
            choice that has seen the window: the nth is at 1 - .05 / n.
    """
    champion = next(iter(values))
    level = 1 - (1 - LEVEL) / (1 + earlier)
    readings = _readings(values, customers, valid, level)
    wins = [reading for reading in readings if reading.verdict == "win"]
    for reading in sorted(wins, key=lambda reading: -reading.valid):
        difference = _difference(values[reading.label], stored, customers)
        if difference.verdict != "loss":
            return Decision(
                kind="replace", label=reading.label, against_stored=difference,
                readings=readings, level=level,
            )  # fmt: skip
    difference = _difference(values[champion], stored, customers)
    return Decision(
        kind="keep" if difference.verdict == "loss" else "refresh",
        label=champion,
        against_stored=difference,
        readings=readings,
        level=level,
    )


def _readings(
    values: Mapping[str, FloatArray],
    customers: IntArray,
    valid: Mapping[str, float],
    level: float,
) -> list[Reading]:
    champion, *challengers = values
    if not challengers:
        return []
    pairs = pairwise(np.column_stack(list(values.values())), customers, resamples=_RESAMPLES)
    adjusted = holm_adjusted(pairs.p_values[pairs.first == 0])
    readings = []
    for label, p_holm in zip(challengers, adjusted.tolist(), strict=True):
        difference = _difference(values[label], values[champion], customers)
        is_decided = p_holm < 1 - level
        sign: Verdict = "win" if difference.mean > 0 else "loss"
        readings.append(
            Reading(
                label=label,
                difference=difference,
                p_holm=p_holm,
                verdict=sign if is_decided else "tie",
                valid=valid[label],
            )
        )
    return readings


def _difference(a: FloatArray, b: FloatArray, customers: IntArray) -> Difference:
    return paired_difference(a, b, customers, resamples=_RESAMPLES, level=LEVEL)
