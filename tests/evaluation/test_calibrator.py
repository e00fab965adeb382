"""Calibrators: they rise, stay between 0 and 1, and leave alone what is calibrated."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.evaluation.recalibration import FITS, fit_isotonic, fit_platt
from recsys.ops.calibrator import Calibrator, Isotonic, Platt, calibrator_of

ANY = pytest.mark.parametrize("name", list(FITS))


def events(seed: int, count: int = 400, slope: float = 0.5) -> tuple[FloatArray, FloatArray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(-1, 2, count).round(1)
    return expit(x), (generator.random(count) < expit(slope * x + 0.4)).astype(float)


@ANY
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), slope=st.floats(-1, 3))
def test_the_map_rises_and_stays_within_0_and_1(name: str, seed: int, slope: float) -> None:
    calibrator = FITS[name](*events(seed, slope=slope))
    result = calibrator(np.linspace(0, 1, 501))
    assert (np.diff(result) >= 0).all()
    assert ((result >= 0) & (result <= 1)).all()


@ANY
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_calibrated_is_a_fixed_point(name: str, seed: int) -> None:
    p, y = events(seed)
    once = FITS[name](p, y)(p)
    np.testing.assert_allclose(FITS[name](once, y)(once), once, atol=1e-6)


@ANY
def test_calibrated_probabilities_have_the_rate_of_the_outcomes(name: str) -> None:
    p, y = events(0)
    assert FITS[name](p, y)(p).mean() == pytest.approx(y.mean(), abs=1e-3)


@ANY
def test_plain_arrays_make_the_same_map(name: str) -> None:
    p, y = events(0)
    calibrator = FITS[name](p, y)
    again = calibrator_of(calibrator.arrays())
    np.testing.assert_array_equal(again(p), calibrator(p))


def test_platt_by_hand() -> None:
    p = np.array([0.2, 0.5, 0.9, 0.0, 1.0])
    np.testing.assert_allclose(Platt(0, 1)(p), p, atol=1e-12)
    np.testing.assert_allclose(Platt(0.3, 0.5)(p[:3]), expit(0.3 + 0.5 * logit(p[:3])))
    assert Platt(800, 1)(p).tolist() == [1] * 5


def test_platt_finds_the_line_that_was_drawn() -> None:
    result = fit_platt(*events(0, 50_000))
    assert (result.intercept, result.slope) == pytest.approx((0.4, 0.5), abs=0.05)


def test_isotonic_by_hand() -> None:
    # 0.2 and 0.3 come in the wrong order and are pooled: one of two.
    p, y = np.array([0.1, 0.2, 0.3, 0.9]), np.array([0, 1, 0, 1])
    result = fit_isotonic(p, y)
    assert result(p) == pytest.approx([1 / 6, 1 / 2, 1 / 2, 5 / 6])
    # Straight between knots and level beyond them.
    assert result(np.array([0.0, 0.15, 1.0])) == pytest.approx([1 / 6, 1 / 3, 5 / 6])


def test_probabilities_that_rank_the_wrong_way_become_the_rate() -> None:
    p, y = np.array([0.9, 0.8, 0.3, 0.1, 0.2]), np.array([0, 0, 1, 1, 0])
    for calibrator in (fit_platt(p, y), fit_isotonic(p, y), fit_platt(np.full(5, 0.5), y)):
        assert calibrator(p) == pytest.approx([0.4] * 5, abs=1e-6)


@pytest.mark.parametrize(
    ("p", "y"), [([0.1, 0.9], [0, 1]), ([0.1, 0.9], [0, 0]), ([0.1, 0.9], [1, 1])]
)
def test_too_few_sends_for_a_line(p: list[float], y: list[int]) -> None:
    with pytest.raises(InputError, match=r"finite line that does not fall.*fit it on more sends"):
        fit_platt(np.array(p), np.array(y))
    assert (fit_isotonic(np.array(p), np.array(y))(np.array(p)) > 0).all()


@pytest.mark.parametrize("calibrator", [Platt(0, 1), Isotonic(np.array([0.5]), np.array([0.5]))])
@pytest.mark.parametrize(("bad", "words"), [(1.5, "got 1.5 at position 1"), (np.nan, "got nan")])
def test_a_probability_outside_0_and_1(calibrator: Calibrator, bad: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        calibrator(np.array([0.5, bad]))


@pytest.mark.parametrize(
    ("forecast", "rate"),
    [([], []), ([0.1], [0.1, 0.2]), ([0.2, 0.1], [0.1, 0.2]), ([0.1, 0.2], [0.2, 0.1]),
     ([0.1, 1.2], [0.1, 0.2])],
)  # fmt: skip
def test_knots_that_fall_or_leave_0_to_1(forecast: list[float], rate: list[float]) -> None:
    with pytest.raises(InputError, match="knots between 0 and 1 that rise"):
        Isotonic(np.array(forecast), np.array(rate))


def test_a_line_that_falls_or_is_none() -> None:
    for line in ((0, -1), (np.nan, 1), (0, np.inf)):
        with pytest.raises(InputError, match="does not fall"):
            Platt(*line)


def test_arrays_of_something_else() -> None:
    with pytest.raises(InputError, match=r"expected 'line' .* got weights"):
        calibrator_of({"weights": np.zeros(2)})


def test_serving_needs_numpy_alone() -> None:
    code = (
        "import sys, recsys.ops.calibrator as c; c.Platt(0, 1);"
        "print([m for m in ('scipy', 'sklearn', 'pandas', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
