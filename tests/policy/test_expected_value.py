from typing import Any

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.expected_value import by_expected_value, expected_value


def test_by_hand() -> None:
    chance, worth = np.array([[0.5, 0.1, 0.2], [0.0, 1.0, 0.3]]), np.array([2.0, 20, 5])
    assert expected_value(chance, worth).tolist() == [[1, 2, 1], [0, 20, 1.5]]
    assert expected_value(chance[0], 2, cost=np.array([0.25, 0, 1])).tolist() == [0.75, 0.2, -0.6]


def test_the_likeliest_is_not_the_most_worth() -> None:
    worth = expected_value(np.array([[0.5, 0.1, 0.2], [0.0, 1.0, 0.3]]), np.array([2.0, 20, 5]))
    assert by_expected_value(worth).tolist() == [[1, 0, 2], [1, 2, 0]]


def test_what_may_not_be_offered_comes_last() -> None:
    assert by_expected_value(np.array([[-np.inf, -3.0, 0.0]])).tolist() == [[2, 1, 0]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0.5, 1.5], 1.0), "position 1: expected a probability between 0 and 1, got 1.5"),
        (([np.nan], 1.0), "position 0: expected a probability between 0 and 1, got none"),
        (([[0.5, 0.5]], [1.0, np.nan]), "position 0, 1: expected a value, got none"),
        (([0.5], 1.0, np.nan), "position 0: expected a cost, got none"),
        ((0.5, np.inf), "position 0: expected a value, got inf"),
    ],
)
def test_what_has_no_expected_value(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        expected_value(*map(np.asarray, arguments))
