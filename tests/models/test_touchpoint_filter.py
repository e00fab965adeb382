from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.time_gap import had_together, time_gap_pairs
from recsys.models.popularity import fallback
from recsys.models.touchpoint_filter import CANDIDATES, TouchpointFilter
from recsys.ops.filter_seen import FilterSeen
from recsys.testing import FilterContract, PersonalisedContract, TunesItselfContract
from recsys.testing.data import close, everyone, market

DAY = 86_400.0


class TestTouchpointFilter(PersonalisedContract, FilterContract, TunesItselfContract):
    def make(self, **change: Any) -> TouchpointFilter:
        return TouchpointFilter(**{"gap": 3 * DAY, **change})


class TestWithSignedActions(TestTouchpointFilter):
    def make(self, **change: Any) -> TouchpointFilter:
        signed = {"purchase": 2.0, "view": 1.0, "reject": -1.0}
        return super().make(**{"actions": signed, "self_weight": 0.3, **change})


def fixed(**change: Any) -> TouchpointFilter:
    usual = {
        "gap": 2 * DAY, "power": 0.5, "history_exponent": 0.6, "candidate_exponent": -0.2,
        "whole": 0.1, "second": 0.3, "self_weight": 0.2,
    }  # fmt: skip
    return TouchpointFilter(**{**usual, **change})


def dense(model: TouchpointFilter, data: Dataset) -> FloatArray:
    """The filter [P, P]."""
    return model.apply_filter(np.eye(len(data.products), dtype=np.float32))


@pytest.mark.parametrize(
    "change",
    [{}, {"second": 0}, {"whole": 0}, {"self_weight": 0}, {"power": 1, "gap": DAY}],
)
def test_the_dense_formula(change: dict[str, float]) -> None:
    data = market()
    model = fixed(**change).fit(data)
    setting = dict(model.settings)
    used = (interaction_matrix(data).sum() > 0) & (data.interactions.products >= 0)
    used &= ~data.interactions.has_action(("reject",))
    pairs, whole = (
        matrix.toarray().astype(np.float64) ** setting["power"]
        for matrix in (time_gap_pairs(data, used, gap=setting["gap"]), had_together(data, used))
    )
    degrees = np.maximum(np.bincount(data.interactions.products[used], minlength=16), 1.0)
    step = np.diag(degrees ** -setting["history_exponent"]) @ (pairs + setting["whole"] * whole)
    step = step @ np.diag(degrees ** -setting["candidate_exponent"])
    sums = step.sum(axis=1, keepdims=True)
    walk = step / np.where(sums > 0, sums, 1)
    history = interaction_matrix(data).toarray().astype(np.float64)
    wanted = history @ (
        step + setting["second"] * step @ walk + setting["self_weight"] * np.eye(16)
    )
    close(model.score(everyone(data)), wanted + fallback(data), 1e-5)


def test_what_was_rejected_pushes_its_neighbours_away() -> None:
    rows = [(f"c{i}", product) for i in range(4) for product in ("x", "y")]
    table = {
        "customer_id": [c for c, _ in rows] + ["new", "cold"],
        "product_id": [p for _, p in rows] + ["x", "z"],
        "action": ["purchase"] * len(rows) + ["reject", "view"],
    }
    data = dataset_of(table)
    y, row = data.products.row("y"), np.array([data.customers.row("new")])
    silent = fixed(actions={"purchase": 1, "view": 1}).fit(data).score(row)[0]
    pushed = fixed(actions={"purchase": 1, "view": 1, "reject": -1}).fit(data).score(row)[0]
    assert pushed[y] < 0 <= silent[y]
    # Nobody ever showed z to them, which says nothing.
    assert pushed[data.products.row("z")] == silent[data.products.row("z")]


def test_robots_stay_out_of_the_filter_but_are_served() -> None:
    people = [(f"c{i}", product) for i in range(3) for product in ("x", "y")]
    robot = [("robot", product) for product in ("x", "z", "y", "w")]
    both = people + robot
    data = dataset_of({"customer_id": [c for c, _ in both], "product_id": [p for _, p in both]})
    model = fixed(most_events=3, self_weight=0).fit(data)
    z = data.products.row("z")
    assert not dense(model, data)[z].any()
    assert dense(fixed(self_weight=0).fit(data), data)[z].any()
    assert (model.score(np.array([data.customers.row("robot")])) > 0).any()


def test_sessions_beat_a_life_of_purposes() -> None:
    """Everybody has both purposes, months apart; only gaps tell their products apart."""
    generator = np.random.default_rng(0)
    rows = []
    for customer in range(60):
        for month, purpose in enumerate("ab"):
            chosen = generator.choice(6, 3, replace=False)
            for second, product in enumerate(chosen):
                when = f"2026-0{1 + 3 * month}-01T00:0{second}:00"
                rows.append((customer, f"{purpose}{product}", when))
    table = dict(
        zip(("customer_id", "product_id", "timestamp"), zip(*rows, strict=True), strict=True)
    )
    data = dataset_of({name: list(column) for name, column in table.items()})
    near = dense(fixed(gap=60.0, whole=0, second=0, self_weight=0).fit(data), data)
    kinds = np.array([str(name)[0] for name in data.products.ids])
    rows_at, columns = near.nonzero()
    assert (kinds[rows_at] == kinds[columns]).all()
    assert had_together(data, data.interactions.products >= 0).nnz > len(rows_at) > 0


def test_a_given_setting_is_never_changed_and_own_is_for_repeats() -> None:
    data = replace(market(), filter_seen=FilterSeen())
    trials: list[dict[str, float]] = []

    def quality(model: TouchpointFilter) -> Any:
        def ask(score: Any) -> float:
            trials.append(dict(model.settings))
            return float(score(everyone(data)).std())

        return ask

    model = TouchpointFilter(power=0.9)
    model.fit(data, quality(model))
    assert {settings["power"] for settings in trials} == {0.9}
    assert {settings["self_weight"] for settings in trials} == {0.0}
    assert {settings["gap"] for settings in trials} >= set(CANDIDATES["gap"])
    kept = TouchpointFilter(power=0.9)
    kept.fit(replace(data, filter_seen=FilterSeen(())), quality(kept))
    assert {settings["self_weight"] for settings in trials} == set(CANDIDATES["self_weight"])


def test_settings_are_judged_by_the_scores_they_give() -> None:
    data = market()
    trials: list[tuple[dict[str, float], np.ndarray]] = []
    model = TouchpointFilter()

    def quality(score: Any) -> float:
        trials.append((dict(model.settings), score(everyone(data))))
        return float(len(trials))

    model.fit(data, quality)
    for tried, scores in trials[:: max(1, len(trials) // 8)]:
        fresh = TouchpointFilter(**tried).fit(data)
        np.testing.assert_array_equal(scores, fresh.score(everyone(data)))


def test_the_touch_of_yesterday_weighs_more() -> None:
    stamps = ["2026-01-01", "2026-01-31", "2026-01-31"]
    data: Dataset = dataset_of(
        {"customer_id": ["a", "a", "b"], "product_id": ["x", "y", "z"], "timestamp": stamps}
    )
    history = fixed(half_life=10.0).fit(data).history
    a = data.customers.row("a")
    old, new = (history[[a], [data.products.row(name)]][0] for name in "xy")
    assert old / new == pytest.approx(1 / 8, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gap": 0}, "model.gap: expected a number > 0, got 0"),
        ({"power": -1}, "model.power: expected a number > 0"),
        ({"second": -0.1}, "model.second: expected a number >= 0"),
        ({"candidate_exponent": -9}, "model.candidate_exponent: expected a number >= -4"),
        ({"half_life": 0}, "model.half_life: expected a number > 0"),
        ({"most_events": 0}, "model.most_events: expected a number >= 1"),
        ({"actions": {"bought": -1}}, "model.actions: no action 'bought'"),
        ({"actions": {"view": float("nan")}}, "model.actions.view: expected a finite weight"),
        ({"actions": {"view": float("-inf")}}, "model.actions.view: expected a finite weight"),
    ],
)
def test_out_of_range(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        TouchpointFilter(**change).fit(market())
