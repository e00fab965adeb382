"""Metrics of a list: by hand, against trec_eval's definitions, and what must always hold."""

from collections.abc import Callable
from fractions import Fraction
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.measures import OF_HITS
from recsys.evaluation.metrics.ranking import auc, r_precision
from recsys.evaluation.per_query import evaluate
from recsys.evaluation.relevance import mid_ranks

# Three queries: hits at places 1 and 3 of three relevant, none of two, at place 2 of one.
HIT = np.array([[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]], bool)
RELEVANT = np.array([3, 2, 1], np.int32)
TREC_EVALS = ("precision", "recall", "ndcg", "map", "mrr", "hit_rate")
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


@pytest.mark.parametrize(
    ("name", "k", "wanted"),
    [
        ("precision", 1, [1, 0, 0]),
        ("precision", 3, [2 * THIRD, 0, THIRD]),
        ("precision", 10, [Fraction(2, 10), 0, Fraction(1, 10)]),
        ("recall", 1, [THIRD, 0, 0]),
        ("recall", 3, [2 * THIRD, 0, 1]),
        ("recall", 10, [2 * THIRD, 0, 1]),
        ("map", 1, [THIRD, 0, 0]),
        ("map", 2, [THIRD, 0, HALF]),
        ("map", 3, [(1 + 2 * THIRD) / 3, 0, HALF]),
        ("map", 10, [(1 + 2 * THIRD) / 3, 0, HALF]),
        ("mrr", 1, [1, 0, 0]),
        ("mrr", 2, [1, 0, HALF]),
        ("mrr", 10, [1, 0, HALF]),
        ("hit_rate", 1, [1, 0, 0]),
        ("hit_rate", 2, [1, 0, 1]),
        ("hit_rate", 10, [1, 0, 1]),
        ("capped_recall", 1, [1, 0, 0]),
        ("capped_recall", 2, [HALF, 0, 1]),
        ("capped_recall", 10, [2 * THIRD, 0, 1]),
        ("capped_map", 1, [1, 0, 0]),
        ("capped_map", 2, [HALF, 0, HALF]),
        ("capped_map", 10, [(1 + 2 * THIRD) / 3, 0, HALF]),
        ("rbp50", 1, [HALF, 0, 0]),
        ("rbp50", 10, [HALF + HALF**3, 0, HALF**2]),
        ("rbp80", 3, [Fraction(1, 5) * (1 + Fraction(16, 25)), 0, Fraction(4, 25)]),
        ("rbp95", 3, [Fraction(1, 20) * (1 + Fraction(361, 400)), 0, Fraction(19, 400)]),
    ],
)
def test_by_hand(name: str, k: int, wanted: list[Fraction]) -> None:
    result = OF_HITS[name](HIT, RELEVANT, k)
    np.testing.assert_allclose(result, [float(value) for value in wanted], rtol=1e-15)
    assert result.dtype == np.float64


def test_ndcg_by_hand() -> None:
    # Discounts of places 1, 2 and 3 are 1, 1 / log2(3) and exactly a half.
    second = 1 / log2(3)
    wanted = [(1 + 0.5) / (1 + second + 0.5), 0, second]
    np.testing.assert_allclose(OF_HITS["ndcg"](HIT, RELEVANT, 3), wanted, rtol=1e-15)


def random_case(seed: int) -> tuple[FloatArray, BoolArray]:
    """Scores [P] of a permutation, so without ties, and relevance [P] with at least one."""
    generator = np.random.default_rng(seed)
    width = int(generator.integers(2, 60))
    relevant = generator.random(width) < generator.choice([0.05, 0.3, 0.9])
    relevant[generator.integers(width)] = True
    return generator.permutation(width).astype(np.float32), relevant


def test_equal_to_ir_measures_on_a_thousand_cases() -> None:
    ir = pytest.importorskip("ir_measures")
    theirs = {
        "precision": ir.P, "recall": ir.R, "ndcg": ir.nDCG, "map": ir.AP, "mrr": ir.RR,
        "hit_rate": ir.Success,
    }  # fmt: skip
    ks, cases = (1, 5, 10, 100), [random_case(seed) for seed in range(1000)]
    truth = {str(q): {str(p): int(r) for p, r in enumerate(c[1])} for q, c in enumerate(cases)}
    run = {str(q): {str(p): float(s) for p, s in enumerate(c[0])} for q, c in enumerate(cases)}
    wanted = {
        (str(result.measure), int(result.query_id)): result.value
        for result in ir.iter_calc(
            [measure @ k for measure in theirs.values() for k in ks], truth, run
        )
    }
    assert len(wanted) == len(theirs) * len(ks) * len(cases)
    for query, (scores, relevant) in enumerate(cases):
        hit = relevant[np.argsort(-scores)][None, :]
        for name, measure in theirs.items():
            for k in ks:
                result = OF_HITS[name](hit, np.array([relevant.sum()]), k)[0]
                assert result == pytest.approx(wanted[str(measure @ k), query], abs=1e-9), (name, k)


def test_a_whole_evaluation_equals_ir_measures() -> None:
    # 1,000 queries with products that leave the ranking and relevant ones that are not on offer.
    ir = pytest.importorskip("ir_measures")
    generator = np.random.default_rng(0)
    scores = generator.permuted(np.tile(np.arange(60, dtype=np.float32), (1000, 1)), axis=1)
    relevant = generator.random((1000, 60)) < generator.choice([0.02, 0.1, 0.5], (1000, 1))
    relevant[:, 0] = True
    seen = (generator.random((1000, 60)) < 0.2) & ~relevant
    eligible = generator.random(60) < 0.9
    queries = Queries(
        customers=np.arange(1000, dtype=np.int32), relevant=csr_array(relevant),
        seen=csr_array(seen), eligible=eligible, history=np.zeros(1000, int),
    )  # fmt: skip
    ks = (1, 5, 20)
    result = evaluate(lambda rows: scores[rows], queries, ks, False, TREC_EVALS).values
    truth = {str(q): {str(p): int(r) for p, r in enumerate(row)} for q, row in enumerate(relevant)}
    ranked = eligible & ~seen
    run = {
        str(q): {str(p): float(scores[q, p]) for p in np.flatnonzero(ranked[q])}
        for q in range(1000)
    }
    theirs = {
        "precision": ir.P, "recall": ir.R, "ndcg": ir.nDCG, "map": ir.AP, "mrr": ir.RR,
        "hit_rate": ir.Success,
    }  # fmt: skip
    names = {str(of @ k): f"{name}@{k}" for name, of in theirs.items() for k in ks}
    wanted = {name: np.full(1000, np.nan) for name in names.values()}
    for measured in ir.iter_calc([of @ k for of in theirs.values() for k in ks], truth, run):
        wanted[names[str(measured.measure)]][int(measured.query_id)] = measured.value
    assert wanted.keys() == result.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(result[name], values, rtol=0, atol=1e-9, err_msg=name)


def test_ties_by_hand() -> None:
    # Of equal scores the lower row number comes first: the list is 2, 0, 1, 4, 3.
    scores = np.array([[2, 2, 3, 1, 2]], np.float32)
    queries = Queries(
        customers=np.zeros(1, np.int32), relevant=csr_array(np.array([[0, 1, 0, 0, 1]], bool)),
        seen=None, eligible=np.ones(5, bool), history=np.zeros(1, int),
    )  # fmt: skip
    result = evaluate(lambda rows: scores[rows], queries, [3], False, (*TREC_EVALS, "auc")).values
    third, best = 1 / log2(4), 1 + 1 / log2(3)
    wanted = {
        "precision@3": THIRD, "recall@3": HALF, "ndcg@3": third / best,
        "map@3": THIRD / 2, "mrr@3": THIRD, "hit_rate@3": 1,
        # Of six pairs: below product 2 twice, level with 0 twice, above 3 twice.
        "auc": (2 * HALF + 2) / 6,
    }  # fmt: skip
    assert {name: values[0] for name, values in result.items()} == pytest.approx(
        {name: float(value) for name, value in wanted.items()}, rel=1e-14
    )


Case = tuple[BoolArray, IntArray]


@st.composite
def listed(draw: Callable[..., int]) -> Case:
    """Hits [6, k] and numbers of relevant products [6], at least as many as were hit."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    hit = generator.random((6, draw(st.integers(1, 12)))) < generator.random()
    return hit, np.maximum(hit.sum(axis=1) + generator.integers(0, 4, 6), 1)


@pytest.mark.parametrize("name", OF_HITS)
@settings(max_examples=50, deadline=None)
@given(case=listed(), k=st.integers(1, 15))
def test_bounds_growth_and_order(name: str, case: Case, k: int) -> None:
    hit, relevant = case
    result = OF_HITS[name](hit, relevant, k)
    assert result.shape == (6,)
    assert ((result >= 0) & (result <= 1 + 1e-12)).all()
    if name in {"recall", "map", "mrr", "hit_rate", "rbp50", "rbp80", "rbp95"}:
        # But for the last bit: a longer sum may be added up in another order.
        assert (OF_HITS[name](hit, relevant, k + 1) >= result - 1e-15).all()
    order = np.array([3, 0, 5, 1, 4, 2])
    again = OF_HITS[name](hit[order], relevant[order], k)
    np.testing.assert_allclose(again, result[order], rtol=1e-14)
    # What lies beyond the cut does not count.
    np.testing.assert_allclose(OF_HITS[name](hit[:, :k], relevant, k), result, rtol=1e-14)
    assert (result[~hit[:, :k].any(axis=1)] == 0).all()


@pytest.mark.parametrize("name", OF_HITS)
@pytest.mark.parametrize("relevant", [1, 3, 10])
def test_a_perfect_list_of_the_right_length_is_one(name: str, relevant: int) -> None:
    hit = np.arange(12)[None, :] < relevant
    persistence = {"rbp50": 0.5, "rbp80": 0.8, "rbp95": 0.95}.get(name, 0)
    # Rank-biased precision keeps what products beyond the list could add.
    wanted = 1 - persistence**relevant
    assert OF_HITS[name](hit, np.array([relevant]), relevant)[0] == pytest.approx(wanted)


def test_r_precision_by_hand() -> None:
    # Two of three at ranks 1, 3 and 5; none of one; one at rank 2 of two, one not on offer.
    ranks, relevant = np.array([1.0, 3.0, 5.0, 4.0, 2.0, np.nan]), np.array([3, 1, 2])
    result = r_precision(ranks, relevant, np.array([9, 9, 9]))
    np.testing.assert_allclose(result, [2 / 3, 0, 1 / 2], rtol=1e-15)


def test_r_precision_equals_ir_measures() -> None:
    ir = pytest.importorskip("ir_measures")
    cases = [random_case(seed) for seed in range(200)]
    truth = {str(q): {str(p): int(r) for p, r in enumerate(c[1])} for q, c in enumerate(cases)}
    run = {str(q): {str(p): float(s) for p, s in enumerate(c[0])} for q, c in enumerate(cases)}
    wanted = {int(r.query_id): r.value for r in ir.iter_calc([ir.Rprec], truth, run)}
    for query, (scores, relevant) in enumerate(cases):
        matrix = csr_array(relevant[None, :])
        ranks = mid_ranks(scores[None, :], matrix)
        result = r_precision(ranks, np.diff(matrix.indptr), np.array([len(scores)]))
        assert result[0] == pytest.approx(wanted[query], abs=1e-9)


@pytest.mark.parametrize("name", ["ndcg", "map", "mrr"])
def test_higher_is_better(name: str) -> None:
    up, down = np.array([[0, 1, 0, 1]], bool), np.array([[0, 0, 1, 1]], bool)
    two = np.array([2])
    assert OF_HITS[name](up, two, 4) > OF_HITS[name](down, two, 4)


def test_auc_by_hand() -> None:
    # Row 0: relevant at ranks 1 and 3 of 5, so 5 of 6 pairs are right. Row 1: last of 4.
    result = auc(np.array([1.0, 3.0, 4.0]), np.array([2, 1]), np.array([5, 4]))
    assert result.tolist() == [float(1 - Fraction(1, 6)), 0]


def test_auc_counts_a_tie_as_half_and_only_eligible_products() -> None:
    scores = np.array([[3, 2, 2, 2, -np.inf], [1, 1, 1, 1, 1]], np.float32)
    relevant = csr_array(np.array([[0, 1, 0, 0, 0], [1, 0, 0, 0, 1]], bool))
    ranks = mid_ranks(scores, relevant)
    assert ranks.tolist() == [3, 3, 3]
    # Below one, level with two: (0 + 1/2 + 1/2) / 3.
    result = auc(ranks, np.array([1, 2]), np.array([4, 5]))
    np.testing.assert_allclose(result, [1 / 3, 0.5], rtol=1e-15)


def test_auc_without_a_pair_is_nan() -> None:
    result = auc(np.array([1.0, 2.0]), np.array([2, 0]), np.array([2, 5]))
    assert np.isnan(result).all()


@pytest.mark.parametrize("levels", [2, 5, 100_000])
def test_auc_equals_scikit_learn(levels: int) -> None:
    generator = np.random.default_rng(levels)
    scores = generator.integers(0, levels, (200, 30)).astype(np.float32)
    relevant = generator.random((200, 30)) < 0.3
    relevant[:, 0], relevant[:, 1] = True, False
    matrix = csr_array(relevant)
    result = auc(mid_ranks(scores, matrix), np.diff(matrix.indptr), np.full(200, 30))
    wanted = [roc_auc_score(*row) for row in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-12)


def test_auc_of_many_products_does_not_overflow() -> None:
    relevant = np.array([100_000], np.int32)
    result = auc(np.arange(1, 100_001.0), relevant, np.array([1_000_000], np.int32))
    assert result.tolist() == [1]


@pytest.mark.parametrize("scores", [[np.nan, 1], [1, np.nan], [-np.inf, np.nan]])
def test_ranks_need_scores(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="NaN"):
        mid_ranks(np.array([scores]), csr_array(np.array([[True, False]])))


def test_what_cannot_be_ranked_has_no_rank() -> None:
    scores = np.array([[-np.inf, 1, np.inf, 1]])
    result = mid_ranks(scores, csr_array(np.ones((1, 4), bool)))
    np.testing.assert_array_equal(result, [np.nan, 2.5, 1, 2.5])


def test_scores_that_only_rounding_tells_apart_are_tied() -> None:
    scores = np.array([[4, 1, 1 + 3e-6, 1 - 3e-6, 1 + 9e-6, 1 - 9e-6]])
    result = mid_ranks(scores, csr_array(np.array([[0, 1, 0, 0, 0, 0]], bool)))
    # Four millionths around 1: two above, three level at places 3 to 5 with their mean.
    assert result.tolist() == [4]
    # The same scores apart by as much as they weigh.
    assert mid_ranks(scores / 1e6, csr_array(np.array([[0, 1, 0, 0, 0, 0]], bool))).tolist() == [4]
    alone = np.array([[0.4, 1, 1 + 3e-6, 1 - 3e-6, 1 + 9e-6, 1 - 9e-6]])
    assert mid_ranks(alone, csr_array(np.array([[0, 1, 0, 0, 0, 0]], bool))).tolist() == [3]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([1, 2, 7, 10_000]))
def test_ranks_equal_scipy(seed: int, width: int, levels: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, levels, (5, width)).astype(np.float32)
    relevant = csr_array(generator.random((5, width)) < 0.4)
    query = np.repeat(np.arange(5), np.diff(relevant.indptr))
    wanted = rankdata(-scores, axis=1)[query, relevant.indices]
    assert mid_ranks(scores, relevant).tolist() == wanted.tolist()


def test_evaluate_measures_what_is_asked_for() -> None:
    relevant = csr_array(np.array([[1, 0, 1], [0, 1, 0]], bool))
    queries = Queries(
        customers=np.array([0, 1], np.int32), relevant=relevant, seen=None,
        eligible=np.ones(3, bool), history=np.array([0, 4]),
    )  # fmt: skip
    table = np.array([[3, 2, 1], [3, 2, 1]], np.float32)
    result = evaluate(
        lambda rows: table[rows], queries, [1, 3], progress=False, metrics=tuple(OF_HITS)
    ).values
    assert list(result) == [f"{name}@{k}" for name in OF_HITS for k in (1, 3)]
    assert result["map@3"].tolist() == pytest.approx([float(Fraction(5, 6)), 0.5])
    assert result["hit_rate@1"].tolist() == [1, 0]
    assert result["mrr@3"].tolist() == [1, 0.5]


def test_the_configuration_names_what_can_be_measured() -> None:
    assert EvaluateConfig(metrics=("map", "mrr"), metric="map@20").metrics == ("map", "mrr")
    there_are = (
        "precision, recall, ndcg, map, mrr, hit_rate, capped_recall, capped_map, rbp50, rbp80, "
        "rbp95, auc, r_precision, novelty"
    )
    for wrong in ((), ("recall", "brier"), ("ndgc",)):
        with pytest.raises(InputError, match=f"evaluate.metrics: expected some of {there_are}"):
            EvaluateConfig(metrics=wrong)
    with pytest.raises(InputError, match=r"evaluate.metric: expected one of map@5, .*'ndcg@10'"):
        EvaluateConfig(metrics=("map",))
