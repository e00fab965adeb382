"""Fresh events folded in as the model itself would have."""

import numpy as np
import pytest
from artifact_contents import contents

from recsys.errors import InputError
from recsys.ops import fold_in

PLAIN = {"consent": None, "product_valid_from": None, "product_valid_to": None}
RULE = np.array([1, 0.5, 0], np.float32)


def foldable(loaded, **changes):
    given = contents()
    degrees = np.full(40, 4, np.float32)
    rule = {
        "fold_in_rule": RULE, "fold_in_actions": np.array([1, 3], np.float32),
        "fold_in_scale": np.full(30, 2, np.float32), "fold_in_rest": np.zeros(0, np.float32),
        "fold_in_degrees": degrees, "fold_in_gram": np.eye(5, dtype=np.float32),
        "event_weights": 1 + np.abs(given.events.weights),
    }  # fmt: skip
    return loaded(**(rule | PLAIN | changes))


def test_an_unseen_customer_by_hand(loaded):
    artifact = foldable(loaded)
    given = artifact.contents
    rows = [artifact.products.rows_of(product)[0] for product in ("P001", "P002")]
    # A purchase counts 3 and a plain event 1: weights 1 + 2 * 3 / sqrt(4) and 1 + 2 * 1 / sqrt(4).
    wanted = fold_in.customer_vector(
        np.array([4, 2]), given.fold_in.factors[rows], given.fold_in.gram
    )
    vector = artifact.fold_in([("P001", "purchase"), "P002"])
    np.testing.assert_allclose(vector, wanted, rtol=1e-5)
    np.testing.assert_allclose(artifact.fold_in([("P001", 3.0), "P002"]), wanted, rtol=1e-5)
    np.testing.assert_allclose(artifact.fold_in([]), np.zeros(5), atol=1e-6)


def test_a_known_customer_without_fresh_events_keeps_its_vector(loaded):
    plain = dict.fromkeys(["fold_in_degrees", "fold_in_scale", "fold_in_gram"])
    rule, weights = np.zeros(3, np.float32), contents().events.weights
    artifact = foldable(loaded, **plain, fold_in_rule=rule, event_weights=weights)
    for row, customer in enumerate(artifact.contents.customers.ids):
        vector = artifact.fold_in([], customer)
        np.testing.assert_allclose(
            vector, artifact.contents.customers.vectors[row], rtol=1e-3, atol=1e-4
        )


def test_offers_follow_the_vector_and_the_rules(loaded):
    artifact = foldable(loaded)
    events = [("P001", "purchase"), "P002"]
    answer = artifact.recommend_events(events, 30, exclude=["P003"])
    products = [offer.product_id for offer in answer.offers]
    assert len(products) == 27
    assert not {"P001", "P002", "P003"} & set(products)
    assert "already had: 2" in answer.short_because
    scores = artifact.contents.products.vectors @ artifact.fold_in(events)
    rows = [artifact.products.rows_of(product)[0] for product in products]
    offered = [offer.score for offer in answer.offers]
    np.testing.assert_allclose(offered, scores[rows], rtol=1e-5)
    assert offered == sorted(offered, reverse=True)
    assert (answer.customer_id, answer.own_events) == (None, 2)


def test_what_was_done_just_now_is_a_reason(loaded):
    artifact = foldable(loaded, fold_in_gram=None, fold_in_degrees=None)
    events = [("P001", "view"), ("P001", "purchase"), ("P002", 2.0)]
    answer = artifact.recommend_events(events, 28, explain=5)
    rows = [artifact.products.rows_of(product)[0] for product in ("P001", "P002")]
    # Together 6: weights 1 + 2 * 4 / sqrt(6) and 1 + 2 * 2 / sqrt(6); shares of what is above 0.
    weights = 1 + 2 * np.array([4, 2]) / np.sqrt(6)
    factors = weights[:, None] * artifact.contents.fold_in.factors[rows]
    for offer in answer.offers:
        vector = artifact.contents.products.vectors[artifact.products.rows_of(offer.product_id)[0]]
        parts = dict(zip(("P001", "P002"), factors @ vector, strict=True))
        total = sum(part for part in parts.values() if part > 0)
        shares = {name: part / total for name, part in parts.items() if part > 0}
        actual = {reason.product_id: reason.share for reason in offer.reasons}
        assert actual == pytest.approx(shares, rel=1e-4)
        for reason in offer.reasons:
            # The last of several events describes the product; a weight has no name.
            assert reason.action == {"P001": "purchase", "P002": None}[reason.product_id]
            assert (reason.touchpoint, reason.when) == (None, None)


def test_own_events_stay_reasons_beside_fresh_ones(loaded):
    artifact = foldable(loaded)
    given = artifact.contents
    row = int(np.argmax(np.bincount(given.events.customers)))
    customer = given.customers.ids[row]
    own = {given.products.ids[p] for p in given.events.products[given.events.customers == row]}
    fresh = next(product for product in given.products.ids if product not in own)
    answer = artifact.recommend_events([(fresh, "purchase")], 10, customer_id=customer, explain=30)
    assert answer.customer_id == customer
    assert answer.own_events == len(own) + 1
    reasons = [reason for offer in answer.offers for reason in offer.reasons]
    assert {reason.product_id for reason in reasons} == own | {fresh}
    assert all((reason.when is None) == (reason.product_id == fresh) for reason in reasons)


def test_fresh_events_leave_the_other_strands_alone(loaded):
    ids = np.array([f"C{row // 2:04d}" for row in range(40)], dtype=object)
    artifact = foldable(loaded, customer_ids=ids, customer_strands=np.arange(40) % 2)
    given = artifact.contents
    scores = np.maximum(
        given.products.vectors @ given.customers.vectors[6],
        given.products.vectors @ artifact.fold_in(["P001"], "C0003"),
    )
    answer = artifact.recommend_events(["P001"], 5, customer_id="C0003")
    rows = [artifact.products.rows_of(offer.product_id)[0] for offer in answer.offers]
    np.testing.assert_allclose([o.score for o in answer.offers], scores[rows], rtol=1e-5)
    both = np.isin(given.events.customers, [6, 7])
    had = np.append(given.events.products[both], artifact.products.rows_of("P001"))
    scores[had] = -np.inf
    assert set(rows) == set(np.argsort(-scores)[:5])
    # What one strand does not allow, the customer does not.
    consent = np.ones((40, 3), dtype=bool)
    consent[6] = False
    closed = foldable(loaded, customer_ids=ids, customer_strands=np.arange(40) % 2, consent=consent)
    answer = closed.recommend_events(["P001"], 5, customer_id="C0003")
    assert answer.offers == []
    assert "has not consented" in answer.short_because


def test_consent_of_a_known_customer_binds(loaded):
    consent = np.zeros((40, 3), dtype=bool)
    artifact = foldable(loaded, consent=consent)
    answer = artifact.recommend_events(["P001"], 3, customer_id="C0001")
    assert answer.offers == []
    assert "has not consented" in answer.short_because


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (["P999"], "product id 'P999' is not among"),
        ([("P001", "steal")], "no action 'steal'; the artifact has view, purchase"),
        ([("P001", -1.0)], "weights of at least 0, got -1"),
        ([("P001", float("nan"))], "weights of at least 0, got nan"),
        ([("P001", float("inf"))], "weights of at most 1,000,000, got inf"),
        ([("P001", 1e300)], "weights of at most 1,000,000, got 1e"),
        ([("P001", 10**5000)], "weights of at most 1,000,000, got a whole number of about 5,001"),
        ([("P001", "x" * 500)], r"no action 'xxx.*\(500 characters\); the artifact has"),
        ([10**5000], "product id 'a whole number of about 5,001 digits' is not among"),
        ("P001", "expected a sequence of product ids"),
    ],
)
def test_events_that_make_no_sense(loaded, events, message):
    with pytest.raises(InputError, match=message):
        foldable(loaded).fold_in(events)


def test_an_artifact_that_cannot_says_so(loaded):
    with pytest.raises(InputError, match="does not say how fresh events become a vector"):
        loaded().fold_in(["P001"])
