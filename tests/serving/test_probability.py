"""Scores calibrated by plain arrays, by hand."""

import numpy as np
import pytest
from artifact_contents import contents

from recsys.errors import InputError


def test_platt_s_line_on_scores(loaded):
    artifact = loaded(calibrator={"line": np.array([-2.0, 0.5])})
    offers = artifact.recommend("C0001", 5).offers
    wanted = [1 / (1 + np.exp(2 - 0.5 * offer.score)) for offer in offers]
    np.testing.assert_allclose([offer.probability for offer in offers], wanted, rtol=1e-9)


def test_isotonic_knots_are_of_the_scores_log_odds(loaded):
    # A score of 0 is a probability of 1/2, half way between the knots.
    products = np.zeros((30, 5), np.float32)
    knots = {"forecast": np.array([0.25, 0.75]), "rate": np.array([0.0, 0.5])}
    offers = loaded(calibrator=knots, products=products).recommend("C0001", 3).offers
    assert [offer.probability for offer in offers] == [0.25] * 3


def test_what_nobody_calibrated_has_no_probability(loaded):
    line = {"line": np.array([0.0, 1.0])}
    with_line = loaded(calibrator=line, consent=None)
    assert with_line.recommend("C0001", 3).offers[0].probability is not None
    assert with_line.recommend("C0001", 3, "app").offers[0].probability is None
    blind = loaded(calibrator=line, consent=None, touchpoints=None)
    assert blind.recommend("C0001", 3, "app").offers[0].probability is not None
    assert loaded().recommend("C0001", 3).offers[0].probability is None


def test_a_calibrator_comes_back_as_it_was(loaded):
    line = {"line": np.array([-1.25, 0.5])}
    kept = loaded(calibrator=line).contents.calibrator
    assert {name: values.tolist() for name, values in kept.items()} == {"line": [-1.25, 0.5]}
    assert loaded().contents.calibrator is None


def test_other_arrays_are_no_calibrator():
    with pytest.raises(InputError, match="calibrator: expected 'line'"):
        contents(calibrator={"slope": np.zeros(2)})
