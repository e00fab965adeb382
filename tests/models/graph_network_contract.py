"""What models of vectors on the customer-product graph keep to, beside the suites of all models."""

from typing import Any

import numpy as np
import pytest
import torch

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.device import Device
from recsys.models.graph_network import GraphNetwork
from recsys.testing import CheckpointContract, EmbeddingContract, PersonalisedContract
from recsys.testing.data import (
    IDLE,
    WORLDS,
    everyone,
    market,
    one_customer,
    one_event,
    one_product,
)
from recsys.testing.training import RisingAndFalling
from recsys.training.sampling import Positives


class GraphNetworkContract(PersonalisedContract, EmbeddingContract, CheckpointContract):
    """A customer's own events make its vector, or nearly, where it has a start of its own."""

    def make(self, **change: Any) -> GraphNetwork:
        raise NotImplementedError("say in your test class which model: def make(self, **change)")

    def test_folding_in_gives_the_stored_vectors(self, data: Dataset) -> None:
        # Without a contrastive layer 0, the start of a customer is predicted, not known.
        self.folds_in_exactly = getattr(self.make(), "contrast", None) is not None
        super().test_folding_in_gives_the_stored_vectors(data)

    def test_customers_without_events_are_ranked_by_popularity(self, data: Dataset) -> None:
        model = self.make().fit(data)
        row = data.customers.row(IDLE)
        # The last column is what everybody is ranked by.
        assert not model.embeddings().customers[row, :-1].any()
        order = np.argsort(-model.score(np.array([row]))[0])
        assert (np.diff(Positives.of(data).customers_of[order]) <= 0).all()

    def test_the_best_epoch_is_kept_and_reproduced(self, data: Dataset) -> None:
        model = self.make(epochs=6).fit(data, RisingAndFalling(best=4))
        assert model.chosen == {"stop_after": 4}
        assert list(model.losses) == [1, 2, 3, 4, 5, 6]
        fresh = self.make(epochs=6, **model.chosen).fit(data)
        np.testing.assert_array_equal(fresh.score(everyone(data)), model.score(everyone(data)))
        more = market(action="purchase")
        again, anew = model.fit(more), fresh.fit(more)
        np.testing.assert_array_equal(again.score(everyone(more)), anew.score(everyone(more)))

    def test_a_seed_decides_over_random_starts(self, data: Dataset) -> None:
        scores = [
            self.make(start="random", seed=seed, epochs=2).fit(data).score(everyone(data))
            for seed in (0, 0, 1)
        ]
        np.testing.assert_array_equal(scores[0], scores[1])
        assert not np.array_equal(scores[0], scores[2])

    def test_training_improves_on_the_start(self, blocks: Dataset) -> None:
        losses = list(self.make().fit(blocks, RisingAndFalling(best=1)).losses.values())
        assert losses[-1] < losses[0]

    def test_a_gpu_without_memory_leaves_it_to_the_cpu(
        self, data: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = self.make().fit(data).score(everyone(data))
        model = self.make(device=Device("cuda", "asked for"))
        train = type(model)._train

        def without_room(self: Any, positives: Any, kind: str, validate: Any) -> Any:
            if kind == "cuda":
                raise torch.OutOfMemoryError("no room")
            return train(self, positives, kind, validate)

        monkeypatch.setattr(type(model), "_train", without_room)
        np.testing.assert_array_equal(model.fit(data).score(everyone(data)), wanted)
        assert "using the CPU" in capsys.readouterr().err
        assert model.device == Device("cpu", "the GPU's memory was too small")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"dim": 0}, "model.dim: expected a number >= 1 and <= 4096, got 0"),
            ({"l2": -1}, "model.l2: expected a number >= 0, got -1"),
            ({"layers": 17}, "model.layers: expected a number >= [01] and <= 16, got 17"),
            ({"start": "zero"}, "model.start: expected svd or random, got 'zero'"),
            ({"learning_rate": float("inf")}, "model.learning_rate: expected a finite number"),
            ({"actions": {"bought": 1}}, "model.actions: no action 'bought'"),
        ],
    )
    def test_settings_out_of_range(self, data: Dataset, change: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=said):
            self.make(**change).fit(data)


class PairwiseContract(GraphNetworkContract):
    """For objectives that set a product against another one."""

    @pytest.mark.parametrize("world", WORLDS)
    def test_odd_worlds(self, world: Any) -> None:
        if world not in (one_product, one_customer, one_event):
            super().test_odd_worlds(world)
            return
        with pytest.raises(InputError, match="every customer has every product") as refused:
            self.make().fit(world())
        assert refused.value.key == "fit"


def graph_of(model: GraphNetwork, data: Dataset) -> np.ndarray:
    """[C + P, C + P] D^-1/2 A D^-1/2 of the customer-product graph, dense and in float64."""
    pairs = (Positives.of(data, model.actions).pairs.toarray()).astype(np.float64)
    rows, columns = pairs.sum(axis=1, keepdims=True), pairs.sum(axis=0, keepdims=True)
    half = pairs / np.sqrt(np.where(rows > 0, rows, 1) * np.where(columns > 0, columns, 1))
    nothing = [np.zeros((size, size)) for size in pairs.shape]
    return np.block([[nothing[0], half], [half.T, nothing[1]]])
