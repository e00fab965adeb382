from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import dataset_of
from public_data import published

from recsys.data.dataset import Dataset
from recsys.data.sources.movielens import MovieLens
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.models.graph_filter import GraphFilter
from recsys.models.popularity import fallback
from recsys.models.spectral_filter import CANDIDATES, DEFAULTS, SpectralFilter, plateau
from recsys.ops.filter_seen import FilterSeen
from recsys.testing import FilterContract, PersonalisedContract, TunesItselfContract
from recsys.testing.data import close, everyone, market


class TestSpectralFilter(PersonalisedContract, FilterContract, TunesItselfContract):
    def make(self, **change: Any) -> SpectralFilter:
        return SpectralFilter(**{"dim": 8, **change})


class TestSpectralFilterWithAllParts(TestSpectralFilter):
    """Popular products first, own products kept, actions weighted."""

    def make(self, **change: Any) -> SpectralFilter:
        parts = {
            "exponent": 0.3, "flatness": 2.5, "low_pass": 0.4, "popularity": 0.2,
            "self_weight": 0.02, "actions": {"purchase": 2, "view": 1},
        }  # fmt: skip
        return super().make(**{**parts, **change})

    def test_what_is_chosen_is_kept_and_reproduces_the_model(self, data: Dataset) -> None:
        model = self.make()
        # Nothing is left open, so nothing is asked.
        model.fit(data, lambda score: pytest.fail("asked for a quality"))
        assert model.chosen == {
            "exponent": 0.3, "flatness": 2.5, "low_pass": 0.4, "popularity": 0.2,
            "self_weight": 0.02,
        }  # fmt: skip


def spectrum(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues [P] and eigenvectors [P, P] of P, the largest first, in float64."""
    matrix = normalise(interaction_matrix(data), 0.5, 0.5).toarray().astype(np.float64)
    values, vectors = np.linalg.eigh(matrix.T @ matrix)
    return values[::-1].clip(0, 1), vectors[:, ::-1]


def by_definition(data: Dataset, dim: int, setting: dict[str, float]) -> np.ndarray:
    """The formula at the top of the model's file, with h on all eigenvalues, in float64."""
    values, vectors = spectrum(data)
    response = plateau(values, setting["flatness"])
    response[values < 1e-6] = 0
    response[:dim] += setting["low_pass"]
    history = interaction_matrix(data).toarray().astype(np.float64)
    degrees = np.maximum(history.sum(axis=0), 1e-300)
    left = np.where(history.sum(axis=0) > 0, degrees ** -setting["exponent"], 0)
    right = degrees ** (setting["exponent"] + setting["popularity"])
    middle = vectors @ np.diag(response) @ vectors.T
    own = setting["self_weight"] * history
    return (history * left) @ middle * right + own + fallback(data)


@pytest.mark.parametrize("flatness", [0.7, 1.0, 1.5, 4.0])
@pytest.mark.parametrize(("exponent", "popularity", "own"), [(0.0, 0.0, 0.0), (0.4, 0.3, 0.5)])
def test_the_formula_where_all_directions_are_kept(
    flatness: float, exponent: float, popularity: float, own: float
) -> None:
    data = market()
    setting = {
        "exponent": exponent, "flatness": flatness, "low_pass": 0.3, "popularity": popularity,
        "self_weight": own,
    }  # fmt: skip
    rank = min(interaction_matrix(data).shape) - 1
    assert spectrum(data)[0][rank] < 1e-6, "one direction would be left to the line"
    model = SpectralFilter(dim=rank, **setting).fit(data)
    close(model.score(everyone(data)), by_definition(data, rank, setting), 1e-4)


def test_below_the_last_direction_h_is_a_line() -> None:
    # Three of the eigenvalues by h, the smaller ones on the line from 0 to h of the third.
    data, flatness = market(), 3.0
    values, vectors = spectrum(data)
    response = plateau(values, flatness)
    response[3:] = values[3:] * response[2] / values[2]
    history = interaction_matrix(data).toarray().astype(np.float64)
    wanted = history @ vectors @ np.diag(response) @ vectors.T + fallback(data)
    model = SpectralFilter(dim=3, exponent=0.0, flatness=flatness, low_pass=0.0).fit(data)
    close(model.score(everyone(data)), wanted, 1e-3)


def test_a_flatness_of_one_is_the_linear_filter() -> None:
    data = market()
    model = SpectralFilter(dim=5, exponent=0.5, flatness=1.0, low_pass=0.3).fit(data)
    # GF-CF with the exponents that its low-pass part has.
    linear = GraphFilter(
        dim=5, history_exponent=1.0, candidate_exponent=0.0, low_pass=0.3, self_weight=0.0
    ).fit(data)
    close(model.score(everyone(data)), linear.score(everyone(data)), 1e-5)


def test_a_plateau_by_hand() -> None:
    # 1/2 -+ 1/2 * |2x - 1|^2 at x = 0, 1/4, 1/2, 3/4, 1.
    values = np.array([0, 0.25, 0.5, 0.75, 1], np.float32)
    np.testing.assert_allclose(plateau(values, 2.0), [0, 3 / 8, 1 / 2, 5 / 8, 1])


@settings(max_examples=50, deadline=None)
@given(st.floats(0.1, 20), st.lists(st.floats(0, 1, width=32), min_size=2, max_size=9))
def test_a_plateau_rises_and_turns_around_its_middle(flatness: float, values: list[float]) -> None:
    points = np.sort(np.array(values, np.float32))
    response = plateau(points, flatness)
    assert (np.diff(response) >= 0).all()
    assert ((response >= 0) & (response <= 1)).all()
    np.testing.assert_allclose(
        plateau((1 - points.astype(np.float64)), flatness), 1 - response, atol=1e-9
    )


def test_what_repeats_need_is_chosen_only_where_repeats_count() -> None:
    trials: list[dict[str, float]] = []

    def tried(filter_seen: FilterSeen) -> dict[str, set[float]]:
        trials.clear()
        model = SpectralFilter(dim=4)

        def quality(score: Any) -> float:
            trials.append(dict(model.settings))
            return float(-len(trials))

        model.fit(replace(market(), filter_seen=filter_seen), quality)
        return {name: {trial[name] for trial in trials} for name in DEFAULTS}

    masked, kept = tried(FilterSeen()), tried(FilterSeen(()))
    for name in ("popularity", "self_weight"):
        assert masked[name] == {DEFAULTS[name]}
        assert kept[name] == set(CANDIDATES[name])
    for name in ("exponent", "flatness", "low_pass"):
        assert masked[name] == kept[name] == set(CANDIDATES[name])


def test_directions_that_the_history_does_not_span_weigh_nothing() -> None:
    # Ten customers with the same three products: one direction, whatever dim asks for.
    table = {"customer_id": [f"c{i // 3}" for i in range(30)], "product_id": list("xyz") * 10}
    data = dataset_of({**table, "order": list(range(30))})
    model = SpectralFilter(dim=64, exponent=0.0, flatness=3.0, low_pass=0.5).fit(data)
    # The one eigenvalue is 1, and h(1) + low_pass = 3/2 of the mean of three ones.
    close(model.score(everyone(data)), np.full((10, 3), 1.5) + fallback(data), 1e-4)


@pytest.mark.realdata
def test_the_line_stands_for_the_rest_of_the_spectrum() -> None:
    """MovieLens: 200 of 942 eigenvalues by h, the rest by the line, against all of them by h."""
    source = MovieLens(root=published("movielens_100k"))
    train = TimeSplit().split(Dataset.from_source(source)).train
    setting = {**DEFAULTS, "low_pass": 0.0}
    wanted = by_definition(train, 0, setting)
    people = np.flatnonzero(interaction_matrix(train).sum(axis=1) > 0)
    scores = SpectralFilter(dim=200, low_pass=0.0).fit(train).score(people)
    likeness = [np.corrcoef(*pair)[0, 1] for pair in zip(scores, wanted[people], strict=True)]
    assert np.median(likeness) > 0.999
    assert min(likeness) > 0.99


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"exponent": -0.1}, r"model.exponent: expected a number >= 0"),
        ({"exponent": 2.1}, r"model.exponent: .* <= 2, got 2.1"),
        ({"popularity": 2.1}, r"model.popularity: .* <= 2, got 2.1"),
        ({"flatness": 0}, r"model.flatness: expected a number > 0"),
        ({"low_pass": -0.1}, r"model.low_pass: expected a number >= 0"),
        ({"popularity": -0.1}, r"model.popularity: expected a number >= 0"),
        ({"self_weight": -0.1}, r"model.self_weight: expected a number >= 0"),
        ({"dim": 0}, r"model.dim: expected a number >= 1"),
        ({"half_life": 0}, r"model.half_life: expected a number > 0"),
    ],
)
def test_out_of_range(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        SpectralFilter(**setting)
