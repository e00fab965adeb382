"""What is counted before a moment, and what follows from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.models.acceptance import Features
from recsys.models.next_step import Multinomial, Steps, counts_before, latest_before, shares


def steps(*rows: tuple[int, int, tuple[int, ...]], width: int = 3) -> Steps:
    """Of (moment, answered, answers); a customer each."""
    answers = np.zeros((len(rows), width), bool)
    for row, (_, _, given_answers) in enumerate(rows):
        answers[row, list(given_answers)] = True
    return Steps(
        customers=np.arange(len(rows)),
        moments=np.array([row[0] for row in rows]),
        answered=np.array([row[1] for row in rows]),
        answers=answers,
    )


def test_a_share_is_of_the_answers_of_the_cell_that_came_before() -> None:
    # The third is predicted when the second, predicted earlier, has no answer yet.
    made = steps((1, 2, (0, 1)), (3, 6, (1,)), (4, 9, (2,)), (7, 8, (2,)))
    one_cell = np.zeros(4, np.int64)
    by_step = shares(made, one_cell, np.arange(4), 1.0, 1 / 3)
    np.testing.assert_allclose(
        by_step,
        np.array([[1, 1, 1], [4, 4, 1], [4, 4, 1], [4, 7, 1]])
        / np.array([[3], [9], [9], [12]]),
    )  # fmt: skip
    apart = shares(made, np.array([0, 1, 0, 1]), np.array([3]), 2.0, by_step[[3]])
    # One answer of the cell before it, and two of everybody's.
    np.testing.assert_allclose(apart, [[2 / 9, 13 / 18, 1 / 18]])


def test_an_answer_at_the_moment_itself_is_not_known() -> None:
    result = shares(steps((5, 5, (0,)), (5, 5, (1,))), np.zeros(2, np.int64), np.array([1]), 1, 0.5)
    assert result.tolist() == [[0.5, 0.5, 0.5]]


EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 2)), min_size=0, max_size=30
)
QUERIES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 10)), min_size=1, max_size=10)


@given(EVENTS, QUERIES)
def test_counts_and_the_latest_are_those_of_a_loop(
    events: list[tuple[int, int, int]], queries: list[tuple[int, int]]
) -> None:
    groups, when, items = (np.array([row[i] for row in events], np.int64) for i in range(3))
    whose, moments = (np.array([row[i] for row in queries], np.int64) for i in range(2))
    counts = counts_before(groups, when, items, whose, moments, 3)
    latest = latest_before(groups, when, items, whose, moments, 2)
    for row, (group, moment) in enumerate(queries):
        happened = [(at, row_number, item) for row_number, (owner, at, item) in enumerate(events)
                    if owner == group and at < moment]  # fmt: skip
        kinds = [item for _, _, item in sorted(happened)]
        assert counts[row].tolist() == [kinds.count(item) for item in range(3)]
        assert latest[row].tolist() == [*kinds[::-1], -1, -1][:2]


def features(values: np.ndarray) -> Features:
    return Features(values=values, names=tuple(f"x{i}" for i in range(values.shape[1])))


def test_the_regression_learns_shares_by_cell() -> None:
    # Of two kinds of steps one leads to answer 0 or 2 with 3 : 1, the other always to 0 and 1.
    values = np.repeat([[0.0], [1.0]], 4_000, axis=0)
    answers = np.zeros((8_000, 4), bool)
    answers[:3_000, 0] = answers[3_000:4_000, 2] = True
    answers[4_000:, :2] = True
    learnt = (
        Multinomial(l2=1e-3).fit(features(values), answers).probabilities(features(values[[0, -1]]))
    )
    np.testing.assert_allclose(learnt, [[0.75, 0, 0.25, 0], [0.5, 0.5, 0, 0]], atol=2e-3)
    # Both answers of a step weigh as much as the one of another.
    mixed = Multinomial(l2=1e9).fit(features(values), answers).probabilities(features(values[:1]))
    np.testing.assert_allclose(mixed, [[5 / 8, 1 / 4, 1 / 8, 0]], atol=1e-3)


def test_other_columns_and_a_penalty_of_nothing_are_refused() -> None:
    model = Multinomial().fit(features(np.arange(4.0)[:, None]), np.eye(4, dtype=bool))
    with pytest.raises(ValueError, match="expected the columns that it was fitted on"):
        model.probabilities(features(np.zeros((1, 2))))
    with pytest.raises(InputError, match=r"model.l2: expected a number > 0, got 0"):
        Multinomial(l2=0)
