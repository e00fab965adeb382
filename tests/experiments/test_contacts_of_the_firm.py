"""Contacts that the firm starts are no reason for an offer, and teach no model what is liked."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of, source_of

from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset
from recsys.data.split import TimeSplit
from recsys.experiments.run import prepare
from recsys.exporting.contents import contents_of, vectors_of
from recsys.models.als import ALS
from recsys.models.base import Recommender
from recsys.models.ease import EASE
from recsys.models.graph_filter import GraphFilter
from recsys.models.item_knn import ItemKNN
from recsys.models.lightgcn import LightGCN
from recsys.models.own_history import OwnHistory
from recsys.models.rp3beta import RP3Beta
from recsys.models.segment import Segment
from recsys.models.touchpoint_filter import TouchpointFilter
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.serving import Artifact
from recsys.serving.artifact.contents import Contents

MODELS: dict[str, Callable[[], Recommender]] = {
    "als": lambda: ALS(dim=4),
    "ease": lambda: EASE(l2=1.0),
    "graph_filter": lambda: GraphFilter(self_weight=1.0),
    "item_knn": lambda: ItemKNN(self_weight=1.0),
    "own_history": OwnHistory,
    "rp3beta": lambda: RP3Beta(self_weight=1.0),
    "touchpoint_filter": lambda: TouchpointFilter(self_weight=1.0),
    "lightgcn": lambda: LightGCN(dim=4, epochs=2),
    "touchpoint_gnn": lambda: TouchpointGNN(dim=4, epochs=2, features=False),
    "segment": Segment,
}

BOUGHT = [("ann", "loan"), ("ann", "card"), ("ben", "loan"), ("ben", "card"), ("cat", "fund"),
          ("dan", "fund"), ("dan", "card")]  # fmt: skip
CALLED = [("ann", "fund"), ("cat", "loan"), ("eve", "loan"), ("eve", "card"), ("ben", "fund")]


def bank(called_at: str | None, outbound: bool = True) -> Dataset:
    """Purchases in a shop, and contacts at a touchpoint; None leaves the contacts out."""
    contacts = [] if called_at is None else CALLED
    rows = [(*pair, "shop", "purchase") for pair in BOUGHT]
    rows += [(*pair, called_at, "contact") for pair in contacts]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "touchpoint", "action"])
    # Before all purchases, so that the cut-off does not move with them.
    table["timestamp"] = pd.Timestamp("2026-02-01") + pd.to_timedelta(np.arange(len(rows)), "D")
    table.loc[len(BOUGHT) :, "timestamp"] = pd.Timestamp("2026-01-01")
    side = {
        "customers": {"customer_id": ["ann", "ben", "cat", "dan", "eve"]},
        "touchpoints": {"touchpoint": ["shop", "phone"], "outbound": [False, outbound]},
    }
    return dataset_of(table, side, filter_seen=False)


def scores(model: Recommender, data: Dataset) -> np.ndarray:
    fitted = model.fit(data)
    return fitted.score(np.arange(len(data.customers)))


@pytest.mark.parametrize("name", MODELS)
def test_no_model_learns_from_a_contact_that_the_firm_started(name: str) -> None:
    make = MODELS[name]
    np.testing.assert_array_equal(scores(make(), bank("phone")), scores(make(), bank(None)))


# A segment knows how much somebody did, not what: see tests/graph/test_action_weights.py.
@pytest.mark.parametrize("name", sorted(MODELS.keys() - {"segment"}))
def test_every_model_learns_from_one_that_the_customer_started(name: str) -> None:
    make = MODELS[name]
    theirs = scores(make(), bank("phone", outbound=False))
    assert not np.array_equal(theirs, scores(make(), bank(None)))


def exported(data: Dataset) -> Contents:
    model = GraphFilter(self_weight=1.0).fit(data)
    return contents_of(model, *vectors_of(model, 8), data, {})


def test_a_contact_of_the_firm_is_kept_as_seen_and_explains_nothing() -> None:
    data = bank("phone")
    contents = exported(data)
    assert contents.events.weights is not None
    assert contents.events.actions is not None
    contact = contents.events.actions == ACTIONS.index("contact")
    assert contact.sum() == len(CALLED)
    assert (contents.events.weights[contact] == 0).all()
    assert (contents.events.weights[~contact] > 0).all()


def test_a_reason_names_the_event_that_counted() -> None:
    # ann called about the loan herself; the offer that she ignored later is not why.
    table = {
        "customer_id": ["ann", "ann", "ben"], "product_id": ["loan", "loan", "card"],
        "touchpoint": ["shop", "email", "shop"], "action": ["contact", "ignore", "purchase"],
        "timestamp": ["2026-01-01", "2026-01-02", "2026-01-03"],
    }  # fmt: skip
    side = {"touchpoints": {"touchpoint": ["shop", "email"], "outbound": [False, True]}}
    data = dataset_of(table, side, filter_seen=False)
    contents = exported(data)
    assert contents.events.actions is not None
    assert contents.events.customers is not None
    of_ann = contents.events.customers == data.customers.row("ann")
    assert contents.events.actions[of_ann].tolist() == [ACTIONS.index("contact")]


def test_fresh_contacts_weigh_nothing_and_fresh_clicks_do() -> None:
    contents = exported(bank("phone"))
    assert contents.fold_in.action_weights is not None
    weights = dict(zip(ACTIONS, contents.fold_in.action_weights.tolist(), strict=True))
    assert weights == {
        "view": 1, "click": 1, "cart": 1, "accept": 1, "purchase": 1,
        "reject": 0, "ignore": 0, "contact": 0,
    }  # fmt: skip
    artifact = Artifact.of(contents)
    with_contact = artifact.fold_in([("loan", "purchase"), ("card", "contact")])
    np.testing.assert_array_equal(with_contact, artifact.fold_in([("loan", "purchase")]))


def test_the_audit_counts_segments_again_as_they_were_counted() -> None:
    data = bank("phone")
    events = data.interactions
    table = pd.DataFrame({
        "customer_id": data.customers.ids[events.customers],
        "product_id": data.products.ids[events.products],
        "touchpoint": data.touchpoints.ids[events.touchpoints],
        "action": np.array(ACTIONS)[events.actions],
        "timestamp": pd.to_datetime(events.when, unit="us", utc=True),
    })  # fmt: skip
    source = source_of(table, {"touchpoints": data.side_tables["touchpoints"]}, filter_seen=False)
    split = TimeSplit(valid_from="2026-02-04", test_from="2026-02-06")
    _, windows, audit = prepare(source, split)
    audit.fit("valid", Segment().fit(windows.valid.past).derived)
    assert audit.certificate.status == "passed"
