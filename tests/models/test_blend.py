"""A weighted sum of models: weights, their choice, vectors side by side, export."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.exportable import is_exportable, refuse_unexportable
from recsys.exporting.library import export
from recsys.models.als import ALS
from recsys.models.blend import CANDIDATES, Blend
from recsys.models.graph_filter import GraphFilter
from recsys.models.item_knn import ItemKNN
from recsys.models.kept_scores import KeptScores
from recsys.models.lightgcn import LightGCN
from recsys.models.popularity import Popularity
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.serving import load
from recsys.testing import PersonalisedContract, TunesItselfContract
from recsys.testing.data import close, everyone, market
from recsys.testing.training import Killed


def settled_filter() -> GraphFilter:
    return GraphFilter(
        dim=8, history_exponent=0.5, candidate_exponent=0.5, customer_exponent=1.0, low_pass=0.1,
        whitening=0.0, self_weight=0.0,
    )  # fmt: skip


class TestBlend(PersonalisedContract, TunesItselfContract):
    def make(self, **change: Any) -> Blend:
        models = {"filter": settled_filter(), "als": ALS(dim=8, epochs=4)}
        return Blend(**{"models": models, **change})


class Fixed:
    """Gives the same scores to everybody, and counts its fits."""

    def __init__(self, scores: list[float]) -> None:
        self.scores, self.fits = np.array(scores, np.float32), 0

    def fit(self, data: Dataset, validate: Any = None) -> "Fixed":
        self.fits += 1
        return self

    def score(self, customers: np.ndarray, touchpoints: np.ndarray | None = None) -> np.ndarray:
        return np.tile(self.scores, (len(customers), 1))


@pytest.fixture
def three_products() -> Dataset:
    table = {"customer_id": list("aab"), "product_id": list("xyz"), "order": [1, 2, 3]}
    return dataset_of(table)


def test_scores_are_divided_by_their_deviation_and_weighted(three_products: Dataset) -> None:
    # Deviations: sqrt(8/3) of 0, 2, 4, and ten times as much of 40, 20, 0.
    models = {"small": Fixed([0, 2, 4]), "large": Fixed([40, 20, 0])}
    blend = Blend(models=models, weights={"small": 3, "large": 1}).fit(three_products)
    assert blend.weights == {"small": 0.75, "large": 0.25}
    wanted = np.array([1, 2, 3]) / np.sqrt(8 / 3)
    close(blend.score(np.array([0, 1])), np.tile(wanted, (2, 1)), 1e-6)


def test_the_best_weights_are_found_and_kept(three_products: Dataset) -> None:
    target = np.array([1, 2, 3]) / np.sqrt(8 / 3)

    def likeness(score: Any) -> float:
        scores = score(np.array([0, 1]))[0]
        return -float(np.abs(scores / scores.sum() - target / target.sum()).sum())

    models = {"small": Fixed([0, 2, 4]), "large": Fixed([40, 20, 0]), "odd": Fixed([0, 90, 0])}
    blend = Blend(models=models).fit(three_products, likeness)
    assert blend.weights["odd"] == 0
    assert blend.weights["large"] / blend.weights["small"] == pytest.approx(1 / 3, abs=0.03)
    assert blend.weights["large"] / blend.weights["small"] == pytest.approx(
        min(CANDIDATES, key=lambda weight: abs(weight - 1 / 3)), rel=1e-4
    )
    before = dict(blend.weights)
    blend.fit(three_products)
    assert blend.weights == before
    # What has no weight is not fitted again.
    assert {name: model.fits for name, model in models.items()} == {
        "small": 2, "large": 2, "odd": 1,
    }  # fmt: skip


def test_a_model_of_equal_scores_changes_nothing(three_products: Dataset) -> None:
    models = {"flat": Fixed([5, 5, 5]), "other": Fixed([1, 3, 2])}
    scores = Blend(models=models).fit(three_products).score(np.array([0]))[0]
    assert np.argsort(-scores).tolist() == [1, 2, 0]


class _DiesAt:
    """A validation that is killed at one question; the parts of a blend ask by this alone."""

    def __init__(self, question: int | None = None) -> None:
        self.left = question

    def __call__(self, score: Any) -> float:
        if self.left is not None:
            self.left -= 1
            if not self.left:
                raise Killed
        return float(score(np.arange(3))[:, 0].mean())


def test_a_killed_fit_of_networks_goes_on(tmp_path: Path) -> None:
    data = market()

    def made() -> Blend:
        # A name that is a path stays in the folder.
        network = LightGCN(dim=4, epochs=3, checkpoint_seconds=0.0)
        return Blend(models={"popularity": Popularity(), "../out": network})

    wanted = made().fit(data, _DiesAt()).score(everyone(data))
    killed = made()
    killed.checkpoint = str(tmp_path / "kept")
    with pytest.raises(Killed):
        killed.fit(data, _DiesAt(2))
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.pt")] == [
        Path("kept", "model_1", "fit.pt")
    ]
    resumed = made()
    resumed.checkpoint = str(tmp_path / "kept")
    np.testing.assert_array_equal(resumed.fit(data, _DiesAt()).score(everyone(data)), wanted)


def test_given_weights_ask_nothing() -> None:
    blend = Blend(models={"a": settled_filter()}, weights={"a": 2.0})
    blend.fit(market(), lambda score: pytest.fail("asked for a quality"))
    assert blend.chosen == {"weights": {"a": 1.0}}


def test_kept_scores_rank_as_all_scores_do() -> None:
    data = market()
    models = {"filter": settled_filter().fit(data), "als": ALS(dim=8, epochs=4).fit(data)}
    scales, weights = {"filter": 2.0, "als": 0.5}, {"filter": 0.3, "als": 0.7}
    some = KeptScores(models, scales, best=5).blended(weights, everyone(data))
    full = KeptScores(models, scales).blended(weights, everyone(data))
    kept = np.isfinite(some)
    assert np.isfinite(full).all()
    assert 5 <= kept.sum(axis=1).min() <= kept.sum(axis=1).max() <= 10
    close(some[kept], full[kept], 1e-6)
    # The best product of either model is among them.
    for model in models.values():
        best = model.score(everyone(data)).argmax(axis=1)
        assert kept[np.arange(len(best)), best].all()


def test_vectors_side_by_side_give_the_scores() -> None:
    data = market()
    blend = Blend(
        models={"als": ALS(dim=8, epochs=4), "popularity": Popularity()},
        weights={"als": 0.8, "popularity": 0.2},
    ).fit(data)
    vectors = blend.approximate_embeddings(8)
    close(vectors.customers @ vectors.products.T, blend.score(everyone(data)), 1e-4)
    assert vectors.default_customer is not None


def test_touchpoints_keep_their_share() -> None:
    data = market()
    models = {"als": ALS(dim=4, epochs=3), "network": TouchpointGNN(dim=8, epochs=1)}
    blend = Blend(models=models).fit(data)
    vectors = blend.approximate_embeddings(8)
    assert vectors.touchpoints is not None
    customers, touchpoints = everyone(data)[:6], np.arange(6) % len(data.touchpoints)
    wanted = blend.score(customers, touchpoints)
    made = (vectors.customers[customers] + vectors.touchpoints[touchpoints]) @ vectors.products.T
    # A pair's own constant does not change the order of products.
    close(
        made - made.mean(axis=1, keepdims=True), wanted - wanted.mean(axis=1, keepdims=True), 1e-3
    )


def test_a_blend_with_a_filter_is_exported(tmp_path: Path) -> None:
    data = market()
    blend = Blend(models={"filter": settled_filter(), "als": ALS(dim=8, epochs=4)}).fit(data)
    export(blend, data, tmp_path / "artifact")
    artifact = load(tmp_path / "artifact")
    customer = str(data.customers.ids[0])
    served = [offer.product_id for offer in artifact.recommend(customer, k=3).offers]
    assert served == [offer.product_id for offer in blend.recommend(customer, k=3).offers]


def test_the_part_that_cannot_be_exported_is_named_before_the_fit() -> None:
    assert is_exportable(Blend(models={"knn": ItemKNN(), "als": ALS()}))
    blend = Blend(models={"als": ALS(), "fixed": Fixed([1, 2])})
    assert not is_exportable(blend)
    with pytest.raises(InputError, match=r"Fixed cannot be exported: it has only scores"):
        refuse_unexportable(blend)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"models": {}}, r"model.models: expected at least one model"),
        ({"models": {"a": {"dim": 3}}}, r"model.models.a: expected a model, got .*dim"),
        ({"weights": {"als": 1}}, r"expected names of model.models \(a, b\), got als"),
        ({"weights": {"a": -1}}, r"model.weights.a: expected a number >= 0, got -1"),
        ({"weights": {"a": 0}}, r"model.weights: expected a weight above 0"),
    ],
)
def test_out_of_range(arguments: dict[str, Any], words: str) -> None:
    models = {"a": Popularity(), "b": Popularity()}
    with pytest.raises(InputError, match=words):
        Blend(**{"models": models, **arguments})
