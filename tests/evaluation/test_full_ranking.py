from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.full_ranking import TILE, mask, rank
from recsys.evaluation.per_query import evaluate

PRODUCTS = 30
CUSTOMERS = 3 * TILE


@pytest.fixture(scope="module")
def queries() -> Queries:
    """Two full tiles and a part of a third; two customers ask twice."""
    generator = np.random.default_rng(0)
    count = 2 * TILE + 9
    customers = np.r_[generator.permutation(CUSTOMERS)[: count - 2], 5, 6].astype(np.int32)
    seen = generator.random((count, PRODUCTS)) < 0.2
    relevant = (generator.random((count, PRODUCTS)) < 0.1) & ~seen
    relevant[~relevant.any(axis=1), 7] = True
    return Queries(
        customers=customers,
        relevant=csr_array(relevant),
        seen=csr_array(seen),
        eligible=np.arange(PRODUCTS) % 5 != 0,
        history=np.arange(count),
    )


@pytest.fixture(scope="module")
def table() -> FloatArray:
    return np.random.default_rng(1).standard_normal((CUSTOMERS, PRODUCTS)).astype(np.float32)


def test_the_best_eligible_unseen_products_in_order(queries: Queries, table: FloatArray) -> None:
    result = rank(lambda customers: table[customers], queries, 8, progress=False)
    for row, customer in enumerate(queries.customers):
        allowed = np.flatnonzero(queries.eligible & ~queries.seen[[row]].toarray()[0])
        wanted = allowed[np.argsort(-table[customer][allowed], kind="stable")][:8]
        assert result.columns[row].tolist() == wanted.tolist()
        assert result.scores[row].tolist() == table[customer][wanted].tolist()


def test_seen_and_ineligible_products_are_never_ranked(queries: Queries, table: FloatArray) -> None:
    result = rank(lambda customers: table[customers], queries, PRODUCTS, progress=False)
    seen = queries.seen.toarray()
    for row, columns in enumerate(result.columns):
        ranked = columns[columns >= 0]
        assert queries.eligible[ranked].all()
        assert not seen[row, ranked].any()
        # What is left of the list is empty, not filled up with what must not be shown.
        assert len(ranked) == (queries.eligible & ~seen[row]).sum()
        assert len(set(ranked)) == len(ranked)


def test_repeats_are_ranked_where_they_are_kept(queries: Queries, table: FloatArray) -> None:
    kept = Queries(
        customers=queries.customers, relevant=queries.relevant, seen=None,
        eligible=np.ones(PRODUCTS, bool), history=queries.history,
    )  # fmt: skip
    result = rank(lambda customers: table[customers], kept, PRODUCTS, progress=False)
    assert (np.sort(result.columns, axis=1) == np.arange(PRODUCTS)).all()


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_the_order_of_the_queries_does_not_matter(queries: Queries, order: str) -> None:
    generator = np.random.default_rng(2)
    left = generator.standard_normal((CUSTOMERS, 16)).astype(np.float32)
    right = generator.standard_normal((16, PRODUCTS)).astype(np.float32)

    def score(customers: IntArray) -> FloatArray:
        return left[customers] @ right

    rows = (
        np.arange(len(queries))[::-1]
        if order == "reversed"
        else generator.permutation(len(queries))
    )
    alone = evaluate(score, queries, [5, 10], progress=False)
    other = evaluate(score, queries.select(rows), [5, 10], progress=False)
    assert other.customers.tolist() == queries.customers[rows].tolist()
    for name, values in alone.values.items():
        np.testing.assert_allclose(other.values[name], values[rows], atol=1e-6)


def test_every_tile_has_the_same_shape_and_the_last_is_padded(
    queries: Queries, table: FloatArray
) -> None:
    tiles: list[IntArray] = []

    def score(customers: IntArray) -> FloatArray:
        tiles.append(customers.copy())
        return table[customers]

    rank(score, queries, 3, progress=False)
    assert [len(customers) for customers in tiles] == [TILE, TILE, TILE]
    assert np.concatenate(tiles)[: len(queries)].tolist() == queries.customers.tolist()


def test_a_single_query_and_none(queries: Queries, table: FloatArray) -> None:
    alone = rank(
        lambda customers: table[customers], queries.select(np.array([4])), 5, progress=False
    )
    full = rank(lambda customers: table[customers], queries, 5, progress=False)
    assert alone.columns[0].tolist() == full.columns[4].tolist()
    none = rank(
        lambda customers: table[customers], queries.select(np.array([], int)), 5, progress=False
    )
    assert none.columns.shape == (0, 5)


def test_the_scores_of_the_model_are_a_copy_to_write_on(
    queries: Queries, table: FloatArray
) -> None:
    before = table.copy()
    rank(lambda customers: table[customers], queries, 5, progress=False)
    np.testing.assert_array_equal(table, before)


def test_a_wrong_shape_and_nan_are_refused(queries: Queries, table: FloatArray) -> None:
    with pytest.raises(ValueError, match=r"score returned shape \(256, 29\) for 256 customers"):
        rank(lambda customers: table[customers, 1:], queries, 5, progress=False)
    with pytest.raises(ValueError, match="NaN"):
        rank(lambda customers: table[customers] * np.nan, queries, 5, progress=False)


def test_masking_in_place() -> None:
    scores = np.zeros((2, 3), np.float32)
    mask(scores, np.array([True, True, False]), csr_array(np.array([[1, 0, 0], [0, 0, 0]], bool)))
    assert np.isneginf(scores).tolist() == [[True, False, True], [False, False, True]]


def test_a_table_of_one_row_a_query(queries: Queries, table: FloatArray) -> None:
    result = evaluate(lambda customers: table[customers], queries, [5], progress=False)
    frame = result.table([f"c{c}" for c in queries.customers])
    assert list(frame.columns) == ["customer_id", "history", "recall@5", "ndcg@5"]
    assert len(frame) == len(queries)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ks": ()}, r"evaluate.ks: expected whole numbers > 0, got \[\]"),
        ({"ks": (10, 0)}, r"evaluate.ks: expected whole numbers > 0"),
        ({"metric": "auc", "metrics": ("auc", "ndcg")}, r"one of ndcg@5, .*@50 \(those of prec"),
        ({"metric": "gini@5", "metrics": ("gini",)}, r"expected one of none"),
        ({"metric": "ndcg@7"}, r"evaluate.metric: expected one of recall@5, .* got 'ndcg@7'"),
        ({"level": 1.0}, r"expected 0 < level < 1"),
        ({"resamples": 0}, r"resamples >= 1"),
        ({"hot_from": 1}, r"expected 0 < warm_from < hot_from, got 1 and 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        EvaluateConfig(**change)
