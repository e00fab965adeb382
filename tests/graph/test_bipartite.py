from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import dataset_of, outside
from scipy.sparse import csr_array

from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.errors import InputError
from recsys.graph.action_weights import action_weights
from recsys.graph.bipartite import binary, interaction_matrix, normalise, time_decay

F = Fraction


def floats(rows: list[list[Any]]) -> np.ndarray:
    return np.array([[float(cell) for cell in row] for row in rows])


def test_events_add_up_and_those_without_product_are_left_out(shop: Dataset) -> None:
    # ann, bob, cleo, dan x bread, jam, milk, tea; cleo's reject of milk weighs nothing.
    wanted = [[1, 1, 2, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    result = interaction_matrix(shop)
    np.testing.assert_array_equal(outside(shop, result), wanted)
    assert result.dtype == np.float32
    assert result.has_sorted_indices
    assert (result.data != 0).all()


def test_actions_weigh_what_they_are_given(shop: Dataset) -> None:
    result = interaction_matrix(shop, actions={"purchase": 3, "view": 0.5, "reject": 0})
    wanted = [[3, 3, 3.5, 0], [3, 3, 3, 0], [0, 0, 0, 3], [0, 0, 0, 0]]
    np.testing.assert_array_equal(outside(shop, result), wanted)
    nothing = interaction_matrix(shop, actions={"cart": 1})
    assert nothing.nnz == 0
    assert nothing.shape == (4, 4)


def test_the_weight_of_an_event_counts_and_a_missing_one_is_one() -> None:
    data = dataset_of(
        {"customer_id": ["a"] * 4, "product_id": ["x", "x", "y", "z"], "weight": [2, None, 0.25, 0]}
    )
    result = interaction_matrix(data)
    np.testing.assert_array_equal(outside(data, result), [[3, 0.25, 0]])
    assert result.nnz == 2


def test_decay_on_order_by_hand() -> None:
    data = dataset_of({"customer_id": ["a"] * 3, "product_id": ["x", "x", "y"], "order": [1, 3, 4]})
    assert data.as_of == 5
    # Ages 4, 2 and 1 with a half-life of 2 positions.
    wanted = [[F(1, 4) + F(1, 2), 2**-0.5]]
    result = interaction_matrix(data, half_life=2)
    np.testing.assert_allclose(outside(data, result), floats(wanted), rtol=1e-6)


def test_decay_on_time_is_in_days() -> None:
    table = {
        "customer_id": ["a", "b"], "product_id": ["x", "x"],
        "timestamp": ["2026-01-01", "2026-01-04T12:00"],
    }  # fmt: skip
    data = dataset_of(table)
    at = pd.Timestamp("2026-01-08", tz="UTC")
    data = data.select(np.ones(2, bool), as_of=int(at.timestamp()) * SECOND)
    result = interaction_matrix(data, half_life=3.5)
    np.testing.assert_allclose(outside(data, result), floats([[F(1, 4)], [F(1, 2)]]), rtol=1e-6)


def test_decay_multiplies_action_and_weight() -> None:
    data = dataset_of(
        {
            "customer_id": ["a"], "product_id": ["x"], "order": [7], "weight": [5],
            "action": ["cart"],
        }
    )  # fmt: skip
    result = interaction_matrix(data, actions={"cart": 3}, half_life=1)
    assert outside(data, result).tolist() == [[5 * 3 * 0.5]]


def test_decay_needs_a_clock() -> None:
    data = dataset_of({"customer_id": [1], "product_id": [1]})
    with pytest.raises(InputError, match=r"model.half_life: data=memory has no time and no order"):
        interaction_matrix(data, half_life=3)
    assert interaction_matrix(data).toarray().tolist() == [[1]]


def test_a_published_test_row_without_time_counts_as_fresh() -> None:
    # An export refits on everything, so that such rows are history then.
    table = {
        "customer_id": [1, 2], "product_id": [1, 2], "timestamp": ["2026-01-01", None],
        "part": ["train", "test"],
    }  # fmt: skip
    decay = time_decay(dataset_of(table), 1.0)
    assert np.isfinite(decay).all()
    assert decay[1] == 1


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ({"buy": 1}, r"model.actions: no action 'buy'; actions are view, click"),
        ({"view": -1}, r"model.actions.view: expected a finite weight >= 0, got -1"),
        ({"view": float("nan")}, r"model.actions.view: expected a finite weight >= 0, got nan"),
        ({"view": float("inf")}, r"model.actions.view: expected a finite weight >= 0, got inf"),
    ],
)
def test_bad_actions_are_refused(shop: Dataset, actions: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        interaction_matrix(shop, actions=actions)


def test_what_customers_start_counts_by_default() -> None:
    # view, click, cart, accept, purchase | reject, ignore, a contact of which nothing more is known
    assert action_weights(None).tolist() == [1, 1, 1, 1, 1, 0, 0, 0]


MATRIX = csr_array(np.array([[1, 3, 0], [0, 4, 0], [0, 0, 0]], np.float32))


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        (0, 0, [[1, 3, 0], [0, 4, 0], [0, 0, 0]]),
        # Rows sum to 4 and 4, columns to 1 and 7.
        (1, 0, [[F(1, 4), F(3, 4), 0], [0, 1, 0], [0, 0, 0]]),
        (0, 1, [[1, F(3, 7), 0], [0, F(4, 7), 0], [0, 0, 0]]),
        (0.5, 0, [[F(1, 2), F(3, 2), 0], [0, 2, 0], [0, 0, 0]]),
        (1, 1, [[F(1, 4), F(3, 28), 0], [0, F(1, 7), 0], [0, 0, 0]]),
        (0.5, 0.5, [[F(1, 2), F(3, 2) / 7**0.5, 0], [0, 2 / 7**0.5, 0], [0, 0, 0]]),
    ],
)
def test_exponents_by_hand(a: float, b: float, wanted: list[list[Any]]) -> None:
    result = normalise(MATRIX, a, b)
    np.testing.assert_allclose(result.toarray(), floats(wanted), rtol=1e-6)
    assert result.dtype == np.float32
    assert result.nnz == MATRIX.nnz


def test_the_matrix_that_came_in_stays_as_it_was() -> None:
    before = MATRIX.toarray()
    normalise(MATRIX, 0.5, 0.5)
    binary(MATRIX)
    np.testing.assert_array_equal(MATRIX.toarray(), before)


def test_binary() -> None:
    assert binary(MATRIX).toarray().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 2), st.floats(0, 2))
def test_normalising_is_the_dense_formula(seed: int, a: float, b: float) -> None:
    generator = np.random.default_rng(seed)
    dense = generator.integers(0, 4, (5, 6)) * (generator.random((5, 6)) < 0.5)
    rows, columns = dense.sum(axis=1), dense.sum(axis=0)
    wanted = np.zeros(dense.shape)
    for i, j in zip(*dense.nonzero(), strict=True):
        wanted[i, j] = dense[i, j] / rows[i] ** a / columns[j] ** b
    result = normalise(csr_array(dense.astype(np.float32)), a, b)
    np.testing.assert_allclose(result.toarray(), wanted, rtol=1e-5)


def test_a_half_life_far_shorter_than_the_history_stays_finite() -> None:
    # The inverse of 2^-140 is above the largest float32.
    data = dataset_of({"customer_id": ["a", "b"], "product_id": ["x", "y"], "order": [1, 141]})
    result = normalise(interaction_matrix(data, half_life=1), 1.0, 1.0)
    assert np.isfinite(result.data).all()
