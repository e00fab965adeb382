"""Co-occurrence in one block or many, sparse or dense: the same numbers."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array, random_array

from recsys.models import dense_scores
from recsys.models.cooccurrence import Cooccurrence
from recsys.models.graph_filter import GraphFilter
from recsys.testing.data import market

C, P = 60, 12


@pytest.fixture
def history() -> csr_array:
    draw = np.random.default_rng(0)
    return csr_array(random_array((C, P), density=0.15, rng=draw, dtype=np.float32))


# A block of 5 rows: the first product has few pairs, so blocks are sparse and dense.
@pytest.mark.parametrize("at_once", [P * P, 5 * P, P, 1])
def test_any_number_of_blocks_gives_the_same_products(history: csr_array, at_once: int) -> None:
    matrix = Cooccurrence.of(history, history, at_once)
    exact = history.T.toarray() @ history.toarray()
    factor = np.linspace(0.5, 2, P).astype(np.float32)
    scaled = matrix.scaled(factor)
    vectors = np.random.default_rng(1).random((P, 3), np.float32)
    np.testing.assert_allclose(matrix @ vectors, exact @ vectors, rtol=1e-5)
    np.testing.assert_allclose(scaled @ vectors, exact * factor @ vectors, rtol=1e-5)
    scores = np.ones((4, P), np.float32)
    scaled.add_to(scores, history[:4])
    expected = 1 + history[:4].toarray() @ (exact * factor)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_the_number_of_threads_does_not_matter(history: csr_array) -> None:
    before, matrices = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            matrix = Cooccurrence.of(history, history)
            scores = np.zeros((C, P), np.float32)
            matrix.add_to(scores, history)
            matrices.append((matrix.blocks[0].toarray(), scores))
    finally:
        torch.set_num_threads(before)
    for product, scores in matrices[1:]:
        np.testing.assert_array_equal(product, matrices[0][0])
        np.testing.assert_array_equal(scores, matrices[0][1])


@pytest.mark.parametrize("numbers_at_once", [1, 5 * P, C * P])
def test_scores_are_added_to_in_any_number_of_pieces(
    history: csr_array, numbers_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense_scores, "NUMBERS_AT_ONCE", numbers_at_once)
    scores = np.ones((C, P), np.float32)
    dense_scores.add_product(scores, history, csr_array(history.T @ history))
    expected = 1 + history.toarray() @ (history.T @ history).toarray()
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_blocks_take_the_form_that_needs_less_memory() -> None:
    # Ten customers with all of products 0 to 3, and one with 4 and 5: of 8 rows of 8, four are full
    # by half, two have two entries and two have none.
    dense = np.zeros((11, 8), np.float32)
    dense[:10, :4] = dense[10, 4:6] = 1
    history = csr_array(dense)
    matrix = Cooccurrence.of(history, history, at_once=16)
    assert [block.size for block in matrix.blocks] == [8, 8, 4, 0]
    full = csr_array(np.ones((3, 8), np.float32))
    of_full = Cooccurrence.of(full, full, at_once=16)
    assert all(isinstance(block, np.ndarray) for block in of_full.blocks)


def test_few_entries_are_joined_to_one_block(history: csr_array) -> None:
    few = Cooccurrence.of(history[:3], history[:3], at_once=P * P - 1)
    assert len(few.blocks) == 1
    assert few.entries == (history[:3].T @ history[:3]).nnz


def test_a_graph_filter_in_blocks_scores_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    data = market()
    customers = np.arange(min(50, len(data.customers)))
    whole = GraphFilter(dim=4).fit(data)
    # A product a block, never joined.
    monkeypatch.setattr(Cooccurrence.of.__func__, "__defaults__", (1,))
    blocks = GraphFilter(dim=4).fit(data)
    assert len(blocks.cooccurrence.blocks) == len(data.products)
    np.testing.assert_allclose(blocks.score(customers), whole.score(customers), atol=1e-5)
    vectors = np.eye(len(data.products), dtype=np.float32)
    np.testing.assert_allclose(blocks.apply_filter(vectors), whole.apply_filter(vectors), atol=1e-5)
