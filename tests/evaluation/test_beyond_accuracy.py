"""Coverage, Gini, novelty, diversity, popularity lift and categories, worked by hand."""

from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys.evaluation.metrics.catalogue import (
    catalogue_coverage,
    category_calibration,
    gini,
    intra_list_diversity,
    novelty,
    popularity_lift,
)

# Five products, the last of them not eligible; the third list is short, the fourth empty.
LISTS = np.array([[0, 1], [0, 2], [0, -1], [-1, -1]], np.int32)
ELIGIBLE = np.array([1, 1, 1, 1, 0], bool)
CUSTOMERS = np.array([8, 4, 1, 0, 2])


def test_coverage_by_hand() -> None:
    assert catalogue_coverage(LISTS, ELIGIBLE) == float(Fraction(3, 4))
    assert catalogue_coverage(LISTS[3:], ELIGIBLE) == 0
    assert catalogue_coverage(np.array([[0, 1], [2, 3]]), ELIGIBLE) == 1


def test_gini_by_hand() -> None:
    # Shown 0, 1, 1 and 3 times: (-3 * 0 - 1 * 1 + 1 * 1 + 3 * 3) / (4 * 5).
    assert gini(LISTS, ELIGIBLE) == pytest.approx(float(Fraction(9, 20)))


def test_gini_of_all_alike_of_one_alone_and_of_nothing() -> None:
    assert gini(np.array([[0, 1], [2, 3]]), ELIGIBLE) == 0
    assert gini(np.array([[2], [2], [2]]), ELIGIBLE) == float(Fraction(3, 4))
    assert np.isnan(gini(LISTS[3:], ELIGIBLE))


def test_gini_is_half_the_relative_mean_difference() -> None:
    lists = np.random.default_rng(0).zipf(1.5, (200, 5)) % 30
    shown = np.bincount(lists.ravel(), minlength=30)
    wanted = np.abs(shown[:, None] - shown).mean() / (2 * shown.mean())
    assert gini(lists, np.ones(30, bool)) == pytest.approx(wanted, abs=1e-12)


def test_novelty_by_hand() -> None:
    # Of 8 customers 8, 4 and 1 had products 0, 1 and 2: 0, 1 and 3 bits.
    result = novelty(LISTS, CUSTOMERS, 8)
    assert result[:3].tolist() == [0.5, 1.5, 0]
    assert np.isnan(result[3])
    # Nobody had product 3; it is as novel as what one customer had.
    assert novelty(np.array([[3]]), CUSTOMERS, 8).tolist() == [3]


def test_diversity_by_hand() -> None:
    # Cosines: 0 with 1 is 3/5, 0 with 2 is 0, 1 with 2 is 4/5; product 3 has no vector.
    vectors = np.array([[2, 0], [3, 4], [0, 7], [0, 0]], np.float32)
    lists = np.array([[0, 1, 2], [0, 1, -1], [0, 3, -1], [2, -1, -1], [-1, -1, -1]])
    result = intra_list_diversity(lists, vectors)
    three = 1 - (Fraction(3, 5) + 0 + Fraction(4, 5)) / 3
    np.testing.assert_allclose(result[:3], [float(three), 0.4, 1], rtol=1e-12)
    assert np.isnan(result[3:]).all()


def test_diversity_of_categories_is_the_share_of_mixed_pairs() -> None:
    one_hot = np.eye(3)[[0, 0, 1, 2]]
    result = intra_list_diversity(np.array([[0, 1, 2, 3], [0, 1, -1, -1]]), one_hot)
    np.testing.assert_allclose(result, [float(Fraction(5, 6)), 0], atol=1e-15)


def test_popularity_lift_by_hand() -> None:
    # Popularity of the lists 6, 9/2, 8; of the histories 3/2 (1 and 2), 8, none.
    history = csr_array(np.array([[0, 0, 9, 0, 1], [1, 0, 0, 0, 0], [0] * 5, [1, 0, 0, 0, 0]]))
    result = popularity_lift(LISTS, history, CUSTOMERS)
    wanted = [Fraction(6) / Fraction(3, 2) - 1, Fraction(9, 2) / 8 - 1]
    assert result[:2].tolist() == [float(value) for value in wanted]
    assert np.isnan(result[2:]).all()


def test_popularity_lift_of_the_own_products_is_nothing() -> None:
    history = csr_array(np.array([[1, 1, 0, 0, 0], [5, 0, 1, 0, 0]]))
    assert popularity_lift(LISTS[:2], history, CUSTOMERS).tolist() == [0, 0]


CATEGORIES = np.array([0, 0, 1, 1, -1])


def divergence(wanted: list[Fraction], given: list[Fraction]) -> float:
    alpha = Fraction(1, 100)
    mixed = [(1 - alpha) * q + alpha * p for p, q in zip(wanted, given, strict=True)]
    return sum(float(p) * log(p / q) for p, q in zip(wanted, mixed, strict=True) if p)


def test_category_calibration_by_hand() -> None:
    # Histories: three quarters of category 0; all of 1; all of 0; nothing with a category.
    history = csr_array(
        np.array([[2, 1, 0, 1, 7], [0, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 3]])
    )
    lists = np.array([[0, 2], [0, 1], [1, 4], [0, 1]])
    result = category_calibration(lists, history, CATEGORIES)
    half, quarter = Fraction(1, 2), Fraction(1, 4)
    wanted = [divergence([3 * quarter, quarter], [half, half]), divergence([0, 1], [1, 0]), 0]
    np.testing.assert_allclose(result[:3], wanted, rtol=1e-12, atol=1e-15)
    assert result[1] == pytest.approx(log(100))
    assert np.isnan(result[3])
    assert np.isnan(category_calibration(np.array([[-1, 4]]), history[[0]], CATEGORIES)).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_bounds_and_the_order_of_queries(seed: int, k: int) -> None:
    generator = np.random.default_rng(seed)
    lists = np.array([generator.permutation(10)[:k] for _ in range(7)])
    lists[generator.random(lists.shape) < 0.2] = -1
    history = csr_array(generator.integers(0, 3, (7, 10)))
    popularity, eligible = generator.integers(0, 20, 10), np.ones(10, bool)
    vectors, categories = generator.random((10, 4)), generator.integers(-1, 3, 10)
    order = generator.permutation(7)
    full = [catalogue_coverage(lists, eligible), gini(lists, eligible)]
    assert all(0 <= value < 1 + 1e-12 or np.isnan(value) for value in full)
    assert [catalogue_coverage(lists[order], eligible), gini(lists[order], eligible)] == (
        pytest.approx(full, nan_ok=True)
    )
    result = {
        "novelty": (novelty(lists, popularity, 20), 0, np.log2(20)),
        "diversity": (intra_list_diversity(lists, vectors), 0, 1),
        "lift": (popularity_lift(lists, history, popularity), -1, np.inf),
        "categories": (category_calibration(lists, history, categories), 0, log(100)),
    }
    again = {
        "novelty": novelty(lists[order], popularity, 20),
        "diversity": intra_list_diversity(lists[order], vectors),
        "lift": popularity_lift(lists[order], history[order], popularity),
        "categories": category_calibration(lists[order], history[order], categories),
    }
    for name, (values, low, high) in result.items():
        assert values.shape == (7,)
        there = values[~np.isnan(values)]
        assert ((there >= low - 1e-12) & (there <= high + 1e-12)).all(), name
        np.testing.assert_allclose(again[name], values[order], rtol=1e-12, atol=1e-12)
