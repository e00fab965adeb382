"""Each way to cut, worked by hand, and metrics inside the slices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys.data.queries import Queries
from recsys.evaluation import slices
from recsys.evaluation.full_ranking import rank
from recsys.evaluation.measures import OF_HITS, OF_RANKS
from recsys.evaluation.per_query import measured, of_relevant, sliced
from recsys.evaluation.slices import Cut

# Three queries over five products: 0 and 1 wanted; 4; 1, 2 and 3.
RELEVANT = csr_array(np.array([[1, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0, 1, 1, 1, 0]], bool))
# The first had product 0 twice and 2, the second nothing, the third 1.
HISTORY = csr_array(np.array([[2, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0]]))


def named(cut: Cut) -> list[str | None]:
    return [cut.names[code] if code >= 0 else None for code in cut.codes]


def test_by_history() -> None:
    cut = slices.by_history(np.array([0, 1, 9, 10, 50]), 1, 10)
    assert named(cut) == ["cold", "warm", "warm", "hot", "hot"]
    assert not cut.of_relevant


def test_by_thirds_of_everybody() -> None:
    base = np.arange(1.0, 10.0)  # a third is at most 3.67, two thirds at most 6.33
    cut = slices.by_thirds(np.array([1, 3, 4, 6, 7, 100, np.nan]), base, "value")
    assert named(cut)[:4] == ["value_low", "value_low", "value_middle", "value_middle"]
    assert named(cut)[4:] == ["value_high", "value_high", None]


def test_equal_measures_are_never_parted() -> None:
    cut = slices.by_thirds(np.full(6, 2.0), np.full(6, 2.0), "value")
    assert named(cut) == ["value_low"] * 6


def test_by_popularity() -> None:
    # Of 30 events 10 are a third: 11 | 6, 6 | 4, 3, 0. Before the fourth are 23, more than 20.
    events = np.array([6, 11, 0, 6, 4, 3])
    cut = slices.by_popularity(events, csr_array(np.ones((1, 6), bool)))
    assert named(cut) == ["torso", "head", "tail", "torso", "tail", "tail"]
    assert cut.of_relevant
    # In the order of the relevant products.
    cut = slices.by_popularity(np.array([9, 0, 5, 5, 5]), RELEVANT)
    assert named(cut) == ["head", "tail", "torso", "tail", "torso", "torso"]


@pytest.mark.parametrize(("events", "wanted"), [([5, 5, 5], "head"), ([0, 0, 0], "tail")])
def test_equally_popular_products_share_a_slice(events: list[int], wanted: str) -> None:
    cut = slices.by_popularity(np.array(events), csr_array(np.ones((1, 3), bool)))
    assert named(cut) == [wanted] * 3


def test_by_label_keeps_the_frequent_ones() -> None:
    cut = slices.by_label(np.array([2, 0, 2, -1]), ["app", "never", "web"])
    assert cut.names == ("web", "app")
    assert named(cut) == ["web", "app", "web", None]
    labels = np.repeat(np.arange(12), np.arange(12, 0, -1))
    many = slices.by_label(labels, [str(n) for n in range(12)], of_relevant=True)
    assert many.names == (*map(str, range(10)), "all others")
    assert named(many)[-3:] == ["all others"] * 3
    assert (named(many)[0], many.of_relevant) == ("0", True)


def test_new_or_repeat() -> None:
    cut = slices.by_novelty(HISTORY, RELEVANT)
    assert named(cut) == ["repeat", "new", "new", "repeat", "new", "new"]


def test_cross_sell_or_up_sell() -> None:
    # Categories: 0 and 1 of a, 2 and 4 of b, 3 of none.
    cut = slices.by_category(HISTORY, RELEVANT, np.array([0, 0, 1, -1, 1]))
    # The first knows a and b; the second has nothing to sell from; the third knows a only.
    assert named(cut) == ["up_sell", "up_sell", None, "up_sell", "cross_sell", None]
    # Having had only products without a category is a history, of no category.
    cut = slices.by_category(
        csr_array([[0, 0, 0, 1, 0]]), RELEVANT[[0]], np.array([0, 0, 1, -1, 1])
    )
    assert named(cut) == ["cross_sell", "cross_sell"]


def queries_of(relevant: csr_array, eligible: list[int] | None = None) -> Queries:
    count, width = relevant.shape
    return Queries(
        customers=np.arange(count, dtype=np.int32), relevant=relevant, seen=None,
        eligible=np.ones(width, bool) if eligible is None else np.array(eligible, bool),
        history=np.zeros(count, int),
    )  # fmt: skip


def test_metrics_inside_a_slice_by_hand() -> None:
    queries = queries_of(RELEVANT)
    # Everybody is shown 0, 1, 2, 3, 4.
    table = np.tile(-np.arange(5, dtype=np.float32), (3, 1))
    ranking = rank(lambda rows: table[rows], queries, 5, progress=False, in_full=True)
    metrics = (*OF_HITS, *OF_RANKS)
    result = measured(ranking, queries, [2], metrics)
    cuts = {
        "history": Cut(("cold", "hot", "none"), np.array([0, 1, 1])),
        "kind": Cut(("a", "b"), np.array([0, 1, -1, 1, 0, 0]), of_relevant=True),
    }
    values = sliced(ranking, queries, [2], metrics, result, cuts)
    assert {key[:2] for key in values} == {
        ("history", "cold"), ("history", "hot"), ("kind", "a"), ("kind", "b"),
    }  # fmt: skip
    recall = {key[:2]: value for key, value in values.items() if key[2] == "recall@2"}
    expected = {
        ("history", "cold"): [1, np.nan, np.nan],
        ("history", "hot"): [np.nan, 0, 1 / 3],
        # a: 0 of the first, nothing of the second, 2 and 3 of the third.
        ("kind", "a"): [1, np.nan, 0],
        ("kind", "b"): [1, np.nan, 1],
    }
    for key, wanted in expected.items():
        np.testing.assert_allclose(recall[key], wanted, rtol=1e-15)
    # Of b, the first finds product 1 at place 2: the other relevant product keeps place 1.
    np.testing.assert_allclose(values["kind", "b", "mrr@2"], [1 / 2, np.nan, 1 / 2])
    np.testing.assert_allclose(values["kind", "b", "precision@2"], [1 / 2, np.nan, 1 / 2])
    # The third wants those at ranks 3 and 4 of five: 1 - (7 - 3) / 6.
    np.testing.assert_allclose(values["kind", "a", "auc"], [1, np.nan, 1 / 3])


NAMES = ["recall", "precision", "hit_rate", "ndcg", "map", "mrr", "auc"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(1, 4))
def test_a_slice_is_as_if_only_its_products_were_relevant(
    seed: int, width: int, kinds: int
) -> None:
    generator = np.random.default_rng(seed)
    relevant = generator.random((9, width)) < 0.4
    relevant[:, 0] |= ~relevant.any(axis=1)
    eligible = list(generator.random(width) < 0.8)
    queries = queries_of(csr_array(relevant), eligible)
    table = generator.integers(0, 5, (9, width)).astype(np.float32)
    codes = generator.integers(0, kinds, queries.relevant.nnz)

    def of(queries: Queries, kept: np.ndarray | None = None) -> dict[str, np.ndarray]:
        ranking = rank(lambda rows: table[rows], queries, 4, progress=False, in_full=True)
        return of_relevant(ranking, queries, [1, 4], NAMES, kept)

    parts = [of(queries, codes == code) for code in range(kinds)]
    for code, part in enumerate(parts):
        only = queries.relevant.astype(np.int64)
        only.data = (codes == code).astype(np.int64)
        only.eliminate_zeros()
        for name, values in of(queries_of(only.astype(bool), eligible)).items():
            np.testing.assert_array_equal(part[name], values)
    # Contexts that hold something relevant hold something relevant of one kind.
    for k in (1, 4):
        shares = np.nansum([part[f"precision@{k}"] for part in parts], axis=0)
        np.testing.assert_allclose(shares, of(queries)[f"precision@{k}"], atol=1e-12)
