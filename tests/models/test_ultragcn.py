from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch
from graph_network_contract import GraphNetworkContract
from in_memory import dataset_of
from torch.nn.functional import logsigmoid

from recsys.errors import InputError
from recsys.models.ultragcn import UltraGCN, near_products
from recsys.testing.data import market
from recsys.training.objectives import Batch
from recsys.training.processes import ALONE
from recsys.training.sampling import Positives


class TestUltraGCN(GraphNetworkContract):
    def make(self, **change: Any) -> UltraGCN:
        usual = {"dim": 8, "epochs": 25, "batch_size": 16, "learning_rate": 0.01, "device": "cpu"}
        return UltraGCN(**{**usual, **change})

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"neighbours": 0}, "model.neighbours: expected a number >= 1, got 0"),
            ({"neighbour_weight": -1}, "model.neighbour_weight: expected a number >= 0, got -1"),
        ],
    )
    def test_own_settings_out_of_range(self, change: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=said):
            self.make(**change)


class TestUltraGCNWithALayer(TestUltraGCN):
    def make(self, **change: Any) -> UltraGCN:
        return super().make(**{"layers": 1, "neighbours": 2, **change})


def outside_products(data: Any, matrix: np.ndarray) -> np.ndarray:
    order = np.argsort(data.products.ids)
    return matrix[np.ix_(order, order)]


def test_near_products_by_hand() -> None:
    """Columns x = (1, 1, 1), y = (1, 1, 0), z = (0, 1, 0)."""
    data = dataset_of({"customer_id": list("aabbbc"), "product_id": list("xyxyzx")})
    pairs = Positives.of(data).pairs
    # G = A'A has the rows x (3, 2, 1), y (2, 2, 1), z (1, 1, 1) with the sums 6, 5, 3.
    wanted = [
        [0, 2 / (6 - 3) * sqrt(6 / 5), 1 / (6 - 3) * sqrt(6 / 3)],
        [2 / (5 - 2) * sqrt(5 / 6), 0, 1 / (5 - 2) * sqrt(5 / 3)],
        [1 / (3 - 1) * sqrt(3 / 6), 1 / (3 - 1) * sqrt(3 / 5), 0],
    ]
    near = outside_products(data, near_products(pairs, 10).toarray())
    np.testing.assert_allclose(near, wanted, rtol=1e-6)
    nearest = outside_products(data, near_products(pairs, 1).toarray())
    kept = [[0, wanted[0][1], 0], [wanted[1][0], 0, 0], [0, wanted[2][1], 0]]
    np.testing.assert_allclose(nearest, kept, rtol=1e-6)


def test_a_product_nobody_combines_has_no_near_one() -> None:
    data = dataset_of({"customer_id": list("aab"), "product_id": list("xyz")})
    near = outside_products(data, near_products(Positives.of(data).pairs, 5).toarray())
    # x and y are always together: G = 1 everywhere, sums 2, so 1 / (2 - 1) x 1.
    np.testing.assert_allclose(near, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_the_loss_adds_what_near_products_lack() -> None:
    made: list[Any] = []

    class Kept(UltraGCN):
        def network(self, *words: Any) -> Any:
            made.append(super().network(*words))
            return made[-1]

    data = market()
    parts: dict[str, Any] = {"dim": 4, "neighbours": 3, "epochs": 1, "device": "cpu"}
    for weight in (0, 2):
        Kept(neighbour_weight=weight, learning_rate=1e-12, **parts).fit(data)
    plain, with_near = (
        network(torch.arange(5), ALONE, torch.Generator().manual_seed(0)).item() for network in made
    )
    network = made[1]
    batch: Batch = network.objective.batch(torch.arange(5))
    near = near_products(Positives.of(data).pairs, 3).toarray()
    scores = (network.customers @ network.products.T).detach()
    total = sum(
        -near[product, other] * logsigmoid(scores[batch.customers[row], other]).item()
        for row, product in zip(batch.rows.tolist(), batch.products.tolist(), strict=True)
        for other in near[product].nonzero()[0]
    )
    assert with_near - plain == pytest.approx(2 * total / len(batch.rows), rel=1e-4)
