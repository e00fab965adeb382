"""The area under the ROC curve: by hand, against all pairs, and its intervals against truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.evaluation.auc import auc, auc_among_equals, auc_difference, placements


def test_an_area_is_the_share_of_pairs_in_order_and_ties_count_half() -> None:
    scores = np.array([3.0, 1.0, 2.0, 1.0, 0.0])
    is_positive = np.array([True, True, False, False, False])
    # 3 beats all three; 1 beats 0, ties with 1, loses to 2.
    above, below = placements(scores, is_positive)
    assert above.tolist() == [1, 0.5]
    assert below.tolist() == [0.5, 0.75, 1]
    area = auc(scores, is_positive)
    assert area.mean == 0.75
    assert 0 < area.low < 0.75 < area.high < 1


def test_among_equals_a_positive_is_compared_within_its_stratum() -> None:
    scores = np.array([5.0, 4.0, 1.0, 2.0, 3.0])
    is_positive = np.array([True, False, True, False, False])
    assert auc_among_equals(scores, is_positive, np.array([0, 0, 1, 1, 1])).mean == 0.5
    assert np.isnan(auc_among_equals(scores, is_positive, np.arange(5)).mean)
    # One positive a stratum: how they vary is seen across strata.
    many, rng = np.arange(600) % 6 == 0, np.random.default_rng(0)
    area = auc_among_equals(many + rng.standard_normal(600), many, np.arange(600) // 6)
    assert area.mean == pytest.approx(0.76, abs=0.06)
    assert 0.6 < area.low < area.high < 0.9
    assert np.isnan(auc(scores, np.zeros(5, dtype=bool)).mean)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 30), st.integers(0, 10_000))
def test_sorting_finds_what_counting_all_pairs_finds(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, is_positive = rng.integers(0, 5, count).astype(float), rng.random(count) < 0.5
    if is_positive.all() or not is_positive.any():
        return
    pairs = np.sign(scores[is_positive][:, None] - scores[~is_positive]) / 2 + 0.5
    above, below = placements(scores, is_positive)
    assert above == pytest.approx(pairs.mean(axis=1))
    assert below == pytest.approx(pairs.mean(axis=0))
    assert auc(scores, is_positive).mean == pytest.approx(pairs.mean())
    assert auc_difference(scores, -scores, is_positive).mean == pytest.approx(2 * pairs.mean() - 1)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Normal scores a standard deviation apart: the area is .7602 (Phi(1 / sqrt 2))."""
    rng, held, apart = np.random.default_rng(0), 0, 0
    is_positive = np.arange(200) < 40
    for _ in range(400):
        shared = rng.standard_normal(200)
        first, second = (
            is_positive + (shared + rng.standard_normal(200)) / 2**0.5 for _ in range(2)
        )
        area = auc(first, is_positive)
        held += area.low <= 0.7602 <= area.high
        apart += auc_difference(first, second, is_positive).verdict == "tie"
    assert 0.92 < held / 400 < 0.98
    assert 0.92 < apart / 400 < 0.98
