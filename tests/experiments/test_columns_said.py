"""Every run says which columns became features, how, and which did not and why; so does export."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import MemorySource, dataset_of, source_of

from recsys.data.dataset import Dataset
from recsys.exporting.contents import contents_of, vectors_of
from recsys.models.als import ALS
from recsys.models.base import Recommender, UsesColumns
from recsys.models.popularity import Popularity
from recsys.models.segment import Segment
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.tracking.record import feature_lines

COUNT = 200


def source() -> MemorySource:
    """Customers with an age, a birth date and a passport; products with a shelf of 150 kinds."""
    generator = np.random.default_rng(2)
    days = pd.to_timedelta(np.arange(COUNT), unit="D")
    table = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in generator.integers(0, 40, COUNT)],
            "product_id": [f"p{i}" for i in generator.integers(0, COUNT, COUNT)],
            "action": "purchase",
            "timestamp": pd.Timestamp("2025-01-01") + days,
            "context_device": generator.choice(["phone", "desk"], COUNT),
            "context_page": [f"page {i}" for i in range(COUNT)],
        }
    )
    shelves = [f"s{min(i, 149)}" for i in range(COUNT)]
    side = {
        "customers": {
            "customer_id": [f"c{i}" for i in range(40)],
            "age": np.arange(20, 60),
            "born": [f"19{i + 50}-05-31" for i in range(40)],
            "passport": [f"x{i}y" for i in range(40)],
        },
        "products": {
            "product_id": [f"p{i}" for i in range(COUNT)],
            "price": [f"{i}.50" for i in range(COUNT)],
            "launched": ["2024-01-01"] * COUNT,
            "shelf": shelves,
        },
    }
    return source_of(table, side)


@pytest.fixture(scope="module")
def data() -> Dataset:
    made = source()
    return dataset_of(made.tables.interactions, {
        "customers": made.tables.customers, "products": made.tables.products,
    })  # fmt: skip


def test_a_model_of_features_says_what_became_of_every_column(data: Dataset) -> None:
    model = TouchpointGNN(dim=4, epochs=1, contexts=True).fit(data)
    assert isinstance(model, UsesColumns)
    assert model.columns_used == {
        "customers": {
            "age": "number", "born": "age in days before the cut-off", "passport": "40 values",
        },
        "products": {
            "price": "number", "launched": "age in days before the cut-off",
            "shelf": "left out: 150 values, of which the 64 most frequent cover 26%",
        },
        "interactions": {
            "context_device": "2 values",
            "context_page": "left out: 200 values, more than 64; bin it first",
        },
    }  # fmt: skip


def test_what_is_switched_off_is_not_spoken_of(data: Dataset) -> None:
    model = TouchpointGNN(dim=4, epochs=1, features=False).fit(data)
    assert model.columns_used == {"interactions": {}}


@pytest.mark.parametrize("model", [ALS(dim=4), Popularity(), Segment()])
def test_a_model_of_events_alone_says_so(model: Recommender, data: Dataset) -> None:
    model.fit(data)
    assert not (model.columns_used if isinstance(model, UsesColumns) else {})
    assert feature_lines("als", {}) == ["features: none reported by als"]


def test_an_artifact_says_what_new_products_are_known_by(data: Dataset) -> None:
    model = ALS(dim=4).fit(data)
    facts = contents_of(model, *vectors_of(model, 8), data, {}).facts
    assert facts["features"]["columns"] == ["price"]
    left = {name: said for name, said in facts["product_columns"].items() if "left out" in said}
    assert left["launched"] == "left out: a date"
    assert left["shelf"].startswith("left out: 150 values, more than")


def test_dates_of_customers_who_join_later_are_not_known_before(data: Dataset) -> None:
    table = data.side_tables["customers"].assign(born=pd.Timestamp("2030-01-01", tz="UTC"))
    later = dataclasses.replace(data, side_tables={**data.side_tables, "customers": table})
    model = TouchpointGNN(dim=4, epochs=1).fit(later)
    said: Any = model.columns_used["customers"]
    assert said["born"] == "left out: every date lies after the cut-off"
