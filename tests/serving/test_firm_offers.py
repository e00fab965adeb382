"""Offers of several products, by hand: where and when each may be made, and in which order.

Products are the unit vectors times 4, 2 and 1, the customer likes all three equally: an offer's
score is the mean of the scores of its products.
"""

from dataclasses import replace

import numpy as np
import pytest
from artifact_contents import AS_OF, DAY, from_fields

from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving import Artifact, Contents, OfferTable, load, write

#         offer     products  touchpoint  valid from, to, in days from the cut-off
OFFERS = [
    ("solo", [0], -1, None, None),  # 4
    ("pair", [0, 1], -1, None, None),  # (4 + 2) / 2 = 3
    ("trio", [2, 0, 1], -1, None, None),  # 7/3
    ("mail", [1], 1, None, None),  # 2, by e-mail alone
    ("soon", [0], -1, 5, None),  # 4, from the fifth day on
    ("over", [0], -1, -9, 0),  # ended with the cut-off
    ("last", [2], 0, -9, 9),  # 1, in the app
]


def seconds(day: int | None, open_end: int) -> int:
    return open_end if day is None else AS_OF + day * DAY


def table(**changes: object) -> OfferTable:
    lists = [offer[1] for offer in OFFERS]
    fields = {
        "ids": np.array([offer[0] for offer in OFFERS]),
        "starts": np.cumsum([0, *map(len, lists)]),
        "products": np.concatenate(lists),
        "touchpoints": np.array([offer[2] for offer in OFFERS]),
        "variants": ["plain", None, None, "urgent", None, None, None],
        "valid_from": np.array([seconds(offer[3], OPEN_START) for offer in OFFERS]),
        "valid_to": np.array([seconds(offer[4], OPEN_END) for offer in OFFERS]),
    }
    return OfferTable(**(fields | changes))


def shop(**changes: object) -> Contents:
    fields = {
        "customers": np.ones((2, 3), np.float32),
        "products": np.diag([4, 2, 1]).astype(np.float32),
        "customer_ids": np.array(["ann", "bob"]),
        "product_ids": np.array(["card", "loan", "fund"]),
        "touchpoint_names": ["app", "email"],
        "offers": table(),
        "facts": {"clock": "timestamp", "as_of": AS_OF},
    }
    return from_fields(**(fields | changes))


@pytest.fixture
def opened(tmp_path):
    def through_disk(**changes: object) -> Artifact:
        write(tmp_path / "a", shop(**changes), overwrite=True)
        return load(tmp_path / "a")

    return through_disk


def listed(answer) -> list[tuple[str, float, str | None]]:
    return [(offer.offer_id, round(offer.score, 4), offer.touchpoint) for offer in answer.offers]


EVERYWHERE = [("solo", 4, None), ("pair", 3, None), ("trio", 2.3333, None)]


def test_offers_are_ranked_by_their_products_mean(opened):
    answer = opened().recommend_offers("ann", 10)
    assert listed(answer) == [*EVERYWHERE, ("mail", 2, "email"), ("last", 1, "app")]
    assert answer.offers[2].products == ["fund", "card", "loan"]
    assert [offer.variant for offer in answer.offers] == ["plain", None, None, "urgent", None]
    assert answer.short_because == "5 of 7 offers remain (not valid at 2026-01-01: 2)"
    assert opened().recommend_offers("ann", 2).short_because is None


def test_offers_hold_from_their_start_up_to_their_end(opened):
    artifact = opened()
    for day, wanted in ((-1, "over"), (5, "soon")):
        names = [
            offer[0] for offer in listed(artifact.recommend_offers("ann", 2, at=AS_OF + day * DAY))
        ]
        assert names == ["solo", wanted]  # equal scores: the lower row first
    late = artifact.recommend_offers("ann", 10, at=AS_OF + 9 * DAY)
    assert "last" not in [offer.offer_id for offer in late.offers]


def test_an_offer_tied_to_a_touchpoint_stays_there(opened):
    answer = opened().recommend_offers("ann", 10, touchpoint="app")
    where = [(name, score, "app") for name, score, _ in EVERYWHERE]
    assert listed(answer) == [*where, ("last", 1, "app")]
    assert "for another touchpoint: 1" in answer.short_because


def test_the_touchpoint_is_part_of_the_score(opened):
    # At email 12 on the third product: solo 4, pair (4+2)/2, trio (13 + 4 + 2)/3, mail 2.
    vectors = np.array([[0, 0, 0], [0, 0, 12]], np.float32)
    artifact = opened(touchpoints=vectors)
    answer = artifact.recommend_offers("ann", 4, touchpoint="email")
    assert [name for name, *_ in listed(answer)] == ["trio", "solo", "pair", "mail"]
    assert listed(answer)[0][1] == pytest.approx(19 / 3, abs=1e-3)
    # Without one asked for, (c + o) . t chooses: 12 x 1 by email against 0 in the app.
    assert listed(artifact.recommend_offers("ann", 1)) == [("solo", 4, "email")]


def test_consent_bounds_offers(opened):
    consent = np.array([[True, False], [False, False]])
    artifact = opened(consent=consent)
    answer = artifact.recommend_offers("ann", 10)
    assert [name for name, *_ in listed(answer)] == ["solo", "pair", "trio", "last"]
    assert "at a touchpoint without consent: 1" in answer.short_because
    nothing = artifact.recommend_offers("bob", 10)
    assert nothing.offers == []
    assert nothing.short_because.startswith("the customer has not consented")


def test_an_offer_goes_with_the_last_of_its_products(opened):
    had = {
        "event_customers": np.array([0, 0]),
        "event_products": np.array([0, 1]),
        "event_weights": np.ones(2, np.float32),
    }
    answer = opened(**had).recommend_offers("ann", 10)
    assert [name for name, *_ in listed(answer)] == ["trio", "last"]
    assert "of products already had or not on offer: 3" in answer.short_because
    names = [name for name, *_ in listed(opened(**had, filter_seen=False).recommend_offers("ann"))]
    assert names[:2] == ["solo", "pair"]
    closed = {"product_valid_to": np.array([AS_OF, AS_OF, OPEN_END])}
    names = [name for name, *_ in listed(opened(**closed).recommend_offers("ann"))]
    assert names == ["trio", "last"]


def test_of_an_id_with_several_lines_the_best_stands(opened):
    ids = np.array(["solo", "solo", "trio", "trio", "soon", "over", "last"])
    answer = opened(offers=table(ids=ids)).recommend_offers("ann", 10)
    assert listed(answer) == [("solo", 4, None), ("trio", 2.3333, None), ("last", 1, "app")]


def test_without_offers_each_product_is_its_own(opened):
    artifact = opened(offers=None)
    answer, products = artifact.recommend_offers("ann", 5), artifact.recommend("ann", 5)
    assert [offer.offer_id for offer in answer.offers] == ["card", "loan", "fund"]
    assert [offer.products for offer in answer.offers] == [["card"], ["loan"], ["fund"]]
    assert [offer.score for offer in answer.offers] == [offer.score for offer in products.offers]
    assert answer.short_because == products.short_because


def test_offers_are_loaded_as_they_were_written(opened):
    stored, wanted = opened().contents.offers, table()
    assert stored.ids.tolist() == wanted.ids.tolist()
    assert stored.variants == wanted.variants
    for name in ("starts", "products", "touchpoints", "valid_from", "valid_to"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(wanted, name))
    numbered = opened(offers=table(ids=np.arange(7)[::-1], variants=None)).contents.offers
    assert numbered.ids.tolist() == [6, 5, 4, 3, 2, 1, 0]
    assert numbered.variants is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"products": np.full(10, 3)}, "offers.products: expected 0 to 2, got 3 to 3"),
        ({"touchpoints": np.full(7, 2)}, "offers.touchpoints: expected -1 to 1"),
        ({"starts": np.array([0, 0, 1, 2, 3, 4, 5, 10])}, "each offer is of at least one product"),
        (
            {"starts": np.array([0, 1, 3, 6, 7, 8, 9, 9])},
            "offers.starts: expected 0 to 10, ascending",
        ),
        ({"valid_to": np.zeros(6, np.int64)}, "offers.valid_to: expected integers"),
        ({"variants": ["one"]}, "offers.variants: expected 7 texts, got 1"),
    ],
)
def test_a_table_that_does_not_fit_is_named(changes, message):
    with pytest.raises(InputError, match=message):
        replace(shop(), offers=table(**changes))
