"""Customers of whom nothing is known get what is popular, everywhere, and every answer says so.

Four products score 4, 3, 2 and 1 for customers with the default vector, and `ann`, who likes the
last one best. `bob` has no events, and the vector that ALS gives then: zeros, by which products
would come in the order of their rows.
"""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import AS_OF, DAY, from_fields
from script_runner import run_script

from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END
from recsys.serving import Artifact, Contents, load, write
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.query.everyone import recommend_everyone
from recsys.serving.stores import ParquetStore

POPULAR = ["loan", "card", "fund", "plan"]


def shop(**changes: Any) -> Contents:
    """Products by row: fund, plan, loan, card. Columns: popularity, taste, touchpoint app."""
    fields: dict[str, Any] = {
        "customers": np.array([[0, 9, 1], [0, 0, 1]], np.float32),
        "products": np.array([[2, 0, 0], [1, 1, 0], [4, 0, 0], [3, 0, 0]], np.float32),
        "default_customer": np.array([1, 0, 0], np.float32),
        "customer_ids": np.array(["ann", "bob"]),
        "product_ids": np.array(["fund", "plan", "loan", "card"]),
        "touchpoint_names": ["app", "email"],
        "event_customers": np.array([0]),
        "event_products": np.array([1]),
        "event_weights": np.ones(1, np.float32),
        "filter_seen": False,
        "facts": {"clock": "timestamp", "as_of": AS_OF},
    }
    return from_fields(**(fields | changes))


def opened(folder: Path, kept_as: Any = "float32", **changes: Any) -> Artifact:
    write(folder / "a", shop(**changes), overwrite=True, kept_as=kept_as)
    return load(folder / "a")


def listed(answer: Any) -> list[Any]:
    return [offer.product_id for offer in answer.offers]


@pytest.mark.parametrize("kept_as", ["float32", "float16", "int8"])
@pytest.mark.parametrize("customer", ["bob", "nobody"])
def test_without_events_or_unknown_it_is_popularity(
    tmp_path: Path, customer: str, kept_as: str
) -> None:
    answer = opened(tmp_path, kept_as).recommend(customer)
    assert listed(answer) == POPULAR
    scores = [offer.score for offer in answer.offers]
    assert scores == pytest.approx([4, 3, 2, 1], rel=1e-2)
    assert (answer.customer_id, answer.basis) == (customer, "popularity")
    assert answer.known is (customer == "bob")


def test_who_has_events_keeps_the_own_vector(tmp_path: Path) -> None:
    answer = opened(tmp_path).recommend("ann", 1)
    assert listed(answer) == ["plan"]
    assert (answer.known, answer.basis) == (True, "events")


def test_a_vector_of_something_else_stays(tmp_path: Path) -> None:
    # Without events, but the model knows something: features, perhaps.
    customers = np.array([[0, 9, 1], [0, 5, 1]], np.float32)
    answer = opened(tmp_path, customers=customers).recommend("bob", 1)
    assert (listed(answer), answer.basis) == (["plan"], "vector")


@pytest.mark.parametrize("kept_as", ["float16", "int8"])
def test_a_vector_that_the_model_made_the_default_is_popularity(
    tmp_path: Path, kept_as: str
) -> None:
    default = np.array([0.7, 0.1, 0.0], np.float32)
    customers = np.array([[0, 9, 1], [*default[:2], 1]], np.float32)
    artifact = opened(tmp_path, kept_as, customers=customers, default_customer=default)
    assert artifact.recommend("bob").basis == "popularity"


def test_what_may_not_be_offered_is_not_popular(tmp_path: Path) -> None:
    ended = np.array([OPEN_END, OPEN_END, AS_OF - DAY, OPEN_END])
    artifact = opened(tmp_path, product_valid_to=ended)
    for customer in ("bob", "nobody"):
        assert listed(artifact.recommend(customer, exclude=["fund"])) == ["card", "plan"]


def test_strict_refuses_the_unknown_and_nobody_else(tmp_path: Path) -> None:
    artifact = opened(tmp_path)
    with pytest.raises(
        InputError, match=r"customer id 'anne' is not among the 2 .* nearest are an"
    ):
        artifact.recommend("anne", strict=True)
    assert artifact.recommend("bob", strict=True).known


def test_the_firms_offers_follow(tmp_path: Path) -> None:
    answer = opened(tmp_path).recommend_offers("nobody", 2)
    assert [offer.offer_id for offer in answer.offers] == POPULAR[:2]
    assert (answer.known, answer.basis) == (False, "popularity")


FOLDS: dict[str, Any] = {
    "fold_in_products": np.eye(4, 3, dtype=np.float32)[:, :2].copy(),
    "fold_in_rule": np.zeros(3, np.float32),
    "fold_in_rest": np.ones(1, np.float32),
    "action_names": ["view", "ignore"],
    "fold_in_actions": np.array([1, 0], np.float32),
}


def test_a_fold_in_of_nothing_is_popularity(tmp_path: Path) -> None:
    artifact = opened(tmp_path, **FOLDS)
    np.testing.assert_array_equal(artifact.fold_in([]), [1, 0, 0])
    for events in ([], [("loan", "ignore")], [("card", 0.0)]):
        answer = artifact.recommend_events(events)
        assert (listed(answer), answer.basis) == (POPULAR, "popularity")
    assert artifact.recommend_events(["plan"]).basis == "events"
    unknown = artifact.recommend_events(["plan"], customer_id="nobody")
    assert (unknown.customer_id, unknown.known, unknown.basis) == ("nobody", False, "events")
    assert artifact.recommend_events([("card", 0.0)], customer_id="bob").basis == "popularity"
    with pytest.raises(InputError, match="customer id 'nobody' is not among"):
        artifact.recommend_events(["plan"], customer_id="nobody", strict=True)


def test_an_artifact_without_a_default_uses_what_it_folds_into(tmp_path: Path) -> None:
    # The bias of a filter stands behind what folds in; here in the first column of the products.
    products = np.array([[0, 2], [0, 1], [0, 4], [0, 3]], np.float32)
    changes = {
        **FOLDS, "products": products, "customers": np.array([[9, 1], [0, 1]], np.float32),
        "fold_in_products": np.ones((4, 1), np.float32), "default_customer": None,
    }  # fmt: skip
    answer = opened(tmp_path, **changes).recommend("nobody")
    assert (listed(answer), answer.basis) == (POPULAR, "popularity")


def test_where_nothing_says_what_is_popular_the_unknown_are_refused(tmp_path: Path) -> None:
    artifact = opened(tmp_path, **FOLDS, default_customer=None)
    with pytest.raises(InputError, match="customer id 'nobody' is not among"):
        artifact.recommend("nobody")
    for events in ([], [("card", 0.0)]):
        with pytest.raises(InputError, match="does not say what to offer where nothing is known"):
            artifact.recommend_events(events)


def test_who_was_never_asked_is_contacted_nowhere_that_needs_consent(tmp_path: Path) -> None:
    consent = {"consent": np.array([[True, False], [True, True]])}
    artifact = opened(tmp_path, **consent)
    assert artifact.recommend("nobody", touchpoint="email").offers == []
    assert listed(artifact.recommend("nobody", touchpoint="app")) == POPULAR
    # That all who were asked agreed does not say that the next will: the exporter knows.
    everybody = {"consent": np.ones((2, 2), bool), "default_consent": np.array([True, False])}
    artifact = opened(tmp_path, **everybody)
    assert artifact.recommend("nobody", touchpoint="email").offers == []
    assert artifact.recommend("bob", touchpoint="email").offers != []


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_a_file_of_everyone_says_what_each_list_follows(tmp_path: Path, ending: str) -> None:
    artifact, path = opened(tmp_path), tmp_path / f"all{ending}"
    assert recommend_everyone(artifact, path) == 2
    if ending == ".parquet":
        lines = pq.read_table(path).to_pylist()
        assert [line["basis"] for line in lines] == ["events", "popularity"]
        assert lines[1]["product_id"] == POPULAR
    else:
        lines = list(csv.DictReader(path.open()))
        assert list(lines[0].items()) == [
            ("customer_id", "ann"), ("rank", "1"), ("product_id", "plan"), ("score", "9"),
            ("touchpoint", ""), ("basis", "events"),
        ]  # fmt: skip
        assert [line["product_id"] for line in lines[4:]] == POPULAR
        assert {line["basis"] for line in lines[4:]} == {"popularity"}


def test_a_store_has_the_vector_that_ranks_by_popularity(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "tables")
    store.put(opened(tmp_path))
    assert [offer.product_id for offer in store.recommend("bob")] == POPULAR
    with pytest.raises(InputError, match="customer id 'nobody' is not among"):
        store.recommend("nobody")


def test_one_unknown_id_of_a_batch_is_marked_and_the_others_are_answered(tmp_path: Path) -> None:
    offers = OfferModel(opened(tmp_path))
    rows = [{"customer_id": customer} for customer in ("ann", "nobody", "bob", "nobody else")]
    answers = offers.predict(rows)
    said = [(answer["customer_id"], answer["known"], answer["basis"]) for answer in answers]
    assert said == [
        ("ann", True, "events"),
        ("nobody", False, "popularity"),
        ("bob", True, "popularity"),
        ("nobody else", False, "popularity"),
    ]
    for position in (1, 2, 3):
        assert [offer["product_id"] for offer in answers[position]["offers"]] == POPULAR
    with pytest.raises(Exception, match=r"^row 2: customer id 'nobody' is not among the 2 custom"):
        offers.predict(rows, {"strict": True})


def test_the_script_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    opened(tmp_path)
    words = ["artifact=a", "k=1", "at=as_of"]
    assert run_script("recommend", *words, "customer=bob", cwd=tmp_path) == 0
    assert "     no events of their own yet: offers by popularity\n" in capfd.readouterr().out
    assert run_script("recommend", *words, "customer=anne", "out=o.json", cwd=tmp_path) == 0
    said = capfd.readouterr().out
    assert "  customer id 'anne' is not among the 2 customer ids; the nearest are ann" in said
    assert "     no events of their own yet: offers by popularity\n" in said
    (written,) = json.loads((tmp_path / "o.json").read_text())
    assert (written["known"], written["basis"]) == (False, "popularity")


def test_a_default_of_another_length_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"contents.customers.default_vector: expected float32 \(3,\)"
    ):
        shop(default_customer=np.ones(2, np.float32))
    with pytest.raises(
        InputError, match=r"contents.customers.default_consent: expected bool \(2,\)"
    ):
        shop(default_consent=np.ones(3, bool))


def test_the_vector_is_kept_whole_and_mapped_from_the_file(tmp_path: Path) -> None:
    kept = opened(tmp_path, "int8").contents.customers.default_vector
    assert kept is not None
    np.testing.assert_array_equal(kept, [1, 0, 0])
    assert not kept.flags.writeable
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["format_version"] == 3
