"""What leaves a list, by action and age, is the same in data, artifact, files, HTTP and SQL."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from artifact_contents import AS_OF, DAY, contents
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recsys import Dataset
from recsys.data.columns import ACTIONS, DEFAULT_ACTION
from recsys.data.seen_products import seen_products
from recsys.errors import InputError
from recsys.exporting.events import events_of
from recsys.ops.until import OPEN_END, OPEN_START
from recsys.serving import (
    Artifact,
    Contents,
    CustomerTable,
    FilterSeen,
    OfferTable,
    ProductTable,
    load,
    write,
)
from recsys.serving.mlflow_model import request
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.mlflow_model.request_body import JSON, parsed
from recsys.serving.query.everyone import recommend_everyone
from recsys.serving.stores import ParquetStore, PgvectorStore

PRODUCTS = [f"P{number}" for number in range(6)]
CUSTOMERS = [f"C{number}" for number in range(4)]
AGES = FilterSeen((("purchase", OPEN_END), ("reject", 90 * DAY)))

ages = st.one_of(st.just("forever"), st.floats(0.5, 40), st.integers(1, 40).map("{} days".format))
filters = st.one_of(
    st.booleans(), st.just("auto"), st.lists(st.sampled_from(ACTIONS), unique=True, max_size=3),
    st.dictionaries(st.sampled_from(ACTIONS), ages, min_size=1, max_size=4),
)  # fmt: skip
events = st.lists(
    st.tuples(
        st.sampled_from(CUSTOMERS), st.sampled_from(PRODUCTS), st.sampled_from(ACTIONS),
        st.integers(-60 * DAY * 1000, -1),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def dataset(rows: list[tuple[str, str, str, int]], filter_seen) -> Dataset:
    """Events (customer, product, action, milliseconds from the cut-off)."""
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "action", "timestamp"])
    table["timestamp"] = pd.to_datetime(AS_OF * 1000 + table["timestamp"], unit="ms", utc=True)
    # Each customer and product exists, whatever the events are.
    return Dataset.from_frames(
        table, customers=pd.DataFrame({"customer_id": CUSTOMERS}),
        products=pd.DataFrame({"product_id": PRODUCTS}), filter_seen=filter_seen,
    )  # fmt: skip


def exported(data: Dataset) -> Contents:
    random = np.random.default_rng(0)
    return Contents(
        customers=CustomerTable(
            vectors=random.standard_normal((len(CUSTOMERS), 3)).astype(np.float32),
            ids=data.customers.ids,
        ),
        products=ProductTable(
            vectors=random.standard_normal((len(PRODUCTS), 3)).astype(np.float32),
            ids=data.products.ids,
        ),
        action_names=ACTIONS,
        filter_seen=data.filter_seen,
        events=events_of(data, None, None),
        facts={"clock": "timestamp", "as_of": data.as_of_seconds},
    )


def listed(answer: list[str]) -> set[str]:
    assert len(answer) == len(set(answer))
    return set(answer)


@pytest.fixture(scope="module")
def database(uri: str) -> Iterator[PgvectorStore]:
    kept = PgvectorStore(uri)
    yield kept
    kept.close()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=events, filter_seen=filters, later=st.integers(0, 80 * DAY))
@example(rows=[("C1", "P1", "reject", -1000)], filter_seen={"reject": 1}, later=DAY)
@example(rows=[("C1", "P1", "view", -1)], filter_seen="auto", later=0)
def test_the_list_of_every_door_lacks_the_same_products(database, rows, filter_seen, later) -> None:
    data = dataset(rows, filter_seen)
    at = data.as_of_seconds + later
    mask = seen_products(data, at)
    gone = np.zeros((len(CUSTOMERS), len(PRODUCTS)), bool) if mask is None else mask.toarray()
    wanted = {
        customer: set(data.products.ids[~gone[row]])
        for row, customer in enumerate(data.customers.ids)
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "artifact", exported(data))
        artifact = load(folder / "artifact")
        assert artifact.contents.filter_seen == data.filter_seen
        best = artifact.recommend_many(list(wanted), k=6, at=at)
        many = [listed(data.products.ids[row[row >= 0]].tolist()) for row in best.columns]
        assert many == list(wanted.values())
        recommend_everyone(artifact, folder / "all.parquet", k=6, at=at)
        table = pq.read_table(folder / "all.parquet").to_pylist()
        assert {row["customer_id"]: listed(row["product_id"]) for row in table} == wanted
        doors = [artifact, ParquetStore(folder / "tables"), database]
        for store in doors[1:]:
            store.put(artifact)
        for customer, products in wanted.items():
            for door in doors:
                answer = door.recommend(customer, 6, at=at)
                offers = answer.offers if isinstance(door, Artifact) else answer
                assert listed([offer.product_id for offer in offers]) == products


def by_age(**changes) -> Contents:
    """C0000 purchased, rejected and saw the first three products; folds in linearly."""
    linear = {
        "fold_in_rule": np.zeros(3, np.float32), "fold_in_actions": np.ones(3, np.float32),
        "fold_in_rest": np.zeros(0, np.float32), "default_customer": np.ones(5, np.float32),
    }  # fmt: skip
    fields = {
        "product_valid_from": None, "product_valid_to": None, "consent": None,
        "product_ids": np.array([f"P{row:03d}" for row in range(30)], dtype=object),
        "customer_ids": np.array([f"C{row:04d}" for row in range(40)], dtype=object),
        "action_names": ["view", "purchase", "reject"], "filter_seen": AGES,
        "event_customers": np.zeros(3, np.int32), "event_products": np.arange(3),
        "event_weights": np.ones(3, np.float32), "event_actions": np.array([1, 2, 0]),
        "event_touchpoints": None, "event_when": np.full(3, AS_OF - DAY),
        "event_until": np.array([OPEN_END, AS_OF + 89 * DAY, OPEN_START]),
    }  # fmt: skip
    return contents(**fields | linear | changes)


def gone(answer) -> set[str]:
    return {f"P{row:03d}" for row in range(30)} - {offer.product_id for offer in answer.offers}


def test_the_moment_of_a_request_decides(tmp_path: Path) -> None:
    write(tmp_path / "a", by_age())
    artifact = load(tmp_path / "a")
    assert gone(artifact.recommend("C0000", 30, at="as_of")) == {"P000", "P001"}
    for moment, products in ((-1, {"P000", "P001"}), (0, {"P000"}), (10**8, {"P000"})):
        at = AS_OF + 89 * DAY + moment
        answer = artifact.recommend("C0000", 30, at=at)
        assert gone(answer) == products
        assert f"(already had: {len(products)})" in answer.short_because


def test_the_firm_s_own_offers_obey_it_too() -> None:
    offers = OfferTable(
        ids=np.array(["one", "two"], dtype=object), starts=np.array([0, 1, 3]),
        products=np.array([1, 0, 1]), touchpoints=np.full(2, -1),
        valid_from=np.full(2, OPEN_START), valid_to=np.full(2, OPEN_END),
    )  # fmt: skip
    artifact = Artifact.of(by_age(offers=offers))
    assert not artifact.recommend_offers("C0000", 2, at=AS_OF).offers
    back = artifact.recommend_offers("C0000", 2, at=AS_OF + 89 * DAY).offers
    assert {offer.offer_id for offer in back} == {"one", "two"}


def test_fresh_events_leave_the_list_by_their_action() -> None:
    artifact = Artifact.of(by_age())
    fresh = [("P003", "view"), ("P004", "reject"), ("P005", "purchase")]
    for customer, before in ((None, set()), ("C0000", {"P000", "P001"}), ("C0001", set())):
        answer = artifact.recommend_events(fresh, 30, at="as_of", customer_id=customer)
        assert gone(answer) == before | {"P004", "P005"}
    # A stored reject has run out where a fresh one has just begun.
    late = AS_OF + 400 * DAY
    again = artifact.recommend_events([("P001", "reject")], 30, at=late, customer_id="C0000")
    assert gone(again) == {"P000", "P001"}
    viewed = artifact.recommend_events([("P001", "view")], 30, at=late, customer_id="C0000")
    assert gone(viewed) == {"P000"}


@pytest.mark.parametrize(
    ("filter_seen", "products"),
    [(AGES, {"P003", "P004"}), (FilterSeen((("reject", DAY),)), set()), (True, {"P003", "P004"})],
)
def test_a_fresh_event_without_an_action_counts_as_a_purchase(filter_seen, products) -> None:
    assert DEFAULT_ACTION == "purchase"
    artifact = Artifact.of(by_age(filter_seen=filter_seen))
    answer = artifact.recommend_events(["P003", ("P004", 2.5)], 30, at="as_of")
    assert gone(answer) == products


def test_over_http_the_same() -> None:
    body = {
        "dataframe_records": [
            {"customer_id": "C0000"},
            {"customer_id": "C0000", "events": [{"product_id": "P003", "action": "view"}, "P004"]},
            {"events": [{"product_id": "P004", "action": "reject"}]},
        ],
        "params": {"k": 30, "at": "2026-01-01"},
    }
    rows, params = parsed(json.dumps(body).encode(), JSON)
    model = OfferModel(Artifact.of(by_age()))
    answers = json.loads(model.answers(request.rows(rows), request.params(params)))
    every = {f"P{row:03d}" for row in range(30)}
    lists = [every - {offer["product_id"] for offer in answer["offers"]} for answer in answers]
    assert lists == [{"P000", "P001"}, {"P000", "P001", "P004"}, {"P004"}]


def test_only_a_filter_by_action_needs_the_new_format(tmp_path: Path) -> None:
    for number, (filter_seen, version) in enumerate(((AGES, 5), (True, 3), (False, 3))):
        folder = tmp_path / str(number)
        until = {} if filter_seen is AGES else {"event_until": None}
        write(folder, by_age(filter_seen=filter_seen, **until))
        assert json.loads((folder / "manifest.json").read_text())["format_version"] == version
        rules = json.loads((folder / "rules.json").read_text())
        assert ("masks_after" in rules) == (filter_seen is AGES)
        assert load(folder).contents.filter_seen == FilterSeen.of(filter_seen)
    card = (tmp_path / "0" / "MODEL_CARD.md").read_text()
    assert "not ranked: purchase for ever, reject for 90 days" in card
    assert rules["masks_seen"] is False


def test_moments_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"contents\.events\.until: expected beside filter_seen"):
        by_age(event_until=None)
    with pytest.raises(InputError, match=r"contents\.events\.until: expected integers \(3,\)"):
        by_age(event_until=np.zeros(2, np.int64))
    with pytest.raises(InputError, match=r"events\.until: .* are these milliseconds\?"):
        by_age(event_until=np.full(3, AS_OF * 1000))


@pytest.mark.parametrize("age", ["7", 0, -5, [1], True])
def test_a_crafted_age_is_refused(tmp_path: Path, age, monkeypatch: pytest.MonkeyPatch) -> None:
    from recsys.serving.artifact import rules

    compiled = rules.compiled

    def crafted(made: Contents):
        text, arrays = compiled(made)
        return {**text, "masks_after": {"reject": age}}, arrays

    monkeypatch.setattr(rules, "compiled", crafted)
    write(tmp_path / "a", by_age())
    with pytest.raises(InputError, match=r"cannot be read: masks_after is"):
        load(tmp_path / "a")
