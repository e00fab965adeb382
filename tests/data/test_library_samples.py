"""The samples that RecBole, LensKit, RecTools and RePlay wrote, and what they count in them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recsys import Dataset
from recsys.data.check import check_tables
from recsys.data.source import Source
from recsys.data.sources.lenskit import LensKit
from recsys.data.sources.recbole import RecBole
from recsys.data.sources.rectools import RecTools
from recsys.data.sources.replay import RePlay

SAMPLES = Path(__file__).parent / "library_samples"
SOURCES: dict[str, tuple[Callable[..., Any], str]] = {
    "recbole": (RecBole, "recbole"), "lenskit": (LensKit, "lenskit"),
    "rectools": (RecTools, "rectools"), "replay": (RePlay, "sample.replay"),
}  # fmt: skip


def sample(library: str) -> Source:
    make, folder = SOURCES[library]
    source: Source = make(root=str(SAMPLES / folder))
    return source


@pytest.mark.parametrize("library", SOURCES)
def test_users_items_and_interactions_are_as_many_as_the_library_counts(library: str) -> None:
    data = Dataset.from_source(sample(library))
    counted = json.loads((SAMPLES / "expected.json").read_text())[library]
    assert len(data.customers) == counted["users"]
    assert len(data.products) == counted["items"]
    assert len(data.interactions) == counted["interactions"]


@pytest.mark.parametrize("library", SOURCES)
def test_interactions_are_the_same_whatever_wrote_them(library: str) -> None:
    events = check_tables(sample(library).load()).interactions
    strength = "weight" if library == "rectools" else "value"
    rows = sorted(
        zip(events["customer_id"], events["product_id"], events[strength],
            events["timestamp"].dt.as_unit("s").astype("int64"), strict=True)
    )  # fmt: skip
    assert rows == sorted(
        [
            ("007", "tea", 5.0, 1_000_000_000), ("7", "jam", 3.0, 1_000_000_001),
            ("ann", "tea", 4.5, 1_000_086_400), ("ann", "0", 1.0, 1_000_086_401),
            ("bob", "jam", 2.0, 1_002_000_000), ("007", "Käse", 5.0, 1_003_000_000),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("library", SOURCES)
def test_features_are_the_same_whatever_wrote_them(library: str) -> None:
    tables = check_tables(sample(library).load())
    assert tables.customers is not None
    assert tables.products is not None
    people = tables.customers.set_index("customer_id")
    goods = tables.products.set_index("product_id")
    assert goods.loc["tea", "kinds_drink"]
    assert not goods.loc["jam", "kinds_drink"]
    assert people.loc["ann", "branch"] == "01"
    assert people.loc["ann", "age"] == 52
    if library != "rectools":  # it holds single values
        assert people.loc["7", ["taste_0", "taste_1"]].tolist() == [1.5, 2.0]
    if library == "recbole":  # a name is a sequence of words there
        assert goods.loc["gin", "name_Dry"]
    else:
        assert goods.loc["tea", "name"] == "Green tea"


def test_rows_of_lenskit_may_lack_features() -> None:
    people = sample("lenskit").load().customers
    assert people is not None
    assert people.set_index("customer_id").loc["bob"].isna().all()
    assert pd.notna(people.set_index("customer_id").loc["eve", "taste_0"])
