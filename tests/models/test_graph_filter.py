from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.models.choice import choose
from recsys.models.graph_filter import CANDIDATES, DEFAULTS, GraphFilter
from recsys.models.popularity import fallback
from recsys.ops.filter_seen import FilterSeen
from recsys.testing import FilterContract, PersonalisedContract, TunesItselfContract
from recsys.testing.data import close, everyone, market


class TestGraphFilter(PersonalisedContract, FilterContract, TunesItselfContract):
    def make(self, **change: Any) -> GraphFilter:
        return GraphFilter(**{"dim": 8, **change})


class TestGraphFilterWithAllParts(TestGraphFilter):
    """Unequal exponents and both extra terms."""

    def make(self, **change: Any) -> GraphFilter:
        parts = {
            "history_exponent": 0.7, "candidate_exponent": 0.2, "customer_exponent": 0.6,
            "low_pass": 0.4, "whitening": 0.7, "self_weight": 0.02,
            "actions": {"purchase": 2, "view": 1},
        }  # fmt: skip
        return super().make(**{**parts, **change})

    def test_what_is_chosen_is_kept_and_reproduces_the_model(self, data: Dataset) -> None:
        model = self.make()
        # Nothing is left open, so nothing is asked.
        model.fit(data, lambda score: pytest.fail("asked for a quality"))
        assert model.chosen == {
            "history_exponent": 0.7, "candidate_exponent": 0.2, "customer_exponent": 0.6,
            "low_pass": 0.4, "whitening": 0.7, "self_weight": 0.02,
        }  # fmt: skip


def dense(
    data: Dataset,
    a: float,
    b: float,
    g: float,
    low_pass: float,
    whitening: float,
    self_weight: float,
    dim: int,
) -> np.ndarray:
    """The formula at the top of the model's file, in float64."""
    history = interaction_matrix(data).toarray().astype(np.float64)
    customers, products = history.sum(axis=1), history.sum(axis=0)

    def power(degrees: np.ndarray, exponent: float) -> np.ndarray:
        return np.where(degrees > 0, np.where(degrees > 0, degrees, 1) ** exponent, 0)

    together = history.T @ np.diag(power(customers, -g)) @ history
    together *= (history.T @ np.diag(power(customers, -1)) @ history).sum() / together.sum()
    linear = np.diag(power(products, -a)) @ together @ np.diag(power(products, -b))
    symmetric = np.diag(power(customers, -0.5)) @ history @ np.diag(power(products, -0.5))
    values, right = np.linalg.svd(symmetric)[1][:dim], np.linalg.svd(symmetric)[2][:dim].T
    low = right @ np.diag((values[-1] ** 2 / values**2) ** whitening) @ right.T
    low = np.diag(power(products, -0.5)) @ low @ np.diag(power(products, 0.5))
    return history @ (linear + low_pass * low + self_weight * np.eye(len(products))) + fallback(
        data
    )


@pytest.mark.parametrize(
    ("a", "b", "g", "low_pass", "whitening", "self_weight"),
    [
        (0.5, 0.5, 1.0, 0.0, 0.0, 0.0),
        (0.9, 0.1, 1.0, 0.0, 0.0, 0.0),
        (0.5, 0.5, 0.3, 0.0, 0.0, 0.0),
        (0.5, 0.5, 1.0, 1.0, 0.0, 0.0),
        (0.5, 0.5, 1.0, 1.0, 1.0, 0.0),
        (0.5, 0.5, 1.0, 0.0, 0.0, 3.0),
        (0.7, 0.3, 0.8, 0.3, 0.5, 0.1),
    ],
)
def test_the_dense_formula(
    a: float, b: float, g: float, low_pass: float, whitening: float, self_weight: float
) -> None:
    data = market()
    model = GraphFilter(
        history_exponent=a, candidate_exponent=b, customer_exponent=g, low_pass=low_pass,
        whitening=whitening, self_weight=self_weight, dim=5,
    ).fit(data)  # fmt: skip
    wanted = dense(data, a, b, g, low_pass, whitening, self_weight, 5)
    close(model.score(everyone(data)), wanted, 1e-4)


def test_directions_that_the_history_does_not_span_weigh_nothing() -> None:
    # Ten customers with the same three products: one direction, whatever dim asks for.
    table = {"customer_id": [f"c{i // 3}" for i in range(30)], "product_id": list("xyz") * 10}
    data = dataset_of({**table, "order": list(range(30))})
    whitened = GraphFilter(dim=64, low_pass=1.0, whitening=1.0).fit(data)
    plain = GraphFilter(dim=64, low_pass=1.0, whitening=0.0).fit(data)
    close(whitened.score(everyone(data)), plain.score(everyone(data)), 1e-5)


def test_old_events_keep_their_proportions() -> None:
    # Products last seen sixty half-lives ago have degrees far below 1e-12, yet not zero.
    table = {"customer_id": list("aabc"), "product_id": list("xyxz"), "order": [1, 1, 1, 61]}
    data = dataset_of(table)
    linear = {"history_exponent": 0.6, "candidate_exponent": 0.3, "low_pass": 0.0}
    fresh = GraphFilter(**linear).fit(data)
    old = GraphFilter(**linear, half_life=1).fit(data)
    identity = np.eye(3, dtype=np.float32)
    wanted, scaled = (model.apply_filter(identity).astype(np.float64) for model in (fresh, old))
    # All events of a and b fade by one factor, which leaves what stands between their products.
    x, y = (data.products.row(name) for name in "xy")
    assert scaled[x, x] / scaled[x, y] == pytest.approx(wanted[x, x] / wanted[x, y], rel=1e-4)


def test_settings_are_judged_by_the_scores_they_give() -> None:
    data = market()
    model = GraphFilter(dim=4)
    trials: list[tuple[dict[str, float], np.ndarray]] = []

    def quality(score: Any) -> float:
        trials.append((dict(model.settings), score(everyone(data))))
        return float(len(trials))

    model.fit(data, quality)
    for tried, scores in trials[:: max(1, len(trials) // 12)]:
        fresh = GraphFilter(dim=4, **tried).fit(data)
        close(scores, fresh.score(everyone(data)), 1e-6)
    assert len({tried["history_exponent"] for tried, _ in trials}) > 1


def test_a_short_half_life_stays_finite() -> None:
    data = market()
    model = GraphFilter(half_life=0.4, dim=4).fit(data)
    assert np.isfinite(model.score(everyone(data))).all()


def test_the_customers_own_history_is_chosen_only_where_it_counts() -> None:
    data = replace(market(), filter_seen=FilterSeen())
    target = interaction_matrix(data).toarray()
    trials: list[dict[str, float]] = []

    def likeness(model: GraphFilter) -> Any:
        def quality(score: Any) -> float:
            trials.append(dict(model.settings))
            scores = score(everyone(data))
            return float((scores * target).sum() / np.linalg.norm(scores))

        return quality

    masked = GraphFilter(dim=4)
    masked.fit(data, likeness(masked))
    assert {settings["self_weight"] for settings in trials} == {DEFAULTS["self_weight"]}
    trials.clear()
    kept = GraphFilter(dim=4)
    kept.fit(replace(data, filter_seen=FilterSeen(())), likeness(kept))
    assert {settings["self_weight"] for settings in trials} == set(CANDIDATES["self_weight"])
    assert kept.chosen["self_weight"] == max(CANDIDATES["self_weight"])


def test_a_given_setting_is_never_changed() -> None:
    data = market()
    model = GraphFilter(low_pass=0.77, dim=4)
    model.fit(data, lambda score: float(score(np.array([0])).sum()))
    assert model.chosen["low_pass"] == 0.77


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dim": 0}, r"model.dim: expected a number >= 1"),
        ({"history_exponent": -1}, r"model.history_exponent: expected a number >= 0"),
        ({"candidate_exponent": 11}, r"model.candidate_exponent: .* <= 10, got 11"),
        ({"customer_exponent": -1}, r"model.customer_exponent: expected a number >= 0"),
        ({"low_pass": -0.1}, r"model.low_pass: expected a number >= 0"),
        ({"whitening": -0.1}, r"model.whitening: expected a number >= 0"),
        ({"self_weight": -0.1}, r"model.self_weight: expected a number >= 0"),
        ({"half_life": 0}, r"model.half_life: expected a number > 0"),
    ],
)
def test_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        GraphFilter(**settings)


# --- the search -------------------------------------------------------------------------

VALUES = (0.0, 1.0, 2.0, 3.0, 4.0)


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.sampled_from(VALUES)] * 3), st.tuples(*[st.sampled_from(VALUES)] * 3))
def test_the_best_of_a_function_without_interactions_is_found(
    best: tuple[float, ...], start: tuple[float, ...]
) -> None:
    trials: list[tuple[float, ...]] = []

    def quality(settings: dict[str, float]) -> float:
        trials.append(tuple(settings.values()))
        return -sum((settings[name] - at) ** 2 for name, at in zip("xyz", best, strict=True))

    candidates = dict.fromkeys("xyz", VALUES)
    chosen = choose(quality, dict(zip("xyz", start, strict=True)), candidates)
    assert tuple(chosen[name] for name in "xyz") == best
    # Every set is expensive, so none is asked for twice.
    assert len(trials) == len(set(trials))


def test_a_tie_keeps_what_stood_before() -> None:
    assert choose(lambda settings: 1.0, {"x": 3.0}, {"x": VALUES}) == {"x": 3.0}


def test_nothing_open_asks_nothing() -> None:
    assert choose(lambda settings: pytest.fail("asked"), {"x": 3.0}, {}) == {"x": 3.0}


def test_a_second_round_follows_the_first() -> None:
    # y only pays once x is 1, and x = 1 only once y is 1: seen in turn, from a start where x pays.
    def quality(settings: dict[str, float]) -> float:
        return {(0, 0): 0, (0, 1): 1, (1, 0): 0, (1, 1): 3}[(settings["x"], settings["y"])]

    start, candidates = {"x": 0.0, "y": 0.0}, {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    assert choose(quality, start, candidates, rounds=1) == {"x": 0.0, "y": 1.0}
    assert choose(quality, start, candidates, rounds=2) == {"x": 1.0, "y": 1.0}
