"""Rankings under masks: what rules cost, by hand and against rankings done one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.errors import InputError
from recsys.evaluation.full_ranking import rank
from recsys.evaluation.permitted import HITS, VALUE, rule_costs, under

SCORES = np.array([[4, 3, 2, 1], [1, 2, 3, 4]], np.float32)
RELEVANT = np.array([[1, 0, 0, 1], [0, 1, 0, 0]], bool)


def queries(relevant: BoolArray, seen: BoolArray | None = None) -> Queries:
    count, width = relevant.shape
    return Queries(
        customers=np.arange(count, dtype=np.int32),
        relevant=csr_array(relevant),
        seen=None if seen is None else csr_array(seen),
        eligible=np.ones(width, bool),
        history=np.zeros(count, np.int64),
    )


def score(customers: IntArray) -> FloatArray:
    return SCORES[customers]


def test_costs_equal_a_case_by_hand() -> None:
    # Of the first two: without rules customer 0 has product 0 (worth 5), customer 1 nothing.
    first = np.array([[0, 1, 1, 1], [1, 1, 1, 1]], bool)  # refuses 0 its product 0
    second = np.array([[1, 1, 0, 1], [1, 1, 1, 0]], bool)  # refuses 0 product 2, and 1 product 3
    masks = [first & second, second, first]
    costs = rule_costs(
        score, queries(RELEVANT), 2, ["first", "second"],
        lambda rows: iter([mask[rows] for mask in masks]), values=np.array([5.0, 7, 1, 2]),
    )  # fmt: skip
    assert costs.free[HITS].mean == 1 / 2
    assert costs.free[VALUE].mean == 5 / 2
    # Under both, customer 0 is shown 1 and 3 (worth 2), customer 1 is shown 2 and 1 (worth 7).
    assert costs.left[HITS].mean == 1
    assert costs.left[VALUE].mean == 9 / 2
    assert costs.taken[VALUE].mean == -4 / 2
    # Without the first rule, product 0 is back for 2: 5 - 2; without the second both lose.
    assert costs.rules["first"][VALUE].mean == 3 / 2
    assert costs.rules["second"][HITS].mean == -1
    assert costs.rules["second"][VALUE].mean == -9 / 2


@given(seed=st.integers(0, 200), rules=st.integers(1, 4), share=st.sampled_from([0.2, 0.5, 1.0]))
def test_costs_are_those_of_rankings_one_by_one(seed: int, rules: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(9, 12)).astype(np.float32)
    window = queries(generator.random((9, 12)) < 0.3, generator.random((9, 12)) < 0.2)
    refused = generator.random((rules, 9, 12)) > share
    without = [~np.delete(refused, rule, axis=0).any(axis=0) for rule in range(rules)]
    masks = [~refused.any(axis=0), *without]
    costs = rule_costs(
        lambda rows: scores[rows], window, 3, [str(rule) for rule in range(rules)],
        lambda rows: iter([mask[rows] for mask in masks]), resamples=1,
    )  # fmt: skip
    hits = []
    for permitted in (np.ones((9, 12), bool), *masks):
        made = under(lambda rows: scores[rows], lambda rows, kept=permitted: kept[rows])
        hits.append((rank(made, window, 3, progress=False).entries >= 0).any(axis=1).mean())
    assert costs.free[HITS].mean == pytest.approx(hits[0])
    assert costs.left[HITS].mean == pytest.approx(hits[1])
    for rule in range(rules):
        assert costs.rules[str(rule)][HITS].mean == pytest.approx(hits[2 + rule] - hits[1])


def test_values_are_one_a_product() -> None:
    with pytest.raises(InputError, match="values: expected 4 finite numbers, one a product, got"):
        rule_costs(score, queries(RELEVANT), 2, [], lambda rows: iter([]), values=np.ones(3))
