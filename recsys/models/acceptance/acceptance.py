"""Calibrated probabilities of acceptance: a learner and its calibrator."""

from typing import Protocol, Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.recalibration import FITS
from recsys.models.acceptance.features import Features
from recsys.models.base import require_range
from recsys.ops.calibrator import Calibrator


class Learner(Protocol):
    """A classifier of sends, as `Pairwise` and `Boosting`; `fit` starts anew at each call."""

    def fit(self, features: Features, outcome: IntArray) -> Self:
        """Fits the features of N sends to their outcomes [N], 1 or 0."""
        ...

    def probability(self, features: Features) -> FloatArray:
        """Probability [S] float64 of acceptance, for sends with the columns of the fit."""
        ...


class Acceptance:
    """Calibrated probabilities of acceptance.

    The calibrator is fitted by cross-validation: customers are split into folds, a learner fitted
    on the other folds predicts each of them, and one calibrator is fitted on all these predictions.
    The learner is then fitted again on all sends. So no send is lost to calibration, and no
    customer is predicted by a learner that saw them.

    Args:
        learner: the classifier to calibrate.
        calibration: "platt" or "isotonic".
        folds: number of folds of customers, at least 2.
        seed: of the split into folds.

    Raises:
        InputError: an argument is out of range.
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
        """Fits learner and calibrator to resolved sends.

        Args:
            features: of N sends.
            outcome: [N] 1 (accepted) or 0.
            customers: [N] customer row numbers.

        Raises:
            InputError: an outcome is neither 1 nor 0, or fewer sends than folds were accepted, or
                not accepted.
        """
        _require_both(outcome, self.folds)
        held_out = np.empty(len(outcome))
        fold = self._folds_of(customers)
        for number in range(self.folds):
            inside = fold == number
            learner = self.learner.fit(features.select(~inside), outcome[~inside])
            held_out[inside] = learner.probability(features.select(inside))
        self.calibrator: Calibrator = FITS[self.calibration](held_out, outcome)
        self.learner.fit(features, outcome)
        return self

    def probability(self, features: Features) -> FloatArray:
        """Calibrated probability [S] float64 of acceptance, for the columns of the fit."""
        return self.calibrator(self.learner.probability(features))

    def _folds_of(self, customers: IntArray) -> IntArray:
        """[N] fold of each send; all sends of a customer are in one fold."""
        distinct, position = np.unique(customers, return_inverse=True)
        order = np.random.default_rng(self.seed).permutation(len(distinct))
        return (order % self.folds)[position]


def _require_both(outcome: IntArray, folds: int) -> None:
    if not np.isin(outcome, (0, 1)).all():
        raise InputError("acceptance: expected outcomes 1 or 0; leave out sends without an outcome")
    accepted = int((outcome == 1).sum())
    for name, count in (("accepted", accepted), ("not accepted", len(outcome) - accepted)):
        if count < folds:
            raise InputError(
                f"acceptance: expected at least {folds} resolved sends that were {name}, got "
                f"{count}; take a later moment or more sends"
            )
