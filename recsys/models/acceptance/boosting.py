"""Gradient boosting on histograms by scikit-learn (Ke et al., LightGBM, 2017)."""

from typing import Self

from recsys.arrays import FloatArray, IntArray
from recsys.models.acceptance.features import Features
from recsys.models.base import require_range


class Boosting:
    """Predicts acceptance by boosted trees; missing values go to the better side of a split.

    Args:
        trees: number of trees.
        learning_rate: weight of each tree, above 0 and at most 1.
        leaves: maximal number of leaves per tree.
        least: minimal number of sends per leaf.
        l2: weight of the squared leaf values.
        seed: of the subsample that bin edges are computed from.

    Raises:
        InputError: an argument is out of range.
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
        # Imported late: it takes long.
        from sklearn.ensemble import HistGradientBoostingClassifier

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
        """Fits the features of N sends to their outcomes [N], 1 or 0."""
        self.names = features.names
        self.model.fit(features.values, outcome)
        return self

    def probability(self, features: Features) -> FloatArray:
        """Probability [S] float64 of acceptance.

        Raises:
            ValueError: the columns are not those of the fit.
        """
        if features.names != self.names:
            raise ValueError("boosting: expected the columns that it was fitted on")
        probabilities: FloatArray = self.model.predict_proba(features.values)
        return probabilities[:, 1]
