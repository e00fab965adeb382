"""Many small non-negative regressions at once, against one at a time by scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet

from recsys.models.coordinate_descent import non_negative_weights


def products(columns: np.ndarray, aims: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """gram [n, B, n], targets [B, n] and squares [B] of columns [B, m, n] and aims [B, m]."""
    gram = np.einsum("bmk,bml->kbl", columns, columns)
    targets = np.einsum("bmk,bm->bk", columns, aims)
    return tuple(part.astype(np.float32) for part in (gram, targets, (aims**2).sum(axis=1)))


def test_one_weight_by_hand() -> None:
    # x = (1, 1, 0), y = (1, 1, 1): (x'y - l1) / (x'x + l2) = (2 - 1/2) / (2 + 1).
    gram, targets, squares = (np.array(part, np.float32) for part in ([[[2]]], [[2]], [3]))
    weights = non_negative_weights(gram, targets, squares, l1=0.5, l2=1)
    np.testing.assert_allclose(weights, [[1 / 2]], rtol=1e-6)


def test_two_weights_by_hand() -> None:
    # (2 1; 1 2) w = (2, 1.5) - 0.5: w = (2 x 1.5 - 1, 2 x 1 - 1.5) / 3.
    gram = np.array([[[2, 1]], [[1, 2]]], np.float32)
    targets, squares = np.array([[2, 1.5]], np.float32), np.array([3], np.float32)
    weights = non_negative_weights(gram, targets, squares, l1=0.5, l2=0)
    np.testing.assert_allclose(weights, [[2 / 3, 1 / 6]], atol=1e-3)


@pytest.mark.parametrize(("l1", "l2"), [(0.5, 0.1), (0.1, 2), (3, 1)])
def test_each_is_the_elastic_net(l1: float, l2: float) -> None:
    generator = np.random.default_rng(2)
    columns = generator.integers(0, 3, (6, 30, 5)).astype(np.float64)
    aims = generator.integers(0, 3, (6, 30)).astype(np.float64)
    weights = non_negative_weights(*products(columns, aims), l1=l1, l2=l2)
    # scikit-learn divides the squared loss by the number of rows.
    total = l1 + l2
    peer = ElasticNet(
        alpha=total / 30, l1_ratio=l1 / total, positive=True, fit_intercept=False, tol=1e-9
    )
    wanted = [peer.fit(left, right).coef_ for left, right in zip(columns, aims, strict=True)]
    np.testing.assert_allclose(weights, wanted, atol=1e-3)
    assert weights.dtype == np.float32


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.floats(0, 4), st.floats(0.01, 4))
def test_no_weight_can_be_improved(seed: int, l1: float, l2: float) -> None:
    generator = np.random.default_rng(seed)
    columns, aims = generator.random((3, 8, 4)), generator.random((3, 8))
    gram, targets, squares = products(columns, aims)
    weights = non_negative_weights(gram, targets, squares, l1=l1, l2=l2)
    slopes = targets - l1 - l2 * weights - np.einsum("kbl,bl->bk", gram, weights)
    assert (weights >= 0).all()
    # At the minimum the slope is 0 where a weight is above 0, and points below 0 elsewhere.
    assert (slopes < 0.01).all()
    assert (abs(slopes[weights > 0]) < 0.01).all()


def test_padding_changes_nothing_and_has_no_weight() -> None:
    generator = np.random.default_rng(5)
    gram, targets, squares = products(generator.random((4, 9, 3)), generator.random((4, 9)))
    alone = non_negative_weights(gram, targets, squares, l1=0, l2=0)
    padded = non_negative_weights(
        np.pad(gram, ((0, 2), (0, 0), (0, 2))), np.pad(targets, ((0, 0), (0, 2))), squares,
        l1=0, l2=0,
    )  # fmt: skip
    np.testing.assert_array_equal(padded[:, :3], alone)
    assert not padded[:, 3:].any()
