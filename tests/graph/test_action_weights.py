"""What counts as interest: a customer's own doing, and contacts that they started."""

import numpy as np
from in_memory import dataset_of, outside

from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights, touchpoints_by_outbound, weight_table
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.relations import Signals, relation_matrices
from recsys.models.segment import measures
from recsys.models.touchpoint_preference import overall_shares
from recsys.training.sampling import Positives

EVENTS = {
    # ann calls the branch herself, ben is called, cat gets mail, dan is met nobody knows where.
    "customer_id": ["ann", "ben", "cat", "cat", "dan", "eve", "eve"],
    "product_id": ["loan", "loan", "card", "card", "card", "card", "loan"],
    "touchpoint": ["branch", "phone", "email", "email", None, "fair", "email"],
    "action": ["contact", "contact", "contact", "click", "contact", "contact", "ignore"],
    "timestamp": [f"2026-01-0{day}" for day in range(1, 8)],
    "value": [1.0, 2, 3, 4, 5, 6, 7],
}
STARTS = {"touchpoint": ["branch", "phone", "email"], "outbound": [False, True, True]}


def firm(**change: object) -> Dataset:
    return dataset_of({**EVENTS, **change}, {"touchpoints": STARTS})


def test_only_a_contact_known_to_be_started_by_the_customer_counts() -> None:
    # The fair is not in the table of touchpoints, and dan's contact has no touchpoint at all.
    assert event_action_weights(firm(), None).tolist() == [1, 0, 0, 1, 0, 0, 0]


def test_without_a_word_on_who_starts_a_contact_none_counts() -> None:
    data = dataset_of(EVENTS)
    assert not touchpoints_by_outbound(data, outbound=False).any()
    assert event_action_weights(data, None).tolist() == [0, 0, 0, 1, 0, 0, 0]


def test_weights_that_are_given_hold_for_every_contact() -> None:
    result = event_action_weights(firm(), {"contact": 0.5, "ignore": -1})
    assert result.tolist() == [0.5, 0.5, 0.5, 0, 0.5, 0.5, -1]


def test_a_click_in_an_email_counts_as_anywhere() -> None:
    data = firm()
    row = data.touchpoints.row("email")
    assert weight_table(data, None)[:, row].tolist() == [1, 1, 1, 1, 1, 0, 0, 0]


def test_the_graph_of_customers_and_products_knows_no_contact_of_the_firm() -> None:
    # ann, ben, cat, dan, eve x card, loan
    result = outside(firm(), interaction_matrix(firm()))
    assert result.tolist() == [[0, 1], [0, 0], [1, 0], [0, 0], [0, 0]]


def test_positives_are_the_same_pairs_and_say_which_events_made_them() -> None:
    result = Positives.of(firm())
    assert result.pairs.nnz == 2
    assert result.actions == ("click", "contact")
    assert result.when is not None
    assert len(result.when) == 2
    assert Positives.of(dataset_of(EVENTS)).actions == ("click",)


def test_the_typed_graph_has_an_edge_of_contact_for_the_own_one_alone() -> None:
    data = firm()
    result = relation_matrices(data, Signals())
    assert set(result["customers", "products"]) == {"click", "contact"}
    contact = result["customers", "products"]["contact"]
    assert outside(data, contact).astype(bool).sum(axis=1).tolist() == [1, 0, 0, 0, 0]
    at = result["customers", "touchpoints"]["contact"].nonzero()
    assert [data.customers.ids[row] for row in at[0]] == ["ann"]
    every = relation_matrices(data, Signals(actions={"contact": 1}))
    assert every["customers", "products"]["contact"].nnz == 5


def test_a_touchpoint_is_preferred_by_what_customers_do_there() -> None:
    # The own contact at the branch and the click in the mail, smoothed by one event each.
    data = firm()
    shares = dict(zip(data.touchpoints.ids, overall_shares(data), strict=True))
    assert shares == {"branch": 2 / 6, "email": 2 / 6, "fair": 1 / 6, "phone": 1 / 6}


def test_segments_measure_what_customers_did_themselves() -> None:
    data = firm(action=["contact", "contact", "contact", "click", "contact", "reject", "ignore"])
    result, rows = measures(data), np.argsort(data.customers.ids)
    # ann's own contact, cat's click, eve's reject; what the firm did is nobody's frequency.
    assert result.events[rows].tolist() == [1, 0, 1, 0, 1]
    assert result.value is not None
    assert result.value[rows].tolist() == [1, 0, 4, 0, 6]
    assert result.last is not None
    assert result.last[rows][[0, 2, 4]].tolist() == [
        int(np.datetime64(f"2026-01-0{day}", "us").astype(int)) for day in (1, 4, 6)
    ]
