"""Gradient boosting of trees on histograms, as scikit-learn has it (Ke et al., LightGBM, 2017)."""

from typing import Self

from sklearn.ensemble import HistGradientBoostingClassifier

from recsys.arrays import FloatArray, IntArray
from recsys.models.acceptance.features import Features
from recsys.models.base import require_range


class Boosting:
    """The learner; missing values take the side that serves them best.

    Args:
        trees: how many.
        learning_rate: weight of each.
        leaves: at most, of each.
        least: sends in a leaf, at least.
        l2: weight of the squared leaf values.
        seed: of the cut points where there are too many sends to see all.
    """

    def __init__(
        self,
        *,
        trees: int = 300,
        learning_rate: float = 0.04,
        leaves: int = 15,
        least: int = 60,
        l2: float = 1.0,
        seed: int = 0,
    ) -> None:
        require_range("trees", trees, 1)
        require_range("learning_rate", learning_rate, 0, 1, open_low=True)
        require_range("leaves", leaves, 2)
        require_range("least", least, 1)
        require_range("l2", l2, 0)
        self.model = HistGradientBoostingClassifier(
            max_iter=trees,
            learning_rate=learning_rate,
            max_leaf_nodes=leaves,
            min_samples_leaf=least,
            l2_regularization=l2,
            early_stopping=False,
            random_state=seed,
        )

    def fit(self, features: Features, outcome: IntArray) -> Self:
        """Learns from sends [N] with outcomes [N] 1 or 0."""
        self.names = features.names
        self.model.fit(features.values, outcome)
        return self

    def probability(self, features: Features) -> FloatArray:
        """[S] float64 of sends with the same columns."""
        if features.names != self.names:
            raise ValueError("boosting: expected the columns that it was fitted on")
        found: FloatArray = self.model.predict_proba(features.values)[:, 1]
        return found
