"""Boosted trees as arrays give the probabilities of the library that fitted them."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from recsys.errors import InputError
from recsys.journeys.boosting import fit_trees
from recsys.ops.trees import Trees, restored

STUMP = Trees(
    feature=np.array([0, -1, -1], np.int32),
    threshold=np.array([2.5, 0, 0]),
    left=np.array([1, 1, 2], np.int32),
    right=np.array([2, 1, 2], np.int32),
    missing_left=np.array([False, False, False]),
    value=np.array([0.0, np.log(3), 0]),
    roots=np.array([[0, 2]], np.int32),
    baseline=np.zeros(2),
)
"""At most 2.5: the odds of class 0 are 3 to 1; else, and where missing, 1 to 1."""


def test_probabilities_worked_by_hand() -> None:
    chances = STUMP.probabilities(np.array([[2.5], [2.6], [np.nan]]))
    np.testing.assert_allclose(chances, [[3 / 4, 1 / 4], [1 / 2, 1 / 2], [1 / 2, 1 / 2]])


@pytest.mark.parametrize("classes", [2, 3])
def test_they_are_those_of_scikit_learn_also_for_missing_values(classes: int) -> None:
    random = np.random.default_rng(classes)
    values = random.normal(size=(3_000, 4))
    values[random.random(values.shape) < 0.2] = np.nan
    values[:, 3] = np.nan  # a column without any value
    label = (np.nan_to_num(values[:, 0]) + random.normal(0, 0.5, 3_000) > 0).astype(np.int64)
    label += (classes == 3) * (np.nan_to_num(values[:, 1]) > 0.3)
    settings = {"learning_rate": 0.1, "max_leaf_nodes": 7, "min_samples_leaf": 20}
    peer = HistGradientBoostingClassifier(max_iter=20, early_stopping=False, **settings)
    peer.fit(values[:, :3], label)
    trees = fit_trees(values, label, trees=20, learning_rate=0.1, leaves=7, least=20)
    np.testing.assert_allclose(trees.probabilities(values), peer.predict_proba(values[:, :3]))
    again = restored("t_", trees.arrays("t_"))
    np.testing.assert_array_equal(again.margins(values), trees.margins(values))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left", np.array([0, 1, 2], np.int32)),  # walks in a circle
        ("left", np.array([9, 1, 2], np.int32)),
        ("roots", np.array([[0, 3]], np.int32)),
        ("threshold", np.array([np.nan, 0, 0])),
        ("value", np.array([0, np.inf, 0])),
        ("feature", np.array([0, -1, -1], np.int64)),
        ("baseline", np.zeros(3)),
    ],
)
def test_crafted_arrays_are_refused(field: str, value: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"^trees\."):
        replace(STUMP, **{field: value})
    with pytest.raises(InputError, match=r"trees.feature: expected columns below 0"):
        STUMP.require_width(0)
