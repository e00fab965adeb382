"""Multinomial logistic regression from features of steps to what is done next."""

from typing import Self

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from recsys.arrays import BoolArray, FloatArray
from recsys.models.acceptance.features import Features
from recsys.models.base import require_range


class Multinomial:
    """A step with several answers is one example an answer, and they weigh 1 together.

    What is learnt is the chance that an answer, taken at random from those of a step, is this one.
    Columns are standardised. Convex: the same steps give the same model, without a seed.

    Args:
        l2: weight of half the squared coefficients, where a step weighs 1.
    """

    def __init__(self, *, l2: float = 100.0) -> None:
        require_range("l2", l2, 0, open_low=True)
        self.l2 = l2

    def fit(self, features: Features, answers: BoolArray) -> Self:
        """Learns from features of N steps and their answers [N, A], two or more of which occur."""
        self.names, self.width = features.names, answers.shape[1]
        step, answer = np.nonzero(answers)
        self.scaler = StandardScaler().fit(features.values)
        regression = LogisticRegression(C=1 / self.l2, max_iter=1_000)
        self.regression = regression.fit(
            self.scaler.transform(features.values)[step],
            answer,
            sample_weight=1 / answers.sum(axis=1)[step],
        )
        return self

    def probabilities(self, features: Features) -> FloatArray:
        """[n, A] float64, rows sum to 1; 0 for an answer that never occurred."""
        if features.names != self.names:
            raise ValueError("multinomial: expected the columns that it was fitted on")
        found = np.zeros((len(features), self.width))
        found[:, self.regression.classes_] = self.regression.predict_proba(
            self.scaler.transform(features.values)
        )
        return found
