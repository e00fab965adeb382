"""A learner and its calibrator as one model of acceptance."""

from typing import Protocol, Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.recalibration import FITS
from recsys.models.acceptance.features import Features
from recsys.models.base import require_range
from recsys.ops.calibrator import Calibrator


class Learner(Protocol):
    """Anything that turns features into probabilities; `fit` forgets what it learnt before."""

    def fit(self, features: Features, outcome: IntArray) -> Self:
        """Learns from sends [N] with outcomes [N] 1 or 0."""
        ...

    def probability(self, features: Features) -> FloatArray:
        """[S] float64 of sends with the same columns."""
        ...


class Acceptance:
    """Calibrated probabilities of acceptance.

    A calibrator is fitted on what the learner has not seen: customers are dealt into folds, those
    of each are predicted by a learner of the others, and one calibrator is fitted on all these
    predictions. The learner is then fitted again on everybody. So no send is lost to calibration,
    and no customer vouches for themselves.

    Args:
        learner: what is calibrated.
        calibration: "platt" or "isotonic".
        folds: of customers.
        seed: of the dealing.
    """

    def __init__(
        self, learner: Learner, *, calibration: str = "platt", folds: int = 5, seed: int = 0
    ) -> None:
        if calibration not in FITS:
            raise InputError(
                f"model.calibration: expected {' or '.join(FITS)}, got '{calibration}'"
            )
        require_range("folds", folds, 2)
        self.learner, self.calibration = learner, calibration
        self.folds, self.seed = folds, seed

    def fit(self, features: Features, outcome: IntArray, customers: IntArray) -> Self:
        """Learns from sends that are resolved.

        Args:
            features: of N sends.
            outcome: [N] 1 or 0.
            customers: [N] row numbers.

        Raises:
            InputError: an outcome is none, or there are too few acceptances or others to learn.
        """
        _require_both(outcome, self.folds)
        held_out = np.empty(len(outcome))
        fold = self._deal(customers)
        for number in range(self.folds):
            inside = fold == number
            rest = self.learner.fit(features.select(~inside), outcome[~inside])
            held_out[inside] = rest.probability(features.select(inside))
        self.calibrator: Calibrator = FITS[self.calibration](held_out, outcome)
        self.learner.fit(features, outcome)
        return self

    def probability(self, features: Features) -> FloatArray:
        """[S] float64 calibrated probability of acceptance."""
        return self.calibrator(self.learner.probability(features))

    def _deal(self, customers: IntArray) -> IntArray:
        """[N] fold of each send; all of a customer share one."""
        people, person = np.unique(customers, return_inverse=True)
        order = np.random.default_rng(self.seed).permutation(len(people))
        fold: IntArray = (order % self.folds)[person]
        return fold


def _require_both(outcome: IntArray, folds: int) -> None:
    if not np.isin(outcome, (0, 1)).all():
        raise InputError("acceptance: expected outcomes 1 or 0; leave out sends that are not told")
    accepted = int((outcome == 1).sum())
    for name, count in (("accepted", accepted), ("not accepted", len(outcome) - accepted)):
        if count < folds:
            raise InputError(
                f"acceptance: expected at least {folds} resolved sends that were {name}, got "
                f"{count}; take a later moment or more sends"
            )
