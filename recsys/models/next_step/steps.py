"""What customers did next, and how often the same was done in similar cases before."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.temporal_counts import EventHistory


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """Moments at which customers did one or more of A things.

    Attributes:
        customers: [N] row numbers.
        moments: [N] int64 moment of each prediction; only events strictly before it are known.
        answered: [N] int64 moments at which the step was made, not before `moments`.
        answers: [N, A] bool, what was done.
    """

    customers: IntArray
    moments: IntArray
    answered: IntArray
    answers: BoolArray

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, keep: BoolArray | IntArray) -> "Steps":
        """The steps that a mask [N] keeps, or those at the given positions."""
        return Steps(
            customers=self.customers[keep],
            moments=self.moments[keep],
            answered=self.answered[keep],
            answers=self.answers[keep],
        )


def shares(
    steps: Steps, cells: IntArray, rows: IntArray, prior: float, towards: FloatArray | float
) -> FloatArray:
    """Share [n, A] of each answer among those given in the same cell before the moment.

    share = (answers of the kind + prior x towards) / (answers + prior), over the answers of the
    cell that were given strictly before the moment of the prediction. With a single cell this is
    popularity; with the last thing done as the cell it is a Markov chain.

    Args:
        steps: [N] all steps, before and after the predictions.
        cells: [N] cell of each step, not negative.
        rows: [n] positions of the steps to predict.
        prior: weight of `towards`, in answers, above 0.
        towards: [n, A], or one number for all: the share in a cell without answers.
    """
    width = steps.answers.shape[1]
    given, answer = np.nonzero(steps.answers)
    keys = cells[rows].astype(np.int64)[:, None] * width + np.arange(width)
    history = EventHistory(cells[given].astype(np.int64) * width + answer, steps.answered[given])
    counts = history.count(keys.ravel(), np.repeat(steps.moments[rows], width)).reshape(keys.shape)
    totals = counts.sum(axis=1, keepdims=True)
    smoothed: FloatArray = (counts + prior * towards) / (totals + prior)
    return smoothed
