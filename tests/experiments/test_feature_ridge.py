"""Ridge regression by hand, and that what it says of left-out rows is what a fit without says."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys.exporting.feature_ridge import mapped, ridge


def test_two_terms_by_hand() -> None:
    """Rows (1, 0), (0, 1), (0, 0), (0, 0) with targets 3, 1, 0, 0 and strength 1.

    Centred, A = X'X - 4 m m' with m = (1/4, 1/4) is [[3/4, -1/4], [-1/4, 3/4]], and what features
    and targets share is (3 - 1, 1 - 1) = (2, 0). With A + 1 = [[7/4, -1/4], [-1/4, 7/4]], of
    determinant 3, B = (7/6, 1/6) and b = 1 - (7/6 + 1/6) / 4 = 2/3.
    """
    features = csr_array(np.array([[1.0, 0], [0, 1], [0, 0], [0, 0]]))
    fit = ridge(features, np.array([[3.0], [1], [0], [0]]), np.ones(4), np.array([1.0]))
    wanted = [Fraction(2, 3), Fraction(7, 6), Fraction(1, 6)]
    np.testing.assert_allclose(fit.coefficients[:, 0], [float(value) for value in wanted])
    # Without the first row no row has the first term: targets 1, 0, 0; A = 2/3, shared 2/3,
    # B = (2/3) / (5/3) = 2/5, b = 1/3 - 2/5 / 3 = 1/5, which is what it is predicted to be.
    assert fit.left_out[0, 0] == pytest.approx(1 / 5)


def by_leaving_out(
    features: np.ndarray, targets: np.ndarray, weights: np.ndarray, strength: float
) -> np.ndarray:
    """[n, d] predictions of each row by a fit on all others, solved as they stand."""
    predictions = []
    for row in range(len(features)):
        rest = np.arange(len(features)) != row
        design = np.column_stack([np.ones(rest.sum()), features[rest]])
        penalty = strength * np.diag([0.0, *np.ones(features.shape[1])])
        left = design.T @ (weights[rest, None] * design) + penalty
        fit = np.linalg.solve(left, design.T @ (weights[rest, None] * targets[rest]))
        predictions.append(np.append(1, features[row]) @ fit)
    return np.array(predictions)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 1.0, 30.0]))
def test_left_out_is_left_out(seed: int, strength: float) -> None:
    random = np.random.default_rng(seed)
    features, targets = random.integers(0, 2, (8, 3)) * 1.0, random.standard_normal((8, 2))
    weights = random.uniform(0.2, 2, 8)
    fit = ridge(csr_array(features), targets, weights, np.array([strength]))
    wanted = by_leaving_out(features, targets, weights, strength)
    np.testing.assert_allclose(fit.left_out, wanted, rtol=1e-6, atol=1e-8)


def test_each_column_takes_the_strength_that_predicts_best() -> None:
    random = np.random.default_rng(0)
    features = random.standard_normal((200, 4))
    told, chance = features @ random.standard_normal(4), random.standard_normal(200)
    tried = np.array([0.01, 1e4])
    fit = ridge(csr_array(features), np.column_stack([told, chance]), np.ones(200), tried)
    assert fit.strengths.tolist() == [0.01, 1e4]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_exactly_linear_is_found(seed: int) -> None:
    random = np.random.default_rng(seed)
    features = random.integers(0, 2, (300, 4)) * 1.0
    vectors = np.column_stack([np.ones(300), features]) @ random.standard_normal((5, 3))
    queries = random.standard_normal((50, 3))
    fit = mapped(csr_array(features), vectors, np.ones(300), queries)
    assert fit.explained > 0.999
    made = np.column_stack([np.ones(300), features]) @ fit.coefficients
    np.testing.assert_allclose(made, vectors, atol=0.02 * np.abs(vectors).max())


def test_features_that_say_nothing_give_the_mean() -> None:
    random = np.random.default_rng(0)
    features, vectors = random.standard_normal((300, 3)), random.standard_normal((300, 4)) + 1
    fit = mapped(csr_array(features), vectors, np.ones(300), random.standard_normal((50, 4)))
    assert fit.explained < 0.02
    if fit.explained <= 0:
        assert fit.stretch == 1


def test_left_out_products_get_as_many_first_places() -> None:
    random = np.random.default_rng(0)
    features = random.standard_normal((400, 3))
    noise = 2 * random.standard_normal((400, 6))
    vectors = features @ random.standard_normal((3, 6)) + noise
    queries = random.standard_normal((300, 6))
    fit = mapped(csr_array(features), vectors, np.ones(400), queries)
    fresh = random.standard_normal((400, 3))
    made = np.column_stack([np.ones(400), fresh]) @ fit.coefficients
    bars = np.sort(queries @ vectors.T, axis=1)[:, [-20]]
    share = (queries @ made.T >= bars).mean() / (20 / 400)
    assert fit.stretch > 1.2
    assert 0.7 < share < 1.4


def test_columns_of_no_score_and_columns_of_nothing() -> None:
    random = np.random.default_rng(0)
    features = random.integers(0, 2, (300, 3)) * 1.0
    told = features @ random.standard_normal((3, 2)) + random.standard_normal((300, 2))
    unscored = features[:, [0]] * 2.0
    queries = np.column_stack([random.standard_normal((60, 2)), np.zeros(60), np.ones(60)])
    vectors = np.column_stack([told, unscored, np.zeros(300)])
    fit = mapped(csr_array(features), vectors, np.ones(300), queries)
    assert fit.stretch > 1.1
    np.testing.assert_allclose(fit.coefficients[:, 2], [0, 2, 0, 0], atol=0.02)
    assert (fit.coefficients[:, 3] == 0).all()


def test_places_that_were_earned_by_having_it_are_not_counted() -> None:
    random = np.random.default_rng(0)
    features = random.standard_normal((400, 3))
    vectors = features @ random.standard_normal((3, 6)) + 2 * random.standard_normal((400, 6))
    queries = random.standard_normal((300, 6))
    scores = queries @ vectors.T
    best = csr_array((scores >= np.sort(scores, axis=1)[:, [-10]]) * 1.0)
    plain, kept, masked = (
        mapped(csr_array(features), vectors, np.ones(400), queries, **had).stretch
        for had in ({}, {"met": best}, {"met": best, "masked": best})
    )
    # Half of the places are gone where those met stay; where they leave, the bar falls.
    assert kept < masked < plain
