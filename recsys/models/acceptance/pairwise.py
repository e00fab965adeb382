"""Logistic regression in the pairwise form: customer x offer, customer x touchpoint, offer x touch.

With feature vectors c, p and t of the three, and s of the send,

    logit P(accept) = a + b.(c, p, t, s) + c' A p + c' B t + p' C t

which is the form s(c, p, t) = c.p + c.t + p.t of the touchpoint models with features in place of
learnt vectors. A, B and C are fitted by logistic loss with a squared penalty,

    sum_i loss_i + l2 / 2 (|b|^2 + (|A|^2 + |B|^2 + |C|^2) / crossed^2).

The problem is convex: the same sends give the same model, without a seed.
"""

from typing import Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.models.acceptance.features import Features
from recsys.models.base import require_range

_CLIP = 4.0
"""Standardised values are clipped to this, so that outliers do not dominate a linear model."""

_CROSSED = (("customer", "offer"), ("customer", "touchpoint"), ("offer", "touchpoint"))


class Pairwise:
    """Predicts acceptance by logistic regression with crossed columns.

    Columns are standardised. A missing value becomes the mean, and columns with missing values get
    an indicator column.

    Args:
        l2: weight of the squared coefficients, above 0.
        crossed: scale of the crossed columns, from 0 (none) to 1 (penalised like the others).

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(self, *, l2: float = 100.0, crossed: float = 0.3) -> None:
        require_range("l2", l2, 0, open_low=True)
        require_range("crossed", crossed, 0, 1)
        self.l2, self.crossed = l2, crossed

    def fit(self, features: Features, outcome: IntArray) -> Self:
        """Fits the features of N sends to their outcomes [N], 1 or 0; both occur."""
        # Imported late: it takes long.
        from sklearn.linear_model import LogisticRegression

        values = features.values
        self.names = features.names
        known = ~np.isnan(values)
        count = np.maximum(known.sum(axis=0), 1)
        self.centre = np.where(known, values, 0).sum(axis=0) / count
        squares = np.where(known, values - self.centre, 0) ** 2
        spread = np.sqrt(squares.sum(axis=0) / count)
        self.spread = np.where(spread > 0, spread, 1.0)
        self.flagged = ~known.all(axis=0)
        regression = LogisticRegression(C=1 / self.l2, max_iter=1_000)
        self.regression = regression.fit(self._columns(features), outcome)
        return self

    def probability(self, features: Features) -> FloatArray:
        """Probability [S] float64 of acceptance.

        Raises:
            ValueError: the columns are not those of the fit.
        """
        probabilities: FloatArray = self.regression.predict_proba(self._columns(features))
        return probabilities[:, 1]

    def _columns(self, features: Features) -> FloatArray:
        if features.names != self.names:
            raise ValueError("pairwise: expected the columns that it was fitted on")
        missing = np.isnan(features.values)
        values = np.clip((features.values - self.centre) / self.spread, -_CLIP, _CLIP)
        values[missing] = 0
        blocks = [values, missing[:, self.flagged]]
        if self.crossed:
            for left, right in _CROSSED:
                a, b = values[:, features.of(left)], values[:, features.of(right)]
                products = a[:, :, None] * b[:, None, :]
                blocks.append(self.crossed * products.reshape(len(values), -1))
        return np.hstack(blocks)
