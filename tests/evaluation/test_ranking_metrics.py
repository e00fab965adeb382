from fractions import Fraction
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, IntArray
from recsys.evaluation.metrics.ranking import ndcg, recall
from recsys.evaluation.relevance import relevant_entries

RANKED = np.array([[3, 0, 4, -1], [1, 2, -1, -1], [0, 1, 2, 3]], np.int32)
RELEVANT = csr_array(
    np.array([[1, 1, 0, 1, 0], [0, 0, 0, 0, 1], [0, 1, 1, 0, 0]], bool)
)  # the products 0, 1, 3; the product 4; the products 1, 2
SIZES = np.array([3, 1, 2])


def hits(products: IntArray, relevant: csr_array) -> BoolArray:
    return relevant_entries(products, relevant) >= 0


def test_where_the_relevant_products_are_among_all() -> None:
    # The entries are 0: (0, 0), 1: (0, 1), 2: (0, 3), 3: (1, 4), 4: (2, 1), 5: (2, 2).
    assert relevant_entries(RANKED, RELEVANT).tolist() == [[2, 0, -1, -1], [-1] * 4, [-1, 4, 5, -1]]
    unsorted = csr_array((np.ones(3, bool), [3, 1, 0], [0, 3]), shape=(1, 5))
    assert relevant_entries(RANKED[:1], unsorted).tolist() == [[0, 2, -1, -1]]
    assert relevant_entries(RANKED[:1], csr_array((1, 5), dtype=bool)).tolist() == [[-1] * 4]


def test_hits() -> None:
    assert hits(RANKED, RELEVANT).tolist() == [
        [True, True, False, False],
        [False, False, False, False],
        [False, True, True, False],
    ]


def test_nothing_ranked_is_never_a_hit() -> None:
    # -1 of the second row would be the last product of the first if it were only added up.
    relevant = csr_array(np.array([[0, 1], [1, 1]], bool))
    assert not hits(np.array([[-1], [-1]]), relevant).any()


@pytest.mark.parametrize(
    ("k", "wanted"),
    [
        (1, [Fraction(1, 3), 0, 0]),
        (2, [Fraction(2, 3), 0, Fraction(1, 2)]),
        (3, [Fraction(2, 3), 0, Fraction(2, 2)]),
        (20, [Fraction(2, 3), 0, Fraction(2, 2)]),
    ],
)
def test_recall_by_hand(k: int, wanted: list[Fraction]) -> None:
    result = recall(hits(RANKED, RELEVANT), SIZES, k)
    assert result.tolist() == [float(value) for value in wanted]


def test_ndcg_by_hand() -> None:
    hit = hits(RANKED, RELEVANT)
    first, second, third = 1 / log2(2), 1 / log2(3), 1 / log2(4)
    assert (first, third) == (Fraction(1), Fraction(1, 2))
    wanted = {
        1: [1, 0, 0],
        2: [1, 0, second / (first + second)],
        3: [(first + second) / (first + second + third), 0, (second + third) / (first + second)],
    }
    for k, values in wanted.items():
        np.testing.assert_allclose(ndcg(hit, SIZES, k), values, rtol=1e-12)
    # A list longer than the ranking and the relevant products changes nothing.
    np.testing.assert_allclose(ndcg(hit, SIZES, 50), wanted[3], rtol=1e-12)


def test_ndcg_of_rank_three_is_a_half() -> None:
    hit = np.array([[False, False, True]])
    assert ndcg(hit, np.array([1]), 3).tolist() == [float(Fraction(1, 2))]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_between_zero_and_one_and_recall_never_falls_with_k(
    seed: int, width: int, length: int
) -> None:
    generator = np.random.default_rng(seed)
    length = min(length, width)
    relevant = generator.random((6, width)) < 0.4
    relevant[:, 0] |= ~relevant.any(axis=1)
    ranked = np.array([generator.permutation(width)[:length] for _ in range(6)])
    ranked[generator.random(ranked.shape) < 0.2] = -1
    hit, sizes = hits(ranked, csr_array(relevant)), relevant.sum(axis=1)
    # By definition, one query at a time.
    for row in range(6):
        assert hit[row].tolist() == [p >= 0 and bool(relevant[row, p]) for p in ranked[row]]
    before = np.zeros(6)
    for k in range(1, width + 2):
        result = recall(hit, sizes, k)
        assert (result >= before).all()
        assert (result <= 1).all()
        before = result
        gain = ndcg(hit, sizes, k)
        assert (gain >= 0).all()
        assert (gain <= 1 + 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 10), st.integers(1, 10))
def test_a_perfect_list_has_ndcg_one(relevant: int, k: int) -> None:
    hit = np.arange(12)[None, :] < relevant
    assert ndcg(hit, np.array([relevant]), k)[0] == pytest.approx(1)
