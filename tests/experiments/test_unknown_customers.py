"""A customer without events gets what most others take: in the artifact, in few bytes, in a run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of, source_of

from recsys.data.dataset import Dataset
from recsys.data.split import TimeSplit
from recsys.experiments.run import query_notes
from recsys.exporting.contents import contents_of, vectors_of
from recsys.models.als import ALS
from recsys.models.base import Recommender
from recsys.models.fresh_history import scores_of_history
from recsys.models.graph_filter import GraphFilter
from recsys.models.item_knn import ItemKNN
from recsys.models.lightgcn import LightGCN
from recsys.models.own_history import OwnHistory
from recsys.models.popularity import Popularity
from recsys.models.segment import Segment
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.precision import PRECISIONS, Precision
from recsys.serving.storage import load, write

MODELS: dict[str, Callable[[], Recommender]] = {
    "als": lambda: ALS(dim=4), "popularity": Popularity, "segment": Segment,
    "own_history": OwnHistory, "item_knn": ItemKNN, "graph_filter": GraphFilter,
    "lightgcn": lambda: LightGCN(dim=4, epochs=2),
    "touchpoint_gnn": lambda: TouchpointGNN(dim=4, epochs=2),
}  # fmt: skip

POPULAR = ["P1", "P2", "P3", "P4", "P5", "P6"]
"""From 12 customers down to 2; of 30 products the other 24 were never taken by anybody."""


def table() -> pd.DataFrame:
    rows = [
        (f"C{customer}", product, "app")
        for rank, product in enumerate(POPULAR)
        for customer in range(12 - 2 * rank)
    ]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "touchpoint"])
    return table.assign(
        action="purchase",
        timestamp=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(len(rows)), unit="h"),
    )


SIDE = {
    "customers": {"customer_id": ["nobody", "nobody too"]},
    "products": {"product_id": [f"P{number}" for number in range(1, 31)]},
}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset_of(table(), SIDE, filter_seen=False)


def exported(name: str, data: Dataset) -> Contents:
    model = MODELS[name]().fit(data)
    return contents_of(model, *vectors_of(model, 8), data, {})


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_artifact_offers_what_is_popular(
    name: str, precision: Precision, data: Dataset, tmp_path: Path
) -> None:
    write(tmp_path / "a", exported(name, data), False, "exact", precision)
    answer = load(tmp_path / "a").recommend("nobody", k=6)
    assert [offer.product_id for offer in answer.offers] == POPULAR
    scores = [offer.score for offer in answer.offers]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(POPULAR)


@pytest.mark.parametrize("name", MODELS)
def test_the_vector_of_nobody_goes_along(name: str, data: Dataset) -> None:
    contents = exported(name, data)
    assert contents.customers.default_vector is not None
    assert contents.customers.default_vector.shape == contents.products.vectors.shape[1:]
    order = np.argsort(
        -(contents.products.vectors @ contents.customers.default_vector), kind="stable"
    )
    assert data.products.ids[order[:6]].tolist() == POPULAR
    # It is that of customers without events, with where anybody may be met.
    row = data.customers.row("nobody")
    if name != "segment":
        np.testing.assert_array_equal(
            contents.customers.vectors[row], contents.customers.default_vector
        )


def test_the_first_event_that_counts_ends_popularity(data: Dataset, tmp_path: Path) -> None:
    write(tmp_path / "a", exported("als", data), False, "exact", "float32")
    artifact = load(tmp_path / "a")
    unseen = artifact.fold_in([("P6", "purchase")])
    known = artifact.fold_in([("P6", "purchase")], customer_id="nobody")
    np.testing.assert_array_equal(known, unseen)
    # Four columns of ALS, then the one that only unknown customers have.
    assert unseen[4] == 0
    assert unseen[:4].any()


@pytest.mark.parametrize("name", ["als", "graph_filter"])
def test_a_fold_in_of_nothing_is_popularity(name: str, data: Dataset) -> None:
    model = MODELS[name]().fit(data)
    rule = vectors_of(model, 8)[1]
    assert rule is not None
    scores = scores_of_history(model, rule.history[[0, data.customers.row("nobody")]] * 0)
    for row in scores:
        assert data.products.ids[np.argsort(-row, kind="stable")[:6]].tolist() == POPULAR


def test_a_run_says_for_how_many_nothing_was_known() -> None:
    later = pd.DataFrame(
        {
            "customer_id": ["nobody", "nobody too", "C0"], "product_id": ["P9", "P8", "P9"],
            "touchpoint": "app", "action": "purchase",
            "timestamp": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-03"]),
        }
    )  # fmt: skip
    both = pd.concat([table(), later], ignore_index=True)
    split = TimeSplit(valid_from="2026-02-15", test_from="2026-03-03")
    windows = split.split(dataset_of(both, SIDE), source_of(both, SIDE))
    said = "2 of 2 evaluated customers had no event before: ranked by popularity"
    assert any(note.startswith(said) for note in query_notes(windows.valid.queries))
    assert query_notes(windows.test.queries) == []
