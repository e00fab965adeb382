"""Fresh events folded in as the model itself would have."""

import numpy as np
import pytest
from artifact_contents import contents

from recsys.errors import InputError
from recsys.serve import fold_in

PLAIN = {"consent": None, "product_valid_from": None, "product_valid_to": None}
RULE = np.array([1, 0.5, 0], np.float32)


def foldable(loaded, **changes):
    given = contents()
    degrees = np.full(40, 4, np.float32)
    rule = {
        "fold_in_rule": RULE, "fold_in_actions": np.array([1, 3], np.float32),
        "fold_in_scale": np.full(30, 2, np.float32), "fold_in_rest": np.zeros(0, np.float32),
        "fold_in_degrees": degrees, "fold_in_gram": np.eye(5, dtype=np.float32),
        "event_weights": 1 + np.abs(given.event_weights),
    }  # fmt: skip
    return loaded(**(rule | PLAIN | changes))


def test_an_unseen_customer_by_hand(loaded):
    artifact = foldable(loaded)
    given = artifact.contents
    rows = [artifact.products.rows_of(one)[0] for one in ("P001", "P002")]
    # A purchase counts 3 and a plain event 1: weights 1 + 2 * 3 / sqrt(4) and 1 + 2 * 1 / sqrt(4).
    wanted = fold_in.customer_vector(
        np.array([4, 2]), given.fold_in_products[rows], given.fold_in_gram
    )
    found = artifact.fold_in([("P001", "purchase"), "P002"])
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(artifact.fold_in([("P001", 3.0), "P002"]), wanted, rtol=1e-5)
    np.testing.assert_allclose(artifact.fold_in([]), np.zeros(5), atol=1e-6)


def test_a_known_customer_without_fresh_events_keeps_its_vector(loaded):
    plain = dict.fromkeys(["fold_in_degrees", "fold_in_scale", "fold_in_gram"])
    rule, weights = np.zeros(3, np.float32), contents().event_weights
    artifact = foldable(loaded, **plain, fold_in_rule=rule, event_weights=weights)
    for row, customer in enumerate(artifact.contents.customer_ids):
        found = artifact.fold_in([], customer)
        np.testing.assert_allclose(found, artifact.contents.customers[row], rtol=1e-3, atol=1e-4)


def test_offers_follow_the_vector_and_the_rules(loaded):
    artifact = foldable(loaded)
    events = [("P001", "purchase"), "P002"]
    answer = artifact.recommend_events(events, 30, exclude=["P003"])
    assert len(answer.products) == 27
    assert not {"P001", "P002", "P003"} & set(answer.products)
    assert "already had: 2" in answer.short_because
    scores = artifact.contents.products @ artifact.fold_in(events)
    rows = [artifact.products.rows_of(one)[0] for one in answer.products]
    np.testing.assert_allclose(answer.scores, scores[rows], rtol=1e-5)
    assert answer.scores == sorted(answer.scores, reverse=True)


def test_consent_of_a_known_customer_binds(loaded):
    consent = np.zeros((40, 3), dtype=bool)
    artifact = foldable(loaded, consent=consent)
    answer = artifact.recommend_events(["P001"], 3, customer_id="C0001")
    assert answer.products == []
    assert "has not consented" in answer.short_because


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (["P999"], "product id 'P999' is not among"),
        ([("P001", "steal")], "no action 'steal'; the artifact has view, purchase"),
        ([("P001", -1.0)], "weights of at least 0, got -1"),
        ("P001", "expected a sequence of product ids"),
    ],
)
def test_events_that_make_no_sense(loaded, events, message):
    with pytest.raises(InputError, match=message):
        foldable(loaded).fold_in(events)


def test_an_artifact_that_cannot_says_so(loaded):
    with pytest.raises(InputError, match="does not say how fresh events become a vector"):
        loaded().fold_in(["P001"])
