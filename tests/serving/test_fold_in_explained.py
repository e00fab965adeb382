from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from recsys.ops import fold_in


def test_least_squares_by_hand():
    # Two products, f = (1, 0) and (1, 1), weights 3 and 2, gram = [[2, 1], [1, 2]].
    # A = gram + 2 (1,0)(1,0)' + 1 (1,1)(1,1)' = [[5, 2], [2, 3]], with determinant 11.
    # b = 3 (1,0) + 2 (1,1) = (5, 2), so x = A^-1 b = (3*5 - 2*2, -2*5 + 5*2) / 11 = (11, 0) / 11.
    weights = np.array([3, 2], np.float32)
    factors = np.array([[1, 0], [1, 1]], np.float32)
    gram = np.array([[2, 1], [1, 2]], np.float32)
    np.testing.assert_allclose(fold_in.customer_vector(weights, factors, gram), [1, 0], atol=1e-12)
    # For v = (1, 2): A^-1 v = (3 - 4, -2 + 10) / 11 = (-1, 8) / 11, so the first event brings
    # 3 * -1/11 and the second 2 * 7/11; together 1 = x . v.
    parts = fold_in.contributions(weights, factors, np.array([[1, 2]], np.float32), gram)
    expected = [Fraction(-3, 11), Fraction(14, 11)]
    np.testing.assert_allclose(parts, [[float(part) for part in expected]], rtol=1e-12)


def test_alternating_least_squares_fixed_point():
    # The vector minimises the weighted squared error over all products, observed or not.
    random = np.random.default_rng(0)
    products, l2 = random.standard_normal((6, 3)).astype(np.float32), 0.5
    seen, weights = np.array([1, 4]), np.array([3.0, 2.5], np.float32)
    gram = products.T @ products + l2 * np.eye(3, dtype=np.float32)
    vector = fold_in.customer_vector(weights, products[seen], gram)
    confidence, wanted = np.ones(6), np.zeros(6)
    confidence[seen], wanted[seen] = weights, 1
    gradient = products.T @ (confidence * (products @ vector - wanted)) + l2 * vector
    np.testing.assert_allclose(gradient, 0, atol=1e-5)


def test_no_events_make_the_zero_vector():
    none, gram = np.zeros((0, 3), np.float32), np.eye(3, dtype=np.float32)
    weights = np.zeros(0, np.float32)
    np.testing.assert_array_equal(fold_in.customer_vector(weights, none, gram), np.zeros(3))
    assert fold_in.contributions(weights, none, np.ones((2, 3)), gram).shape == (2, 0)


numbers = st.floats(-4, 4, width=32)


@given(data=st.data(), events=st.integers(0, 6), linear=st.booleans())
def test_contributions_sum_to_the_score(data, events, linear):
    def draw(*shape, elements=numbers):
        return data.draw(hypothesis_numpy.arrays(np.float32, shape, elements=elements))

    factors, products, base = draw(events, 3), draw(4, 3), draw(5, 3)
    weights = draw(events, elements=st.floats(1, 8, width=32))
    gram = None if linear else base.T @ base + np.eye(3, dtype=np.float32)
    scores = products @ fold_in.customer_vector(weights, factors, gram)
    parts = fold_in.contributions(weights, factors, products, gram)
    scale = 1 + np.abs(parts).sum(axis=1)
    np.testing.assert_array_less(np.abs(parts.sum(axis=1) - scores), 1e-9 * scale)
