"""Hidden products, added by their features, on a small market."""

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of, source_of
from public_data import published

from benchmarks.new_products import NewProductsSuite, without
from recsys.data.source import Cutoffs
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket


def test_hidden_products_were_never_heard_of() -> None:
    events = {"customer_id": ["ann", "ann", "bob"], "product_id": ["p", "q", "r"]}
    table = {"product_id": ["p", "q", "r"], "price": [1.0, 2.0, 3.0]}
    offers = {"offer_id": ["o", "u"], "product_id": ["q", "r"]}
    data = dataset_of(events, {"products": table, "offers": offers})
    hidden = data.products.ids == "q"
    known = without(data, hidden)
    assert sorted(known.products.ids) == ["p", "r"]
    assert known.customers is data.customers
    pairs = zip(known.interactions.customers, known.interactions.products, strict=True)
    said = {(known.customers.ids[c], known.products.ids[p]) for c, p in pairs}
    assert said == {("ann", "p"), ("bob", "r")}
    assert sorted(known.side_tables["products"]["product_id"]) == ["p", "r"]
    assert list(known.side_tables["offers"]["offer_id"]) == ["u"]


def test_features_tell_whom_a_new_product_is_for(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    market = SimulatedMarket(events=20_000)
    suite = NewProductsSuite(
        data=market, parts=4, hidden_parts=2, dim=32, resamples=50, models=["als", "graph_filter"]
    )
    figures = suite.figures()
    assert figures["queries"] >= figures["customers"] > 50
    for model in ("als", "graph_filter"):
        assert figures[f"{model}_ndcg@10"] > figures["category_ndcg@10"]
        assert figures[f"{model}_ndcg@10_low"] > figures["random_ndcg@10"]
        assert figures[f"{model}_of_all_recall@20"] > 0
        assert 0 < figures[f"{model}_of_all_places"] < 1
        assert np.isfinite(figures[f"{model}_trained_of_all_recall@20"])
    assert "| als - category | +" in (tmp_path / "table.md").read_text()


@pytest.mark.realdata
def test_features_of_real_groceries_say_something(tmp_path, monkeypatch) -> None:
    root = published("complete_journey")
    monkeypatch.chdir(tmp_path)
    types = CompleteJourney(root=root, level="product_type")
    suite = NewProductsSuite(
        data=types, hidden_parts=2, dim=64, resamples=200, models=["graph_filter"]
    )
    figures = suite.figures()
    assert figures["graph_filter_ndcg@10_low"] > figures["random_ndcg@10_high"]


def test_no_feature_that_is_more_than_an_id() -> None:
    events = {
        "customer_id": ["ann", "ann", "bob", "bob", "ann", "bob", "cid", "cid"],
        "product_id": ["p", "q", "p", "r", "r", "q", "p", "r"],
        "timestamp": [f"2026-01-{day:02}" for day in (1, 2, 3, 4, 11, 12, 13, 21)],
    }
    table = {"product_id": ["p", "q", "r"], "category": ["a", "b", "c"]}
    days = (pd.Timestamp(day, tz="UTC") for day in ("2026-01-10", "2026-01-20"))
    cutoffs = Cutoffs(**dict(zip(("valid_from", "test_from"), days, strict=True)))
    data = source_of(events, {"products": table}, cutoffs=cutoffs)
    with pytest.raises(InputError, match="does not say how features become a vector"):
        NewProductsSuite(data=data, parts=2, dim=1, resamples=10, models=["graph_filter"]).figures()


def test_products_without_categories_are_refused() -> None:
    events = {"customer_id": ["ann"], "product_id": ["p"]}
    with pytest.raises(InputError, match="expected a products table with a column 'category'"):
        NewProductsSuite(data=source_of(events)).figures()
    with pytest.raises(InputError, match=r"suite\.parts: expected a whole number of at least 2"):
        NewProductsSuite(data=source_of(events), parts=1)
