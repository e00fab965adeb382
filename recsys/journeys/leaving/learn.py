"""`learn_leaving`: fits the probability that a customer leaves, on what former customers did."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.evaluation.metrics.probability import log_loss
from recsys.evaluation.recalibration import fit_platt
from recsys.journeys.boosting import fit_trees
from recsys.journeys.leaving.observe import Looks, looks
from recsys.ops.calibrator import Platt
from recsys.ops.trees import Trees

LOOKS = 6
"""Moments that a fit looks at, `EVERY` days apart."""
EVERY = 30
FEWEST = 50
"""Customers who left, and who stayed, that a fit needs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LeavingModel:
    """The hazard of leaving: the probability of nothing more within some days.

    Attributes:
        days: the days.
        trees: of who stays and who leaves.
        calibrator: of their probabilities; None where they stay as they are.
    """

    days: int
    trees: Trees
    calibrator: Platt | None = None

    def probability(self, seen: Looks) -> FloatArray:
        """[N] float64 that each customer does nothing in the days after the moment."""
        chance: FloatArray = self.trees.probabilities(seen.values)[:, 1]
        return chance if self.calibrator is None else self.calibrator(chance)


def learn_leaving(data: Dataset, end: int, days: int) -> LeavingModel:
    """A discrete-time model of leaving (Allison, 1982) by boosting on person-periods.

    Each customer who was active counts once at each of `LOOKS` moments, the last of them `days`
    before the end. Where more and more customers leave, the rate of the past is too low: then the
    latest moment calibrates what was fitted on those before it. Whether it does is chosen by the
    log loss at the latest moment after the same was done one moment earlier. The settings were
    chosen on valid windows of the market, CDNOW and complete_journey.

    Args:
        data: events before `end`, with timestamps.
        end: UTC microseconds.
        days: within which somebody who leaves does nothing, at least 1.

    Raises:
        InputError: the data are too short, or too few customers left or stayed.
    """
    when = data.interactions.when
    first = int(when.min()) if when is not None and len(when) else end
    last = end - days * DAY
    moments = [moment for moment in (last - back * EVERY * DAY for back in range(LOOKS))
               if moment - first >= EVERY * DAY]  # fmt: skip
    if not moments:
        raise InputError(
            f"days: expected at most {max((end - first) // DAY - EVERY, 0)}, so that a month of "
            f"events lies before the days that a fit needs, got {days}"
        )
    seen = looks(data, moments, days)
    left = int(seen.left.sum())
    if not FEWEST <= left <= len(seen.left) - FEWEST:
        raise InputError(
            f"days: expected at least {FEWEST} customers who left within {days} days and as many "
            f"who stayed, got {left:,} of {len(seen.left):,}; set other days"
        )
    if len(moments) > 2 and _recalibration_helps(seen, moments):
        trees, calibrator = _calibrated(seen, moments[0])
        return LeavingModel(days=days, trees=trees, calibrator=calibrator)
    return LeavingModel(days=days, trees=_fit(seen, np.ones(len(seen.left), dtype=bool)))


def _recalibration_helps(seen: Looks, moments: Sequence[int]) -> bool:
    latest, before = moments[:2]
    is_latest = seen.moments == latest
    outcome = seen.left[is_latest]
    if not all(_has_both(seen, mask) for mask in
               (seen.moments < before, seen.moments == before, is_latest)):  # fmt: skip
        return False
    trees, calibrator = _calibrated(seen, before)
    plain = trees.probabilities(seen.values[is_latest])[:, 1]
    losses = [log_loss(chance, outcome).mean() for chance in (plain, calibrator(plain))]
    return bool(losses[1] < losses[0])


def _has_both(seen: Looks, mask: BoolArray) -> bool:
    return bool(seen.left[mask].any() and not seen.left[mask].all())


def _calibrated(seen: Looks, moment: int) -> tuple[Trees, Platt]:
    """Trees of the looks before a moment, and the line that calibrates them at it."""
    trees = _fit(seen, seen.moments < moment)
    at = seen.moments == moment
    return trees, fit_platt(trees.probabilities(seen.values[at])[:, 1], seen.left[at])


def _fit(seen: Looks, chosen: BoolArray) -> Trees:
    return fit_trees(
        seen.values[chosen], seen.left[chosen].astype(np.int64),
        trees=60, learning_rate=0.06, leaves=6, least=60,
    )  # fmt: skip
