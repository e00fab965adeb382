"""Statistics of probabilities, for many weightings of the same events at once.

Resampling customers only changes how often an event counts: column r of `weights` [N, R] holds that
for resample r, and every function returns [R] values. `p` [N] are the probabilities, `y` [N] the
outcomes, 0 or 1.
"""

import numpy as np
from scipy.special import expit, logit

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.metrics.ranking import ratio
from recsys.ops.events import inside

_STEPS = 12
_LARGEST_STEP = 2.0


def ranking(p: FloatArray, y: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Area under the ROC curve, and average precision, of all events as one ranking.

    auc = P(p of an accepted event > p of another) + P(equal) / 2 (Hanley and McNeil, 1982);
    average precision = sum_l (recall_l - recall_(l - 1)) precision_l over the distinct levels l of
    p from the highest, as scikit-learn has it: equal forecasts enter together.

    Returns:
        Two arrays [R]; nan where only one of the outcomes is there.
    """
    order = np.argsort(-p, kind="stable")
    levels = np.flatnonzero(np.diff(p[order], prepend=np.inf))
    ranked, came = weights[order], y[order, None]
    hits = np.add.reduceat(ranked * came, levels, axis=0)
    misses = np.add.reduceat(ranked * (1 - came), levels, axis=0)
    hits_above, misses_above = hits.cumsum(axis=0), misses.cumsum(axis=0)
    positives, negatives = hits_above[-1], misses_above[-1]
    # Misses below a level, and half of those at it.
    beaten = negatives - misses_above + misses / 2
    auc = ratio((hits * beaten).sum(axis=0), positives * negatives)
    listed = hits_above + misses_above
    precision = np.divide(hits_above, listed, out=np.zeros_like(hits_above), where=hits > 0)
    return auc, ratio((hits * precision).sum(axis=0), positives)


def brier_skill(p: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
    """1 - Brier score / that of the events' overall rate; above 0 better than any constant.

    The rate is that of the events themselves, the best of all constants, which is not known when
    forecasts are made.
    """
    total = weights.sum(axis=0)
    rate = ratio(y @ weights, total)
    score = ratio((p - y) ** 2 @ weights, total)
    return 1 - ratio(score, rate * (1 - rate))


def calibration_error(
    p: FloatArray, y: FloatArray, weights: FloatArray, bins: IntArray
) -> FloatArray:
    """`expected_calibration_error` over given bins [N] of events.

    In resamples it lies above the estimate, because noise in a bin never cancels: the lower end of
    its interval is too high.
    """
    member = bins == np.arange(int(bins.max()) + 1)[:, None]
    excess = (member * (p - y)) @ weights
    return ratio(np.abs(excess).sum(axis=0), weights.sum(axis=0))


def slopes(p: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
    """The slope of `calibration_slope`.

    All resamples take Newton's steps together, cut to 2 so that none overshoots; nan where one has
    not converged after a dozen.
    """
    x = logit(inside(p))
    line = np.zeros((2, weights.shape[1]))
    step = np.full_like(line, np.inf)
    x = x - x.mean()
    for _ in range(_STEPS):
        chance = expit(line[0] + np.outer(x, line[1]))
        miss, weight = weights * (y[:, None] - chance), weights * chance * (1 - chance)
        level, tilt, bend = weight.sum(axis=0), x @ weight, x**2 @ weight
        up, turn = miss.sum(axis=0), x @ miss
        volume = level * bend - tilt**2
        step = np.stack(
            [ratio(bend * up - tilt * turn, volume), ratio(level * turn - tilt * up, volume)]
        )
        line = line + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        if np.nanmax(np.abs(step), initial=0) < 1e-8:
            break
    return np.where(np.abs(step[1]) < 1e-3, line[1], np.nan)
