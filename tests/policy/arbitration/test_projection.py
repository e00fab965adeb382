"""The nearest point of a polyhedron, and the level method on it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from recsys.policy.arbitration.level_method import LevelMethod
from recsys.policy.arbitration.projection import nearest_to_origin


def test_the_nearest_point_of_a_corner() -> None:
    # x >= 1 and y >= 2, and x + y >= 1, which holds anyway.
    point, is_active = nearest_to_origin(
        np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([1.0, 2, 1]), np.zeros(3, bool)
    )
    np.testing.assert_allclose(point, [1, 2])
    assert is_active.tolist() == [True, True, False]


def test_an_empty_polyhedron_has_none() -> None:
    point, _ = nearest_to_origin(np.array([[1.0], [-1]]), np.array([1.0, 0]), np.zeros(2, bool))
    assert point is None


@given(st.integers(0, 10**6))
def test_any_guess_of_the_active_constraints_gives_the_same_point(seed) -> None:
    random = np.random.default_rng(seed)
    normals = random.normal(size=(8, 3))
    offsets = normals @ random.normal(size=3) - random.random(8)
    without, _ = nearest_to_origin(normals, offsets, np.zeros(8, bool))
    guessed, _ = nearest_to_origin(normals, offsets, random.random(8) < 0.5)
    np.testing.assert_allclose(without, guessed, atol=1e-7)
    assert (normals @ without >= offsets - 1e-7).all()


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_the_level_method_finds_the_minimum_of_the_largest_of_planes(seed) -> None:
    random = np.random.default_rng(seed)
    slopes, heights = random.normal(size=(12, 3)), random.random(12) + 20
    search = LevelMethod(np.zeros(3), np.full(3, 2.0))
    for _ in range(300):
        planes = heights + slopes @ search.point
        search.add(planes.max(), slopes[planes.argmax()])
        if not search.advance(1e-9):
            break
    # min z with z >= heights + slopes @ x, and the bound 0 that all our functions have.
    exact = linprog(
        [0, 0, 0, 1], A_ub=np.column_stack([slopes, -np.ones(12)]), b_ub=-heights,
        bounds=[(0, 2)] * 3 + [(0, None)],
    )  # fmt: skip
    assert exact.fun > 1
    assert search.upper == pytest.approx(exact.fun, rel=1e-6)
