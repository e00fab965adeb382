from typing import Any

import numpy as np
import pytest
import torch
from graph_network_contract import GraphNetworkContract, PairwiseContract, graph_of
from in_memory import dataset_of, outside

from recsys.models.lightgcn import LightGCN
from recsys.testing.data import close, market
from recsys.training.objectives import BPR, CosineContrastive, InBatchSoftmax, WholeData


class TestLightGCN(GraphNetworkContract):
    def make(self, **change: Any) -> LightGCN:
        return LightGCN(**{"dim": 8, "epochs": 15, "batch_size": 16, "device": "cpu", **change})


class TestLightGCNOfThePaper(PairwiseContract):
    """BPR from random vectors; data this small take larger steps."""

    def make(self, **change: Any) -> LightGCN:
        paper = {"objective": BPR(), "l2": 1e-4, "start": "random", "layers": 3, "epochs": 60}
        usual = {"dim": 8, "batch_size": 64, "device": "cpu"}
        return LightGCN(**{**paper, **usual, **change})


class TestLightGCNWithoutSampling(TestLightGCN):
    def make(self, **change: Any) -> LightGCN:
        return super().make(**{"objective": WholeData(), "epochs": 40, **change})


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_scored_are_means_of_layers(layers: int) -> None:
    data = market()
    # Steps too small to move anything: the vectors are those of the start.
    model = LightGCN(
        dim=4, layers=layers, objective=BPR(), start="random", epochs=1, learning_rate=1e-12,
        device="cpu",
    ).fit(data)  # fmt: skip
    start = LightGCN(
        dim=4, layers=0, objective=BPR(), start="random", epochs=1, learning_rate=1e-12,
        device="cpu",
    ).fit(data)  # fmt: skip
    initial, scored = (
        np.concatenate([fitted.customer_vectors[:, :-1], fitted.product_vectors[:, :-1]])
        for fitted in (start, model)
    )
    step = graph_of(model, data)
    wanted, propagated = initial.astype(np.float64), initial.astype(np.float64)
    for _ in range(layers):
        propagated = step @ propagated
        wanted = wanted + propagated
    close(scored, wanted / (layers + 1), 1e-5)


def test_the_start_are_singular_vectors_of_the_graph() -> None:
    data = market()
    model = LightGCN(dim=3, layers=0, objective=BPR(), epochs=1, learning_rate=1e-12, device="cpu")
    model.fit(data)
    half = graph_of(model, data)[: len(data.customers), len(data.customers) :]
    left, values, right = np.linalg.svd(half)
    best = left[:, :3] * values[:3] @ right[:3]
    scores = model.customer_vectors[:, :-1] @ model.product_vectors[:, :-1].T
    # Up to one factor, the best approximation of rank 3.
    factor = float((scores * best).sum() / (best * best).sum())
    close(scores, factor * best, 1e-3)
    lengths = np.linalg.norm(model.customer_vectors[:, :-1], axis=1)
    assert lengths[lengths > 0].mean() == pytest.approx(0.1 * np.sqrt(3), rel=0.1)


def test_only_actions_with_a_weight_are_learnt_from() -> None:
    table = {"customer_id": ["a", "a"], "product_id": ["x", "y"], "action": ["view", "purchase"]}
    data = dataset_of(table)
    scores = {}
    for action in ("view", "purchase"):
        model = LightGCN(dim=2, epochs=3, actions={action: 1}, device="cpu").fit(data)
        scores[action] = outside(data, model.score(np.array([0])))[0]
    assert scores["view"][0] > scores["view"][1]
    assert scores["purchase"][0] < scores["purchase"][1]


@pytest.mark.parametrize("objective", [InBatchSoftmax(), CosineContrastive(margin=0.2)])
def test_scores_by_cosine_lie_within_one(objective: Any) -> None:
    model = LightGCN(dim=4, objective=objective, epochs=2, device="cpu").fit(market())
    assert np.abs(model.score(np.arange(25))).max() <= 1 + 1e-5
    norms = np.linalg.norm(model.product_vectors[:, :-1], axis=1)
    assert set(np.round(norms, 4)) <= {0.0, 1.0}


def test_half_precision_stays_near() -> None:
    data = market()
    usual: dict[str, Any] = {"dim": 8, "epochs": 5, "device": "cpu"}
    exact, halves = (
        LightGCN(precision=precision, **usual).fit(data).score(np.arange(25))
        for precision in ("float32", "bfloat16")
    )
    assert np.corrcoef(exact.ravel(), halves.ravel())[0, 1] > 0.99
    assert halves.dtype == np.float32


def test_nothing_global_is_touched() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    np.random.seed(7)  # noqa: NPY002 - the global state is what is looked at
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    LightGCN(dim=4, epochs=1, start="random", objective=BPR(), device="cpu").fit(market())
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002
