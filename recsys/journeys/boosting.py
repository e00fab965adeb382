"""Fits boosted trees with scikit-learn and takes them out as plain arrays."""

from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.ops.trees import Trees, softmax

MOST_ROWS = 200_000
"""The latest so many rows are fitted; more did not lower the log loss on the market's valid."""
_CHECKED = 200


def fit_trees(
    values: FloatArray,
    classes: IntArray,
    *,
    trees: int,
    learning_rate: float,
    leaves: int,
    least: int,
) -> Trees:
    """Boosted trees for the log loss (Friedman, 2001), on histograms (Ke et al., LightGBM, 2017).

    Args:
        values: [N, F], nan where missing.
        classes: [N] 0 to K - 1, each at least once, K at least 2.
        trees: for each class.
        learning_rate: weight of each tree.
        leaves: most of a tree.
        least: fewest rows of a leaf.

    Raises:
        RuntimeError: scikit-learn stores trees in another way than this reads them.
    """
    # Imported late: it takes long.
    from sklearn.ensemble import HistGradientBoostingClassifier

    # scikit-learn fails at a column without any value.
    values = np.where(np.isnan(values).all(axis=0), 0.0, values)
    model = HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=learning_rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=least,
        early_stopping=False,
        random_state=0,
    ).fit(values, classes)
    taken = _taken(model)
    few = values[:_CHECKED]
    if not np.allclose(softmax(taken.margins(few)), model.predict_proba(few), atol=1e-9):
        raise RuntimeError("this version of scikit-learn stores boosted trees in another way")
    return taken


def _taken(model: Any) -> Trees:
    # scikit-learn has no public view of these trees; fit_trees compares what is read with it.
    rounds = [[tree.nodes for tree in each] for each in model._predictors]
    baseline = np.asarray(model._baseline_prediction, np.float64).ravel()
    if len(baseline) == 1:
        # Of two classes only the second has trees; the first has a leaf of 0.
        leaf = np.zeros(1, rounds[0][0].dtype)
        leaf["is_leaf"] = True
        rounds = [[leaf, *each] for each in rounds]
        baseline = np.array([0.0, baseline[0]])
    parts = [nodes for each in rounds for nodes in each]
    sizes = np.array([len(nodes) for nodes in parts])
    roots = np.cumsum(sizes) - sizes
    nodes = np.concatenate(parts)
    offset, own = np.repeat(roots, sizes), np.arange(len(nodes))
    is_leaf = nodes["is_leaf"].astype(bool)
    return Trees(
        feature=np.where(is_leaf, -1, nodes["feature_idx"]).astype(np.int32),
        threshold=np.where(is_leaf, 0.0, nodes["num_threshold"]).astype(np.float64),
        left=np.where(is_leaf, own, nodes["left"] + offset).astype(np.int32),
        right=np.where(is_leaf, own, nodes["right"] + offset).astype(np.int32),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=np.where(is_leaf, nodes["value"], 0.0).astype(np.float64),
        roots=roots.reshape(len(rounds), len(rounds[0])).astype(np.int32),
        baseline=baseline,
    )
