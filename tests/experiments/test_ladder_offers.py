"""Contacts, offers and why they failed, on a handful of rows whose answer can be counted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.evaluation.attribution.journeys import Journeys
from recsys.reports.ladder.failures import (
    ELSEWHERE,
    HAD,
    JUDGED_FROM,
    NONE,
    OTHER_TIME,
    TOO_OFTEN,
    UNLOVED,
    failure_table,
    traits,
)
from recsys.reports.ladder.ladder import rows
from recsys.reports.ladder.offers import EVERY, VARIANT, PastOffers, answers, offers_made
from recsys.reports.ladder.touchpoints import (
    DECAY,
    LAST,
    REMOVAL,
    contacts,
    credit_table,
    unattributed,
)

EVENTS = [
    ("ann", "milk", "app", "view", "2026-01-01 09:00"),
    ("ann", "milk", "app", "click", "2026-01-01 09:10"),
    ("ann", "milk", "web", "view", "2026-01-02 09:00"),
    ("ann", "milk", "store", "purchase", "2026-01-03 12:00"),
    ("bob", "tea", "mail", "accept", "2026-01-05 20:00"),
    ("bob", "tea", "store", "purchase", "2026-03-05 20:00"),
    ("cleo", "tea", "app", "view", "2026-01-05 20:00"),
]
OFFERS = {"offer_id": ["o1", "o2", "o2"], "product_id": ["milk", "tea", "jam"],
          "variant": ["plain", "urgent", "urgent"]}  # fmt: skip
DECISIONS = [
    ("ann", "o1", "app", "2026-01-02 10:00", "ignore"),
    ("ann", "o1", "app", "2026-01-04 10:00", "reject"),
    ("ann", "o2", "mail", "2026-01-12 21:00", "ignore"),
    ("bob", "o2", "mail", "2026-01-05 20:00", "accept"),
]


def shop(
    decisions: list[tuple[str, ...]] = DECISIONS, offers: dict[str, Any] | None = OFFERS
) -> Dataset:
    events = pd.DataFrame(
        EVENTS, columns=["customer_id", "product_id", "touchpoint", "action", "timestamp"]
    )
    made = pd.DataFrame(
        decisions, columns=["customer_id", "offer_id", "touchpoint", "timestamp", "outcome"]
    )
    made["decision_id"], made["policy"] = range(len(made)), "old"
    side = {"decisions": made} | ({"offers": offers} if offers else {})
    for table in (events, made):
        table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True)
    return dataset_of(events, side, targets=("accept", "purchase"))


def journeys_of(past: Dataset) -> Journeys:
    visits = contacts(past)
    assert visits is not None
    return visits


def made_in(past: Dataset) -> PastOffers:
    made = offers_made(past)
    assert made is not None
    return made


def reasons(past: Dataset) -> dict[str, list[float | None]]:
    """Reason -> what is known of each offer, in the order of the decisions."""
    return {
        name: [None if np.isnan(value) else value for value in values]
        for name, values in traits(past, made_in(past)).items()
    }


def test_credit_by_hand() -> None:
    past = shop()
    visits = journeys_of(past)
    # Ann's two contacts at app are one visit; bob's acceptance is its own contact; his purchase
    # came two months after it, and cleo took nothing.
    assert visits.converted.sum() == 3
    assert len(visits.channels) == 4
    alone = unattributed(visits)
    assert alone.mean == pytest.approx(1 / 3)
    assert alone.customers == 2
    table = credit_table(past, visits)
    last = {row["touchpoint"]: row["share"] for row in rows(table, method=LAST)}
    assert last == {"mail": 0.5, "web": 0.5, "app": 0.0}
    decay = {row["touchpoint"]: row["share"] for row in rows(table, method=DECAY)}
    # Ages in hours: 27 at web, 50 5/6 at app.
    weights = np.exp2(-np.array([27, 50 + 5 / 6]) / 168)
    assert decay["app"] == pytest.approx(weights[1] / weights.sum() / 2)
    # From the start: app 2/3, mail 1/3; app to web or to nothing. P = 2/3; without app or web 1/3,
    # without mail 1/3: three equal effects.
    missing = {row["touchpoint"]: row["share"] for row in rows(table, method=REMOVAL)}
    assert missing == pytest.approx(dict.fromkeys(("app", "web", "mail"), 1 / 3))
    visits = {row["touchpoint"]: row["contacts"] for row in rows(table, method=LAST)}
    assert visits == {"app": 2, "web": 1, "mail": 1}


def test_where_it_was_bought_has_earned_nothing_by_that() -> None:
    past = shop()
    assert "store" not in set(credit_table(past, journeys_of(past))["touchpoint"])


def test_on_an_order_there_is_no_look_back_and_no_decay() -> None:
    past = shop()
    when = np.arange(len(past.interactions))
    ordered = replace(past, clock="order", interactions=replace(past.interactions, when=when))
    visits = journeys_of(ordered)
    assert set(credit_table(ordered, visits)["method"]) == {LAST, REMOVAL}
    assert offers_made(ordered) is None


def test_without_order_contacts_or_decisions_there_is_nothing_to_say() -> None:
    past = shop()
    assert contacts(replace(past, interactions=replace(past.interactions, when=None))) is None
    assert contacts(replace(past, targets=("cart",))) is None
    nowhere = np.full(len(past.interactions), -1)
    assert (
        contacts(replace(past, interactions=replace(past.interactions, touchpoints=nowhere)))
        is None
    )
    assert offers_made(replace(past, side_tables={})) is None
    assert offers_made(past.select(np.ones(len(EVENTS), bool), as_of=0)) is None


def test_answers_by_hand() -> None:
    past = shop()
    table = answers(past, made_in(past))
    (accepted,) = rows(table, kind=EVERY, answer="accept")
    assert (accepted["mean"], accepted["offers"], accepted["customers"]) == (0.25, 4, 2)
    at_mail = {row["answer"]: row["mean"] for row in rows(table, kind="touchpoint", name="mail")}
    assert at_mail == {"accept": 0.5, "reject": 0, "ignore": 0.5}
    plain = {row["answer"]: row["mean"] for row in rows(table, kind=VARIANT, name="plain")}
    assert plain == {"accept": 0, "reject": 0.5, "ignore": 0.5}


def test_without_an_offers_table_each_product_is_its_own_offer() -> None:
    made = made_in(shop([("ann", "milk", "app", "2026-01-04", "reject")], offers=None))
    assert made.covers[made.offers].nnz == 1
    assert made.variant_names == []
    unknown = shop([("ann", "fax", "app", "2026-01-04", "reject")], offers=None)
    assert reasons(unknown)[HAD] == [None]
    assert reasons(unknown)[UNLOVED] == [None]


def test_reasons_by_hand() -> None:
    values = reasons(shop())
    # Ann bought milk on the third; of o2, tea or jam, she had neither. Bob's tea is this offer.
    assert values[HAD] == [0, 1, 0, 0]
    # Three events of her own, two at app: mail is elsewhere. Nothing is known of bob.
    assert values[ELSEWHERE] == [0, 0, 1, None]
    # She viewed and clicked in the morning, and was shown o2 in the evening.
    assert values[OTHER_TIME] == [0, 0, 1, None]
    # The second within a week of the first, the third more than a week after the second.
    assert values[TOO_OFTEN] == [0, 1, 0, 0]
    assert values[UNLOVED] == [None] * 4
    assert values[NONE] == [1, 0, 0, 1]


def crowd(milk: str, tea: str, ann: str) -> list[tuple[str, ...]]:
    """Ann and enough others are offered milk and tea at app."""
    others = [f"c{number}" for number in range(2 * JUDGED_FROM)]
    return [
        *((other, "o1", "app", "2026-01-04", milk) for other in others[::2]),
        *((other, "o2", "app", "2026-01-04", tea) for other in others[1::2]),
        ("ann", "o1", "app", "2026-01-04", ann),
    ]


@pytest.mark.parametrize("ann", ["accept", "ignore"])
def test_a_product_is_unloved_by_what_others_say(ann: str) -> None:
    unloved = reasons(shop(crowd("ignore", "accept", ann)))[UNLOVED]
    assert unloved[-1] == 1
    # For the others ann's answer makes up for their own; of tea one too few is left.
    assert unloved[:JUDGED_FROM] == [1] * JUDGED_FROM
    assert set(unloved[JUDGED_FROM:-1]) == {None}
    assert reasons(shop(crowd("accept", "accept", ann)))[UNLOVED][-1] == 0


def test_the_table_of_failures_counts_what_the_traits_say() -> None:
    table = failure_table(shop(), made_in(shop()))
    (ignored,), (rejected,) = (rows(table, reason=name) for name in ("ignore", "reject"))
    assert (ignored["share"], rejected["share"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert pd.isna(ignored["with"])
    (often,) = rows(table, reason=TOO_OFTEN)
    assert often["share"] == pytest.approx(1 / 3)
    assert (often["with"], often["without"]) == (0, pytest.approx(1 / 3))
    assert often["difference"] == pytest.approx(-1 / 3)
    assert (often["offers"], often["known"]) == (1, 4)
    (elsewhere,) = rows(table, reason=ELSEWHERE)
    assert (elsewhere["offers"], elsewhere["known"]) == (1, 3)
    (unloved,) = rows(table, reason=UNLOVED)
    assert unloved["known"] == 0
    assert pd.isna(unloved["share"])


def test_the_clock_of_the_customer_counts() -> None:
    # Ann acts at nine; in Tokyo that is 18:00, and 14:00 is 23:00: both are evening there.
    past = shop([("ann", "o2", "app", "2026-01-12 14:00", "ignore")])
    zone = pd.DataFrame({"customer_id": ["ann"], "time_zone": ["Asia/Tokyo"]})
    tokyo = replace(past, side_tables={**past.side_tables, "customers": zone})
    assert reasons(past)[OTHER_TIME] == [1]
    assert reasons(tokyo)[OTHER_TIME] == [0]
