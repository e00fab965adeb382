import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.arrays import FloatArray
from recsys.ops import topk as module
from recsys.ops.topk import topk


def by_sorting(scores: FloatArray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """A stable sort is slow and obviously right: score down, column up."""
    columns = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    best = np.take_along_axis(scores, columns, axis=1)
    return np.where(np.isneginf(best), -1, columns), best


def same(scores: FloatArray, k: int) -> None:
    result = topk(scores, k)
    columns, best = by_sorting(scores, k)
    np.testing.assert_array_equal(result.columns, columns)
    np.testing.assert_array_equal(result.scores, best)
    assert result.columns.dtype == np.int32
    assert result.scores.dtype == np.float32


def scores_of(seed: int, rows: int, width: int, levels: int, masked: float) -> FloatArray:
    """[rows, width] float32 of few levels, so that ties are everywhere, some at -inf."""
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, levels, (rows, width)).astype(np.float32)
    scores[generator.random((rows, width)) < masked] = -np.inf
    return scores


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 40), st.integers(1, 45),
    st.sampled_from([1, 2, 5, 10_000]), st.sampled_from([0.0, 0.3, 0.95, 1.0]),
)  # fmt: skip
def test_as_a_stable_sort_on_narrow_rows(
    seed: int, rows: int, width: int, k: int, levels: int, masked: float
) -> None:
    same(scores_of(seed, rows, width, levels, masked), k)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1025, 5000),
    st.sampled_from([1, 2, 10, 100, 512]), st.sampled_from([1, 2, 50, 10_000_000]),
    st.sampled_from([0.0, 0.5, 0.999, 1.0]),
)  # fmt: skip
def test_as_a_stable_sort_on_rows_wide_enough_for_groups(
    seed: int, rows: int, width: int, k: int, levels: int, masked: float
) -> None:
    same(scores_of(seed, rows, width, levels, masked), k)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 60), st.integers(1, 4), st.integers(1, 6))
def test_groups_of_any_shape(seed: int, width: int, k: int, levels: int) -> None:
    # With eight groups instead of 1,024 every remainder and every tie between groups turns up.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_GROUPS", 8)
        same(scores_of(seed, 3, width, levels, 0.2), k)


def test_a_tie_across_groups_goes_to_the_lower_column() -> None:
    scores = np.zeros((1, 3000), np.float32)
    scores[0, [2999, 17, 1500]] = 1
    assert topk(scores, 2).columns.tolist() == [[17, 1500]]
    assert topk(scores, 5).columns.tolist() == [[17, 1500, 2999, 0, 1]]


def test_more_asked_for_than_there_is() -> None:
    result = topk(np.array([[1, 3, 2]], np.float32), 10)
    assert result.columns.tolist() == [[1, 2, 0]]


def test_nothing_left_to_rank_is_minus_one() -> None:
    scores = np.full((2, 2000), -np.inf, np.float32)
    scores[0, 1234] = -5
    result = topk(scores, 3)
    assert result.columns.tolist() == [[1234, -1, -1], [-1, -1, -1]]
    assert result.scores[0, 0] == -5
    assert np.isneginf(result.scores[0, 1:]).all()


def test_infinity_is_the_best_score() -> None:
    scores = np.zeros((1, 2000), np.float32)
    scores[0, 1999] = np.inf
    assert topk(scores, 2).columns.tolist() == [[1999, 0]]


@pytest.mark.parametrize("width", [3, 1024, 1025, 2047, 5000])
@pytest.mark.parametrize("position", [0, -1])
def test_nan_is_refused_wherever_it_stands(width: int, position: int) -> None:
    scores = np.zeros((3, width), np.float32)
    scores[1, position] = np.nan
    with pytest.raises(ValueError, match="scores contain NaN"):
        topk(scores, 2)


def test_the_scores_stay_as_they_were() -> None:
    scores = scores_of(0, 3, 3000, 7, 0.1)
    before = scores.copy()
    topk(scores, 10)
    np.testing.assert_array_equal(scores, before)
