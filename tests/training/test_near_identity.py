"""Symmetric systems solved together, in NumPy and in PyTorch."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.arrays import FloatArray
from recsys.training.near_identity import by_gradients, solve_near_identity


def systems(largest: float, size: int = 30, count: int = 3, seed: int = 0) -> FloatArray:
    """[count, size, size] with eigenvalues from 1 to `largest`."""
    generator = np.random.default_rng(seed)
    turns = np.linalg.qr(generator.standard_normal((count, size, size))).Q
    values = np.geomspace(1, largest, size)
    return (turns * values) @ turns.mT


@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("largest", [1.0, 5.0, 1e6])
def test_a_few_steps_or_factors_solve(xp: Any, largest: float) -> None:
    matrices, targets = systems(largest), np.random.default_rng(1).standard_normal((3, 30))
    found = solve_near_identity(xp.asarray(matrices), xp.asarray(targets), xp)
    expected = np.linalg.solve(matrices, targets[:, :, None])[:, :, 0]
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-8, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(largest=st.floats(1, 10), size=st.integers(1, 40), seed=st.integers(0, 99))
def test_up_to_25_gradients_are_enough_in_float32(largest: float, size: int, seed: int) -> None:
    matrices = systems(largest, size, seed=seed).astype(np.float32)
    targets = np.random.default_rng(seed).standard_normal((3, size)).astype(np.float32)
    found = by_gradients(lambda x: (matrices @ x[:, :, None])[:, :, 0], targets, np)
    assert found is not None
    residual = (matrices @ found[:, :, None])[:, :, 0] - targets
    lengths = (np.linalg.norm(array, axis=1) for array in (residual, targets))
    assert np.divide(*lengths).max() < 1e-4


def test_far_from_the_identity_gradients_give_up() -> None:
    matrices, targets = systems(1e6), np.ones((3, 30))
    assert by_gradients(lambda x: (matrices @ x[:, :, None])[:, :, 0], targets, np) is None


def test_a_target_of_zero_stays_zero_beside_others() -> None:
    targets = np.array([[0.0, 0.0], [1.0, 2.0]])
    matrices = np.array([np.eye(2), [[2.0, 1.0], [1.0, 3.0]]])
    found = solve_near_identity(matrices, targets, np)
    np.testing.assert_allclose(found, [[0, 0], [0.2, 0.6]], atol=1e-12)


def test_rows_that_are_solved_first_wait_for_the_others() -> None:
    """Residuals of zero would be divided by themselves; warnings are errors here."""
    matrices = np.concatenate([systems(1.0, 30, 1), systems(300.0, 30, 1)]).astype(np.float32)
    targets = np.ones((2, 30), np.float32)
    targets[0] *= 1e-12
    with np.errstate(all="raise", under="ignore"):
        found = solve_near_identity(matrices, targets, np)
    np.testing.assert_allclose(found[0], targets[0], rtol=1e-4)
