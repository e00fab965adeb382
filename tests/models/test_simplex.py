from typing import Any

import numpy as np
import pytest
import torch
from graph_network_contract import GraphNetworkContract

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import normalise
from recsys.models.lightgcn import LightGCN
from recsys.models.simplex import SimpleX
from recsys.testing.data import close, everyone, market
from recsys.training.objectives import CosineContrastive, SharedCosineContrastive
from recsys.training.sampling import Positives


class TestSimpleX(GraphNetworkContract):
    def make(self, **change: Any) -> SimpleX:
        usual = {"dim": 8, "epochs": 20, "batch_size": 8, "learning_rate": 0.02, "device": "cpu"}
        return SimpleX(**{**usual, **change})

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"history_weight": 1.5}, "model.history_weight: expected a number .* <= 1, got 1.5"),
            ({"pooling": "max"}, "model.pooling: expected mean or attention, got 'max'"),
        ],
    )
    def test_own_settings_out_of_range(self, change: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=said):
            self.make(**change)


class TestSimpleXWithAttention(TestSimpleX):
    def make(self, **change: Any) -> SimpleX:
        return super().make(**{"pooling": "attention", "history_weight": 0.8, **change})


STILL: dict[str, Any] = {
    "dim": 4, "start": "random", "epochs": 1, "learning_rate": 1e-12, "device": "cpu",
    "objective": CosineContrastive(negatives=2),
}  # fmt: skip
"""Steps too small to move anything: the vectors are those of the start."""


@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_a_customer_is_its_vector_and_the_mean_of_its_products(pooling: Any) -> None:
    data = market()
    without = SimpleX(history_weight=0, **STILL).fit(data)
    only = SimpleX(history_weight=1, pooling=pooling, **STILL).fit(data)
    products = only.product_vectors[:, :-1]
    # By cosine, vectors have length 1: only directions can be compared.
    pairs = Positives.of(data).pairs
    lengths = np.linalg.norm(_start(data)[1], axis=1, keepdims=True)
    pooled = normalise(pairs, 1.0, 0.0) @ (products * lengths)
    norms = np.linalg.norm(pooled, axis=1, keepdims=True)
    close(only.customer_vectors[:, :-1], pooled / np.where(norms > 0, norms, 1), 1e-5)
    both = SimpleX(history_weight=0.25, pooling=pooling, **STILL).fit(data)
    mixed = 0.75 * _start(data)[0] + 0.25 * pooled
    norms = np.linalg.norm(mixed, axis=1, keepdims=True)
    close(both.customer_vectors[:, :-1], mixed / np.where(norms > 0, norms, 1), 1e-5)
    close(without.product_vectors, only.product_vectors, 1e-6)


def _start(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Customers [C, 4] and products [P, 4] before the first step, not scaled."""
    made: list[Any] = []

    class Kept(SimpleX):
        def network(self, *words: Any) -> Any:
            made.append(super().network(*words))
            return made[-1]

    Kept(**STILL).fit(data)
    return made[0].customers.detach().numpy(), made[0].products.detach().numpy()


def test_without_history_it_is_matrix_factorisation() -> None:
    data = market()
    usual: dict[str, Any] = {
        "dim": 8, "epochs": 3, "batch_size": 16, "learning_rate": 0.01, "device": "cpu"
    }  # fmt: skip
    mf = LightGCN(layers=0, objective=SharedCosineContrastive(), **usual).fit(data)
    simplex = SimpleX(history_weight=0, **usual).fit(data)
    close(simplex.score(everyone(data)), mf.score(everyone(data)), 1e-6)


@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_history_alone_folds_in_exactly(pooling: Any) -> None:
    from recsys.testing.vectors import folded_all

    data = market()
    model = SimpleX(
        dim=6, history_weight=1, pooling=pooling, epochs=8, batch_size=8, device="cpu"
    ).fit(data)
    fold_in = model.fold_in()
    assert fold_in is not None
    close(folded_all(fold_in), model.customer_vectors[:, :-1], 1e-4)


def test_attention_learns_weights() -> None:
    made: list[Any] = []

    class Kept(SimpleX):
        def network(self, *words: Any) -> Any:
            made.append(super().network(*words))
            return made[-1]

    Kept(
        pooling="attention", dim=6, epochs=10, batch_size=8, learning_rate=0.02, device="cpu"
    ).fit(market())  # fmt: skip
    network = made[0]
    weights = network._weighted(network.products.detach())[:, -1]
    assert weights.std() > 0.01 * weights.mean()
    assert torch.isfinite(weights).all()


def test_a_negative_of_a_batch_counts_as_one_of_a_pair() -> None:
    """Over all products both forms of the loss have the same expectation."""
    data = market()
    positives, device = Positives.of(data), torch.device("cpu")
    count = positives.pairs.shape[1]
    vectors = [
        torch.randn(size, 3, generator=torch.Generator().manual_seed(1))
        for size in positives.pairs.shape
    ]
    shared = SharedCosineContrastive(margin=0.2, negatives=count)
    drawn = CosineContrastive(margin=0.2, negatives=3_000)
    losses = []
    for objective in (shared, drawn):
        objective.prepare(positives, device)
        batch = objective.batch(torch.arange(objective.examples))
        share = slice(0, len(batch.customers))
        losses.append(objective.loss(*vectors, batch, share, torch.Generator().manual_seed(0)))
    torch.testing.assert_close(losses[0], losses[1], rtol=0.02, atol=0)
