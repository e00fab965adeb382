from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from graph_network_contract import GraphNetworkContract
from in_memory import dataset_of
from touchpoint_gnn_worlds import groups, habits, make

from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.testing.data import (
    IDLE,
    close,
    everyone,
    market,
    one_product,
    without_clock,
    without_touchpoints,
)
from recsys.testing.training import RisingAndFalling
from recsys.training.objectives import BPR
from recsys.training.sampling import Positives


class TestTouchpointGNN(GraphNetworkContract):
    def make(self, **change: Any) -> TouchpointGNN:
        return make(**change)

    def test_customers_without_events_are_ranked_by_popularity(self, data: Dataset) -> None:
        model = self.make().fit(data)
        row = data.customers.row(IDLE)
        # The last two columns are what everybody is ranked by.
        assert not model.embeddings().customers[row, :-2].any()
        order = np.argsort(-model.score(np.array([row]))[0])
        assert (np.diff(Positives.of(data).customers_of[order]) <= 0).all()


class TestWithEverything(TestTouchpointGNN):
    def make(self, **change: Any) -> TouchpointGNN:
        return make(**{"learn_actions": True, "layers": 1, "l2": 1e-4, **change})


def test_a_sum_of_vectors_counts_each_bias_once() -> None:
    data = market()
    model = make().fit(data)
    c, p = everyone(data)[:5], np.arange(5)
    t = np.array([0, 1, 0, 1, 0])
    u, v, w = model.customer_vectors, model.product_vectors, model.touchpoint_vectors
    cp, ct, pt = (
        (left[rows, :-2] * right[columns, :-2]).sum(axis=1)
        for left, rows, right, columns in ((u, c, v, p), (u, c, w, t), (v, p, w, t))
    )
    rows = np.arange(5)
    # What is asked is not in the sum: (c + t) P' leaves out c.t, the same for all products.
    close(model.score(c, t)[rows, p], cp + pt + v[p, -2], 1e-5)
    close(model.score_customers(p, t)[rows, c], cp + ct + v[p, -2] + w[t, -1], 1e-5)
    at_node = model.score_touchpoints(c, p)
    nodes = model.node_vectors
    pair = u[c, :-2] + v[p, :-2]
    close(at_node, pair @ nodes[:, :-2].T + nodes[:, -1], 1e-5)
    close(model.score_touchpoints(c, np.full(5, -1)), u[c] @ nodes.T, 1e-5)
    np.testing.assert_array_equal(model.score(c, np.full(5, -1)), model.score(c))


def test_touchpoints_are_the_mean_of_their_dayparts() -> None:
    data = market()
    model = make().fit(data)
    assert model.node_names[:4] == ["app night", "app morning", "app afternoon", "app evening"]
    assert model.node_vectors.shape == (8, 10)
    touchpoints = model.embeddings().touchpoints
    assert touchpoints is not None
    assert touchpoints.shape == (2, 10)
    hours = (data.interactions.when % DAY) // (DAY // 4)
    own = ~data.interactions.has_action(("reject", "contact"))
    liked = own & (data.interactions.touchpoints == 0)
    counts = np.bincount(hours[liked], minlength=4)
    wanted = (counts[:, None] * model.node_vectors[:4, :-1]).sum(axis=0) / counts.sum()
    close(touchpoints[0, :-1], wanted, 1e-5)
    assert touchpoints[0, -1] == pytest.approx(0.2 * np.log1p(counts.sum()), rel=1e-5)


def test_nobody_needs_a_clock_or_touchpoints() -> None:
    model = make().fit(without_clock())
    assert model.node_names == ["app", "web"]
    plain = make().fit(without_touchpoints())
    assert plain.embeddings().touchpoints is None
    assert plain.score_touchpoints(np.arange(3), np.arange(3)).shape == (3, 0)


def test_habits_of_customers_and_products_are_learnt() -> None:
    data = habits()
    model = make(epochs=100).fit(data)
    of_name = np.array([name[:3] for name in data.customers.ids])
    products = np.array([row for row in range(len(data.products)) if data.products.ids[row] != "b"])
    for product in products:
        scores = model.score_touchpoints(everyone(data), np.full(len(of_name), product))
        assert list(np.array(model.node_names)[scores.argmax(axis=1)]) == list(of_name)
    bank = np.full(len(of_name), data.products.row("b"))
    scores = model.score_touchpoints(everyone(data), bank)
    assert (np.array(model.node_names)[scores.argmax(axis=1)] == "branch").all()
    # Where b is taken, it ranks higher.
    ranks = {}
    for touchpoint in ("branch", "app", "web"):
        scores = model.score(
            everyone(data), np.full(len(of_name), data.touchpoints.row(touchpoint))
        )
        ranks[touchpoint] = (scores > scores[:, bank[:1]]).sum(axis=1).mean()
    assert ranks["branch"] < 0.1
    assert min(ranks["app"], ranks["web"]) > 1


def test_an_offer_finds_its_customers() -> None:
    data = groups()
    model = make(epochs=40).fit(data)
    product = data.products.row("1-p0")
    best = np.argsort(-model.score_customers(np.array([product]))[0])[:9]
    assert {data.customers.ids[row][0] for row in best} == {"1"}


def test_who_is_new_gets_the_products_of_their_group() -> None:
    data = groups()
    model = make(epochs=40).fit(data)
    for group in "012":
        scores = model.score(np.array([data.customers.row(f"{group}-cnew")]))[0]
        best = data.products.ids[np.argsort(-scores)[:6]]
        assert {name[0] for name in best} == {group}
        # A new product, too, is nearer to its own group than the new ones of others.
        new = {other: scores[data.products.row(f"{other}-pnew")] for other in "012"}
        assert max(new, key=lambda other: new[other]) == group
    blind = make(epochs=40, features=False).fit(data)
    assert not blind.customer_vectors[data.customers.row("0-cnew"), :-2].any()


def test_what_is_near_to_a_rejected_product_falls() -> None:
    rows = [(f"{kind}{number}", f"{kind}-p{product}", "purchase")
            for kind in "ab" for number in range(6) for product in range(3)]  # fmt: skip
    rows += [("asks", "a-p0", "reject"), ("asks", "b-p0", "purchase"), ("asks", "a-p1", "purchase")]
    data = dataset_of(
        dict(zip(("customer_id", "product_id", "action"), zip(*rows, strict=True), strict=True))
    )
    row, near = np.array([data.customers.row("asks")]), data.products.row("a-p2")
    usual: dict[str, Any] = {"start": "random", "epochs": 1, "learning_rate": 1e-9, "layers": 2}
    without, against = (
        make(**usual, actions={"purchase": 1, "reject": weight}).fit(data).score(row)[0]
        for weight in (0, -1)
    )
    assert against[near] < without[near]


def test_learnt_weights_have_names_and_move() -> None:
    model = make(learn_actions=True).fit(market())
    assert set(model.action_weights) >= {"customers-products view", "customers-touchpoints view"}
    shares = [
        weight for name, weight in model.action_weights.items() if name.startswith("customers-pr")
    ]
    assert len(set(np.round(shares, 6))) == len(shares) == 2


def test_recency_counts_in_the_loss() -> None:
    table = {
        "customer_id": ["a", "a", "b", "b"], "product_id": ["x", "y", "x", "y"],
        "timestamp": ["2026-01-01", "2026-03-01"] * 2,
    }  # fmt: skip
    data = dataset_of(table)
    scores = make(loss_half_life=5.0, features=False).fit(data).score(np.array([0]))[0]
    assert scores[data.products.row("y")] > scores[data.products.row("x")]


def test_circumstances_are_part_of_the_question() -> None:
    """On the phone everybody takes x, at the desk y: the place and the customer say nothing."""
    rows = [
        (f"c{number}", product, device)
        for number in range(12)
        for product, device in (("x", "phone"), ("y", "desk"), ("z", None))
    ]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "context_device"])
    data = dataset_of(table.assign(touchpoint="app"))
    model = make(contexts=True, epochs=60).fit(data)
    assert model.context_names == ["device=desk", "device=phone"]
    x, y = data.products.row("x"), data.products.row("y")
    for name, likelier, other in (("device=phone", x, y), ("device=desk", y, x)):
        known = model.customer_vectors + model.touchpoint_vectors[0]
        known = known + model.context_vectors[model.context_names.index(name)]
        scores = known @ model.product_vectors.T
        assert (scores[:, likelier] > scores[:, other]).all()
    # Where nobody asks for circumstances, their vectors are not in the sum.
    assert model.score(everyone(data)).shape == (12, 3)
    assert make().fit(data).context_names == []


def test_silence_pushes_away_and_offers_pull() -> None:
    """Nobody answers the e-mail about b; c is on offer in the app."""
    rows = [
        (f"c{number}", product, touchpoint, action, f"2026-01-{day:02d}")
        for number in range(12)
        for product, touchpoint, action, day in (
            ("a", "app", "purchase", 1), ("b", "email", "contact", 5), ("b", "app", "view", 25),
            ("c", "app", "view", 25), ("d", "app", "view", 25),
        )
    ]  # fmt: skip
    columns = ["customer_id", "product_id", "touchpoint", "action", "timestamp"]
    side = {
        "touchpoints": {"touchpoint": ["app", "email"], "outbound": [False, True]},
        "offers": {
            "offer_id": ["o", "p"], "product_id": ["c", "a"], "touchpoint": ["app", "app"],
            "valid_from": ["2026-02-01", "2025-12-31"], "valid_to": ["2026-02-08", "2026-01-03"],
        },
    }  # fmt: skip
    data = dataset_of(pd.DataFrame(rows, columns=columns), side)
    usual: dict[str, Any] = {"actions": {"purchase": 1, "view": 1}, "layers": 1, "epochs": 1}
    b, c, d = (data.products.row(name) for name in "bcd")

    def lead(product: int, **change: Any) -> float:
        scores = make(**usual, **change).fit(data).score(everyone(data))
        return float((scores[:, product] - scores[:, d]).mean())

    assert lead(b, silence=-1.0) < lead(b)
    # Purchases of a fell on its offer, so an offer of the coming days says something.
    events = data.interactions
    assert events.when is not None
    assert lead(c, horizon=14.0) >= lead(c)


class Broken(Exception):
    """Stands for a kill."""


def test_resumed_after_any_step(tmp_path: Path) -> None:
    usual: dict[str, Any] = {
        "epochs": 3, "batch_size": 7, "checkpoint_seconds": 0.0, "learn_actions": True,
    }  # fmt: skip
    wanted = make(**usual).fit(market(), RisingAndFalling(best=2))
    original = torch.optim.Adam.step
    for steps in (0, 3, 5):
        taken = [0]

        def step(self: Any, *words: Any, taken: Any = taken, steps: int = steps) -> Any:
            taken[0] += 1
            if taken[0] > steps:
                raise Broken
            return original(self, *words)

        usual["checkpoint"] = str(tmp_path / str(steps))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.optim.Adam, "step", step)
            with pytest.raises(Broken):
                make(**usual).fit(market(), RisingAndFalling(best=2))
        again = make(**usual).fit(market(), RisingAndFalling(best=2))
        np.testing.assert_array_equal(again.node_vectors, wanted.node_vectors)
        np.testing.assert_array_equal(again.customer_vectors, wanted.customer_vectors)
        assert again.chosen == wanted.chosen == {"stop_after": 2}


def test_a_checkpoint_of_other_touchpoints_is_refused(tmp_path: Path) -> None:
    make(checkpoint=str(tmp_path)).fit(market())
    with pytest.raises(InputError, match="another model: events and features"):
        make(checkpoint=str(tmp_path)).fit(market(touchpoint="app"))


def test_other_plans_are_another_network(tmp_path: Path) -> None:
    def with_offer(product: str) -> Dataset:
        table = {
            "customer_id": ["a", "a", "b"], "product_id": ["x", "y", "x"],
            "timestamp": ["2026-01-01", "2026-01-02", "2026-01-03"],
        }  # fmt: skip
        offers = {"offer_id": ["o"], "product_id": [product], "valid_from": ["2026-01-02"]}
        return dataset_of(table, {"offers": offers})

    make(checkpoint=str(tmp_path), horizon=7.0).fit(with_offer("x"))
    with pytest.raises(InputError, match="another model: events and features"):
        make(checkpoint=str(tmp_path), horizon=7.0).fit(with_offer("y"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actions": {"view": None}}, "model.actions.view: expected a finite number, got None"),
        ({"actions": {"reject": -1}}, "model.actions: gives no weight above 0 to purchase"),
        ({"durations": -1}, "durations: expected a number"),
        ({"silence": float("nan")}, "silence: expected a number"),
        ({"silence_days": 0}, "silence_days: expected a number > 0"),
        ({"horizon": 0}, "horizon: expected a number > 0"),
        ({"silence": -1}, "model.silence: data=memory has no time and no order"),
        ({"durations": 1}, "model.durations: data=memory has no interactions.duration"),
        ({"offered": 1}, "model.offered: data=memory needs"),
        ({"horizon": 30}, "model.horizon: data=memory needs"),
        ({"contexts": True}, "model.contexts: data=memory has no usable column context_"),
        ({"half_life": 0}, "half_life: expected a number > 0"),
        ({"half_life": 30}, "model.half_life: data=memory has no time and no order"),
        ({"loss_half_life": -1}, "loss_half_life: expected a number > 0"),
        ({"loss_half_life": 30}, "model.loss_half_life: data=memory has no time and no order"),
        ({"touchpoint_loss": float("inf")}, "touchpoint_loss: expected a number >= 0"),
        ({"objective": BPR()}, "model.objective: expected softmax, .* got BPR"),
    ],
)
def test_what_cannot_be_is_one_line(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        make(**change).fit(without_clock())


def test_unknown_rows_are_one_line() -> None:
    model, none = make().fit(market()), make().fit(one_product())
    with pytest.raises(
        InputError, match="touchpoint row numbers below 2, or -1 for none, got 7 to 7"
    ):
        model.score(np.arange(1), np.array([7]))
    with pytest.raises(InputError, match="product row numbers"):
        model.score_touchpoints(np.arange(1), np.array([99]))
    with pytest.raises(
        InputError, match="touchpoint row numbers below 0, or -1 for none, got 0 to 0"
    ):
        none.score(np.arange(1), np.array([0]))
