"""What customers did next, and how often the same was done in like cases before."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.temporal_counts import earlier


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """Moments at which customers did one or more of A things.

    Attributes:
        customers: [N] row numbers.
        asked: [N] int64 moments; what lies strictly before is known.
        answered: [N] int64 moments at which it was done, not before `asked`.
        answers: [N, A] bool, what was done.
    """

    customers: IntArray
    asked: IntArray
    answered: IntArray
    answers: BoolArray

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, keep: BoolArray | IntArray) -> "Steps":
        """Those that a mask [N] keeps, or that positions name."""
        return Steps(
            customers=self.customers[keep],
            asked=self.asked[keep],
            answered=self.answered[keep],
            answers=self.answers[keep],
        )


def shares(
    steps: Steps, cells: IntArray, rows: IntArray, prior: float, towards: FloatArray | float
) -> FloatArray:
    """[n, A] share of each answer among those given in the same cell before the moment.

    share = (answers of the kind + prior x towards) / (answers + prior), over the answers of the
    cell that came strictly before the step was asked. With one cell it is popularity, with what
    was done last a Markov chain.

    Args:
        steps: [N] all that is known, now or later.
        cells: [N] cell of each, not negative.
        rows: [n] positions of the steps that are asked.
        prior: weight of `towards`, in answers, above 0.
        towards: [n, A] or one for all: the share in a cell without answers.
    """
    width = steps.answers.shape[1]
    given, answer = np.nonzero(steps.answers)
    asked = cells[rows].astype(np.int64)[:, None] * width + np.arange(width)
    counts = earlier(
        cells[given].astype(np.int64) * width + answer,
        steps.answered[given],
        asked.ravel(),
        np.repeat(steps.asked[rows], width),
    ).reshape(asked.shape)
    found: FloatArray = (counts + prior * towards) / (counts.sum(axis=1, keepdims=True) + prior)
    return found
