from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from recsys.models.neighbours import nearest, row_blocks


def matrix(seed: int, rows: int, columns: int) -> csr_array:
    generator = np.random.default_rng(seed)
    # A few small values, so that similarities tie often.
    return random_array(
        (rows, columns), density=0.4, rng=generator, format="csr",
        data_sampler=lambda size: generator.integers(1, 4, size).astype(np.float64),
    )  # fmt: skip


def by_sorting(similarity: np.ndarray, neighbours: int) -> np.ndarray:
    kept = np.zeros_like(similarity)
    for row, values in enumerate(similarity):
        others = [(-value, j) for j, value in enumerate(values) if j != row and value > 0]
        for value, j in sorted(others)[:neighbours]:
            kept[row, j] = -value
    return kept


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.integers(1, 9), st.integers(1, 12), st.integers(1, 60))
def test_the_largest_stay_whatever_the_block(
    seed: int, customers: int, neighbours: int, entries: int
) -> None:
    right = matrix(seed, customers, 8)
    left = right.T.tocsr()
    table = nearest(lambda rows: left[rows] @ right, row_blocks(left, right, entries), neighbours)
    wanted = by_sorting((left @ right).toarray(), neighbours)
    np.testing.assert_array_equal(table.toarray(), wanted)
    assert table.dtype == np.float32
    assert table.has_sorted_indices


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.integers(1, 40))
def test_blocks_follow_each_other_within_their_size(seed: int, entries: int) -> None:
    right = matrix(seed, 5, 7)
    left = right.T.tocsr()
    blocks = list(row_blocks(left, right, entries))
    assert [row for rows in blocks for row in range(rows.start, rows.stop)] == list(range(7))
    for rows in blocks:
        assert rows.stop - rows.start == 1 or (left[rows] @ right).nnz <= entries


@pytest.mark.parametrize(("order", "kept"), [([3, 1, 2, 0], [1, 2]), ([0, 1, 2, 3], [1, 2])])
def test_ties_go_to_the_lower_row_number(order: Any, kept: list[int]) -> None:
    row = csr_array((np.ones(4), (np.zeros(4, int), np.arange(4))), shape=(1, 4))
    # Sparse products come in any order of columns.
    shuffled = csr_array((row.data, np.array(order), row.indptr), shape=row.shape)
    table = nearest(lambda rows: shuffled, [slice(0, 1)], 2)
    assert table.indices.tolist() == kept


def test_what_differs_by_rounding_only_is_a_tie() -> None:
    values = np.array([[0.0, 0.3, 0.1 + 0.2]])
    table = nearest(lambda rows: csr_array(values), [slice(0, 1)], 1)
    assert table.indices.tolist() == [1]
