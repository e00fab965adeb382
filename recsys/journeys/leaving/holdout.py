"""How good probabilities of leaving were, at a moment after everything that was fitted."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.evaluation.forecasts import Forecasts, forecasts
from recsys.evaluation.reliability import Reliability, reliability
from recsys.journeys.leaving.learn import EVERY, LOOKS, learn_leaving
from recsys.journeys.leaving.observe import FEATURES, looks

MODEL, SILENCE, RATE = "model", "silence alone", "rate"
_SINCE = FEATURES.index("days_since_event")


@dataclass(frozen=True, kw_only=True, eq=False)
class LeavingScores:
    """Probabilities of leaving at one moment, and what came.

    Attributes:
        days: within which somebody who leaves does nothing.
        customers: [N] row numbers of the customers who were active.
        left: [N] bool.
        probabilities: of the model, [N].
        scores: of the model, of the silence alone, and of the rate of the past for everybody.
        calibration: of the model.
    """

    days: int
    customers: IntArray
    left: BoolArray
    probabilities: FloatArray
    scores: Forecasts
    calibration: Reliability


def hold_out_leaving(data: Dataset, moment: int, days: int, resamples: int = 200) -> LeavingScores:
    """Fits on what was before a moment, and scores what customers did in the days after it.

    Args:
        data: that reach `days` beyond the moment.
        moment: UTC microseconds.
        days: at least 1.
        resamples: of customers, for intervals.

    Raises:
        InputError: as `learn_leaving`; or the data end too early, or nobody left, or everybody.
    """
    # Imported late: it takes long.
    from sklearn.linear_model import LogisticRegression

    _, end = data.times("intent to leave")
    if moment + days * DAY > end:
        raise InputError(
            f"days: expected at most {(end - moment) // DAY}, which is how far the data "
            f"reach, got {days}"
        )
    before = data.before(moment)
    model = learn_leaving(before, moment, days)
    seen = looks(data, [moment], days)
    if seen.left.all() or not seen.left.any():
        raise InputError(
            f"days: expected that some customers leave within {days} days and others stay, got "
            f"{int(seen.left.sum()):,} of {len(seen.left):,}; set other days"
        )
    past = looks(before, [moment - (days + EVERY * back) * DAY for back in range(LOOKS)], days)
    line = LogisticRegression().fit(np.log1p(past.values[:, [_SINCE]]), past.left)
    chances = {
        MODEL: model.probability(seen),
        SILENCE: line.predict_proba(np.log1p(seen.values[:, [_SINCE]]))[:, 1],
        RATE: np.full(len(seen.left), past.left.mean()),
    }
    return LeavingScores(
        days=days,
        customers=seen.customers,
        left=seen.left,
        probabilities=chances[MODEL],
        scores=forecasts(chances, seen.left, seen.customers, resamples=resamples),
        calibration=reliability(chances[MODEL], seen.left, seen.customers, resamples=resamples),
    )
