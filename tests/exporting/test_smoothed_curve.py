"""Blocks of an isotonic curve pulled towards the overall rate, in fractions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.exporting.smoothed_curve import PRIOR, fit_smoothed_isotonic


def test_two_blocks_by_hand() -> None:
    # Rate 1/2; (0 + 10/2) / (2 + 10) = 5/12 and (2 + 10/2) / (2 + 10) = 7/12.
    assert PRIOR == 10
    curve = fit_smoothed_isotonic(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(curve(np.array([0.1, 0.2, 0.3, 0.4])), np.array([5, 5, 7, 7]) / 12)


def test_a_small_block_that_would_fall_joins_its_neighbour() -> None:
    # Pulled by themselves, the single event at the top would come to lie below the 30 before it.
    p = np.concatenate([np.full(60, 0.1), np.full(30, 0.5), [0.9]])
    y = np.concatenate([np.zeros(60), np.tile([1, 0, 0], 10), [1]])
    rates = fit_smoothed_isotonic(p, y)(np.array([0.1, 0.5, 0.9]))
    overall = 11 / 91
    first, second, third = (
        10 * overall / 70, (10 + 10 * overall) / 40, (1 + 10 * overall) / 11,
    )  # fmt: skip
    joint = (40 * second + 11 * third) / 51
    np.testing.assert_allclose(rates, [first, joint, joint])


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60),
)
def test_rates_rise_and_are_never_certain(events: list[tuple[float, bool]]) -> None:
    p, y = (np.array(column, float) for column in zip(*events, strict=True))
    if np.ptp(np.unique(p)) == 0 or y.mean() in (0, 1):
        return
    curve = fit_smoothed_isotonic(p, y)
    assert (np.diff(curve.rate) >= 0).all()
    assert 0 < curve.rate[0] <= curve.rate[-1] < 1
