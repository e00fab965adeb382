from typing import Any

import numpy as np
import pytest
import torch
from graph_network_contract import (
    GraphNetworkContract,
    PairwiseContract,
    graph_of,
)

from recsys.errors import InputError
from recsys.models.lightgcn import LightGCN
from recsys.models.xsimgcl import XSimGCL
from recsys.testing.data import close, market
from recsys.testing.training import RisingAndFalling
from recsys.training.objectives import BPR
from recsys.training.shards import Shard


class TestXSimGCL(GraphNetworkContract):
    def make(self, **change: Any) -> XSimGCL:
        return XSimGCL(**{"dim": 8, "epochs": 15, "batch_size": 16, "device": "cpu", **change})

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"layers": 0}, "model.layers: expected a number >= 1"),
            ({"noise": -0.1}, "model.noise: expected a number >= 0, got -0.1"),
            ({"contrast": float("nan")}, "model.contrast: expected a number >= 0, got nan"),
            ({"contrast_temperature": 0}, "model.contrast_temperature: expected a number > 0"),
            ({"contrast_layer": 3}, "model.contrast_layer: expected 1 to model.layers=2, got 3"),
            ({"nodes": 0}, "model.nodes: expected a number >= 1, got 0"),
        ],
    )
    def test_own_settings_out_of_range(self, change: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=said):
            self.make(**change)


class TestXSimGCLOfThePaper(PairwiseContract):
    def make(self, **change: Any) -> XSimGCL:
        paper = {"objective": BPR(), "l2": 1e-4, "start": "random", "epochs": 60, "noise": 0.2}
        usual = {"dim": 8, "batch_size": 64, "device": "cpu"}
        return XSimGCL(**{**paper, **usual, **change})


def test_scored_are_means_of_all_layers_but_the_start() -> None:
    data = market()
    usual: dict[str, Any] = {
        "dim": 4, "objective": BPR(), "start": "random", "epochs": 1, "learning_rate": 1e-12,
        "device": "cpu",
    }  # fmt: skip
    start = LightGCN(layers=0, **usual).fit(data)
    model = XSimGCL(layers=2, **usual).fit(data)
    initial, propagated = (
        np.concatenate([fitted.customer_vectors[:, :-1], fitted.product_vectors[:, :-1]])
        for fitted in (start, model)
    )
    step = graph_of(model, data)
    once = step @ initial
    close(propagated, (once + step @ once) / 2, 1e-5)


def test_without_noise_and_contrast_it_is_the_objective_alone() -> None:
    data = market()
    usual: dict[str, Any] = {"dim": 8, "epochs": 5, "device": "cpu"}
    plain, noisy, contrasted = (
        XSimGCL(noise=noise, contrast=contrast, **usual)
        .fit(data, RisingAndFalling(best=5))
        .losses[1]
        for noise, contrast in ((0, 0), (0.5, 0), (0, 0.5))
    )
    assert plain != noisy
    assert contrasted > plain


def test_noise_has_its_length_and_keeps_the_orthant() -> None:
    from recsys.models.xsimgcl import _XSimGCLNetwork

    data = market()
    made: list[_XSimGCLNetwork] = []

    class Kept(XSimGCL):
        def network(self, *words: Any) -> Any:
            made.append(super().network(*words))
            return made[-1]

    Kept(dim=8, layers=1, noise=0.25, epochs=1, device="cpu").fit(data)
    vectors = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    vectors[0] = 0
    added = made[0]._noisy(vectors, Shard(len(vectors)), torch.Generator().manual_seed(1)) - vectors
    # An empty vector has no orthant, so nothing is added to it.
    assert not added[0].any()
    torch.testing.assert_close(added[1:].norm(dim=1), torch.full((199,), 0.25))
    assert (added * vectors >= 0).all()


def test_contrast_takes_each_node_once_and_not_too_many() -> None:
    from recsys.training.objectives import Batch

    model = XSimGCL(dim=4, nodes=3, epochs=1, device="cpu")
    data = market()
    made: list[Any] = []
    original = XSimGCL.network
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(XSimGCL, "network", lambda *words: made.append(original(*words)) or made[-1])
        model.fit(data)
    batch = Batch(
        customers=torch.tensor([5, 1, 5, 2, 9]),
        rows=torch.arange(5),
        products=torch.tensor([4, 4, 4, 7, 4]),
    )
    customers, products = made[0]._contrasted(batch, torch.Generator().manual_seed(0))
    assert len(set(customers.tolist())) == len(customers) == 3
    assert set(customers.tolist()) <= {1, 2, 5, 9}
    assert sorted(products.tolist()) == [4, 7]
