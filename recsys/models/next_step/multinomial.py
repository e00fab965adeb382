"""Multinomial logistic regression from features of steps to what is done next."""

from typing import Self

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.models.acceptance.features import Features
from recsys.models.base import require_range


class Multinomial:
    """Predicts which of A things a customer does next.

    A step with several answers becomes one example for each answer, and these weigh 1 together. The
    predicted probability is that an answer drawn at random from those of a step is this one.
    Columns are standardised. The problem is convex: the same steps give the same model, without a
    seed.

    Args:
        l2: weight of half the squared coefficients, where a step weighs 1.
    """

    def __init__(self, *, l2: float = 100.0) -> None:
        require_range("l2", l2, 0, open_low=True)
        self.l2 = l2

    def fit(self, features: Features, answers: BoolArray) -> Self:
        """Fits the model.

        Args:
            features: of N steps.
            answers: [N, A] bool, what was done at each step; at least two of the A occur.
        """
        # Imported late: it takes long.
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

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
        """Probability [n, A] float64 of each answer; rows sum to 1, unseen answers have 0.

        Raises:
            ValueError: the columns are not those of the fit.
        """
        if features.names != self.names:
            raise ValueError("multinomial: expected the columns that it was fitted on")
        probabilities = np.zeros((len(features), self.width))
        probabilities[:, self.regression.classes_] = self.regression.predict_proba(
            self.scaler.transform(features.values)
        )
        return probabilities
