"""Which visit continues which, and what a strand comes to: sums worked out by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.journeys.purposes.matching import link_probabilities
from recsys.journeys.purposes.milestones import (
    next_milestones,
    reaches,
    reaches_after_silence,
    stage_of,
)
from recsys.journeys.purposes.renewal import Gamma, Renewal

EXPONENTIAL = Gamma(shape=np.ones(2), scale=np.full(2, 10.0))
KNOWN = Renewal(
    returns=np.array([0.5, 0.2]),
    gap=EXPONENTIAL,
    any_gap=EXPONENTIAL,
    steps=np.array([[0.6, 0.4], [1.0, 0.0]]),
    starts=np.array([0.9, 0.1]),
    same=(0.5, 0.5),
    rate_shape=1.0,
    rate_time=100.0,
)


def by_counting(odds: list[float], earlier: list[int], later: list[int]) -> np.ndarray:
    """Marginals over all sets of links in which no visit is continued or continues twice."""
    weight = np.zeros(len(odds))
    total = 0.0
    for chosen in product((False, True), repeat=len(odds)):
        links = [row for row, taken in enumerate(chosen) if taken]
        heads, tails = [earlier[row] for row in links], [later[row] for row in links]
        if len(set(heads)) == len(heads) and len(set(tails)) == len(tails):
            value = float(np.prod([odds[row] for row in links]))
            total += value
            weight[links] += value
    return weight / total


def test_a_link_has_its_odds_and_rivals_share() -> None:
    alone = link_probabilities(np.array([3.0]), np.array([0]), np.array([1]), 2)
    assert alone == pytest.approx([3 / 4])
    # Two earlier visits want the same later one: 1 + 2 + 5 ways.
    rivals = link_probabilities(np.array([2.0, 5.0]), np.array([0, 1]), np.array([2, 2]), 3)
    assert rivals == pytest.approx([2 / 8, 5 / 8], abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.05, 20), min_size=3, max_size=3))
def test_a_chain_of_rivals_has_exact_probabilities(odds: list[float]) -> None:
    # 0 -> 2, 1 -> 2, 1 -> 3: no loop among the links, so message passing is exact.
    earlier, later = [0, 1, 1], [2, 2, 3]
    got = link_probabilities(np.array(odds), np.array(earlier), np.array(later), 4)
    np.testing.assert_allclose(got, by_counting(odds, earlier, later), atol=2e-3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(1e-6, 1e6), min_size=6, max_size=6))
def test_a_visit_continues_one_at_most_whatever_the_odds(odds: list[float]) -> None:
    earlier, later = np.array([0, 0, 0, 1, 1, 2]), np.array([1, 2, 3, 2, 3, 3])
    got = link_probabilities(np.array(odds), earlier, later, 4)
    assert (got >= 0).all()
    assert (np.bincount(later, got) <= 1 + 1e-9).all()


def test_silence_lowers_the_probability_of_coming_back() -> None:
    # After 10 days e^-1 of those who come back have not done so yet.
    waiting = 0.5 * np.exp(-1)
    assert KNOWN.comes_back(np.array([0, 0]), np.array([0.0, 10.0])) == pytest.approx(
        [0.5, waiting / (1 - 0.5 * (1 - np.exp(-1)))]
    )


def test_milestones_are_reached_as_the_chain_says() -> None:
    # From action 0: directly with .5 x .4 = .2, or again from 0 with .3: h = .2 + .3 h = 2 / 7.
    # From action 1: .2 x (0 + 1 x 2 / 7).
    assert reaches(KNOWN)[:, 1] == pytest.approx([2 / 7, 0.2 * 2 / 7])
    assert reaches(KNOWN)[:, 0] == pytest.approx([0.5, 0.2])
    now, later = reaches_after_silence(
        KNOWN, np.array([0, 0]), np.array([1, 1]), np.array([0.0, 30.0])
    )
    assert now == pytest.approx(2 / 7)
    assert later < now


def test_stages_begin_with_milestones() -> None:
    actions = ("view", "click", "cart", "purchase")
    assert [stage_of(action) for action in actions] == ["know", "know", "consider", "bought"]
    assert next_milestones(actions).tolist() == [2, 2, 3, 3]
    assert next_milestones(("purchase",)).tolist() == [0]
