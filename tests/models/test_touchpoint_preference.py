from fractions import Fraction
from math import log

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.models.base import Embeddings
from recsys.models.touchpoint_preference import with_touchpoints

TABLE = {
    "customer_id": ["ann", "ann", "ann", "bob", "bob", "bob"],
    "product_id": ["x", "x", "y", "y", None, "y"],
    "touchpoint": ["app", "app", "app", "web", "web", None],
    "action": ["purchase", "view", "click", "purchase", "view", "purchase"],
}
DATA = dataset_of(TABLE)
ANN, BOB = DATA.customers.row("ann"), DATA.customers.row("bob")
X, Y = DATA.products.row("x"), DATA.products.row("y")
APP, WEB = DATA.touchpoints.row("app"), DATA.touchpoints.row("web")


def plain() -> Embeddings:
    generator = np.random.default_rng(0)
    return Embeddings(
        customers=generator.standard_normal((2, 3)).astype(np.float32),
        products=generator.standard_normal((2, 3)).astype(np.float32),
    )


def test_by_hand() -> None:
    embeddings = with_touchpoints(plain(), DATA, prior=2)
    assert embeddings.touchpoints is not None
    # Five events at a known touchpoint, app 3 and web 2, each with one more: shares 4/7 and 3/7.
    share = {APP: Fraction(4, 7), WEB: Fraction(3, 7)}
    by_customer = embeddings.customers @ embeddings.touchpoints.T
    for customer, seen in ((ANN, {APP: 3, WEB: 0}), (BOB, {APP: 0, WEB: 2})):
        for touchpoint, count in seen.items():
            wanted = log((count + 2 * share[touchpoint]) / (sum(seen.values()) + 2))
            assert by_customer[customer, touchpoint] == pytest.approx(wanted, rel=1e-5)
    by_product = embeddings.products @ embeddings.touchpoints.T
    for product, seen in ((X, {APP: 2, WEB: 0}), (Y, {APP: 1, WEB: 1})):
        for touchpoint, count in seen.items():
            wanted = log(
                (count + 2 * share[touchpoint]) / (sum(seen.values()) + 2) / share[touchpoint]
            )
            assert by_product[product, touchpoint] == pytest.approx(wanted, abs=1e-5)


def test_the_ranking_of_products_stays_as_it_was() -> None:
    before = plain()
    after = with_touchpoints(before, DATA)
    np.testing.assert_allclose(
        after.customers @ after.products.T, before.customers @ before.products.T, rtol=1e-6
    )
    assert after.customers.shape == after.products.shape == (2, 3 + 2 * 2)
    assert after.customers.dtype == after.products.dtype == np.float32
    assert after.touchpoints is not None
    assert after.touchpoints.dtype == np.float32


def test_who_only_uses_the_app_is_offered_the_app() -> None:
    embeddings = with_touchpoints(plain(), DATA)
    assert embeddings.touchpoints is not None
    for product in (X, Y):
        scores = embeddings.touchpoints @ (embeddings.customers[ANN] + embeddings.products[product])
        assert scores.argmax() == APP
    scores = embeddings.touchpoints @ (embeddings.customers[BOB] + embeddings.products[Y])
    assert scores.argmax() == WEB


def test_refusals_and_calls_say_nothing() -> None:
    actions = ["purchase", "view", "click", "reject", "ignore", "contact"]
    data = dataset_of({**TABLE, "touchpoint": ["app"] * 3 + ["web"] * 3, "action": actions})
    embeddings = with_touchpoints(plain(), data)
    assert embeddings.touchpoints is not None
    bob = embeddings.touchpoints @ embeddings.customers[data.customers.row("bob")]
    # Nothing positive is known of bob, so he gets the shares of all: 4/5 and 1/5.
    np.testing.assert_allclose(np.exp(bob), [0.8, 0.2], rtol=1e-5)


def test_without_touchpoints_or_with_vectors_of_them_nothing_changes() -> None:
    before = plain()
    nowhere = dataset_of({"customer_id": ["ann", "bob"], "product_id": ["x", "y"]})
    assert with_touchpoints(before, nowhere) is before
    known = with_touchpoints(before, DATA)
    assert with_touchpoints(known, DATA) is known
