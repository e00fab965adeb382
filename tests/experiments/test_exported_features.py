"""What an export keeps for new products, of every model that has vectors."""

from pathlib import Path

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.interactions import timestamp
from recsys.exporting.contents import contents_of, vectors_of
from recsys.models.als import ALS
from recsys.models.base import Recommender
from recsys.models.ease import EASE
from recsys.models.graph_filter import GraphFilter
from recsys.models.lightgcn import LightGCN
from recsys.models.popularity import Popularity
from recsys.models.segment import Segment
from recsys.models.touchpoint_filter import TouchpointFilter
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.serving import NewProduct, load, write
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.new_products import grown
from recsys.simulation import SimulatedMarket

MODELS: dict[str, Recommender] = {
    "als": ALS(dim=8, epochs=3),
    "ease": EASE(),
    "graph_filter": GraphFilter(dim=16),
    "lightgcn": LightGCN(dim=8, epochs=1),
    "popularity": Popularity(),
    "segment": Segment(),
    "touchpoint_filter": TouchpointFilter(),
    "touchpoint_gnn": TouchpointGNN(dim=8, epochs=1),
}


@pytest.fixture(scope="module")
def market() -> Dataset:
    source = SimulatedMarket(events=10_000)
    return build(source, check_tables(source.load()))


def exported(model: Recommender, data: Dataset) -> Contents:
    return contents_of(model, *vectors_of(model, 32), data, {})


@pytest.mark.parametrize("name", MODELS)
def test_every_exportable_model_keeps_features(name: str, market: Dataset, tmp_path: Path) -> None:
    made = exported(MODELS[name].fit(market), market)
    write(tmp_path / "a", made)
    artifact = load(tmp_path / "a")
    features = artifact.contents.features
    assert features is not None
    assert list(features.terms) == ["category", "price", "margin"]
    assert len(features.terms["category"]) == 20
    assert artifact.facts["features"]["products"] > 500
    new = NewProduct(product_id="fresh", features={"price": 9.5}, category="Travel card")
    more, ids = grown(artifact.contents, artifact.products, [new])
    assert ids.rows_of("fresh").tolist() == [1000]
    assert np.isfinite(more.products.vectors).all()


def test_a_number_counts_as_the_table_has_it(market: Dataset) -> None:
    features = exported(MODELS["als"].fit(market), market).features
    assert features is not None
    table = market.side_tables["products"]
    starts = table["valid_from"]
    known = table[starts.isna() | (starts < timestamp(market.as_of))]
    row = features.terms["price"][None]
    assert features.means[row] == pytest.approx(known["price"].mean(), rel=1e-6)
    assert features.scales[row] == pytest.approx(known["price"].std(ddof=0), rel=1e-6)


EVENTS = {
    "customer_id": ["ann", "ann", "bob", "bob", "cid", "cid"],
    "product_id": ["p", "q", "p", "r", "q", "s"],
}


@pytest.mark.parametrize(
    "side",
    [
        {},
        {"products": {"product_id": list("pqrs"), "name": ["Pear", "Quince", "Rose", "Sage"]}},
        {"products": {"product_id": ["p", "q"], "price": [1.0, 1.0]}},
        {"products": {"product_id": ["x", "y"], "brand": ["a", "b"]}},
    ],
)
def test_without_usable_features_nothing_is_kept(side: dict) -> None:
    data = dataset_of(EVENTS, side)
    made = exported(ALS(dim=2, epochs=1).fit(data), data)
    assert made.features is None
    assert "features" not in made.facts


def test_text_flags_and_gaps() -> None:
    products = {
        "product_id": ["p", "q", "r", "s"],
        "brand": ["a", "a", None, "b"],
        "green": [True, False, True, False],
        "price": [1.0, None, 3.0, 5.0],
    }
    data = dataset_of(EVENTS, {"products": products})
    features = exported(ALS(dim=2, epochs=1).fit(data), data).features
    assert features is not None
    assert list(zip(features.columns, features.values, strict=True)) == [
        ("brand", "a"), ("brand", "b"), ("green", None), ("price", None),
    ]  # fmt: skip
    np.testing.assert_allclose(features.means, [0, 0, 0, 3], rtol=1e-6)
    assert features.fold_in_scale is not None
    assert features.fold_in_scale[0] > 0
