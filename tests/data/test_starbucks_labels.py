from typing import Any

import pandas as pd
import pytest
from public_data import published

from recsys.data.check import check_tables
from recsys.data.sources.starbucks import START, Starbucks, moment
from recsys.data.sources.starbucks_labels import label_sends

OFFERS = pd.DataFrame(
    {
        "product_id": ["long", "short", "news"],
        "offer_type": ["discount", "bogo", "informational"],
        "valid_days": [10.0, 3.0, 4.0],
    }
)
END = (714, "purchase", "eve", None)
"""The last event of the data."""


def labels(*events: tuple[int, str, str, str | None]) -> list[tuple[Any, ...]]:
    """(sent, viewed at, completed at, resolved at) of each send, in hours; None for never."""
    table = pd.DataFrame(events, columns=["hour", "action", "customer_id", "product_id"])
    table["timestamp"] = table.pop("hour").map(moment)
    # The order of rows is not to matter.
    sends = label_sends(table[::-1], OFFERS)
    assert (sends["viewed"] == sends["viewed_at"].notna()).all()
    is_known = sends["completed"].notna()
    assert (is_known == (sends["product_id"] != "news")).all()
    assert (sends["completed"] == sends["completed_at"].notna())[is_known].all()
    names = ["timestamp", "viewed_at", "completed_at", "resolved_at"]
    hours = (sends[names] - START) / pd.Timedelta(hours=1)
    return [tuple(row) for row in hours.astype(object).where(hours.notna(), None).to_numpy()]


def test_a_send_is_viewed_and_completed() -> None:
    viewed = (6, "view", "ann", "long")
    completed = (12, "accept", "ann", "long")
    assert labels((0, "contact", "ann", "long"), viewed, completed, END) == [(0, 6, 12, 138)]


def test_a_completion_needs_no_view_and_may_come_before_it() -> None:
    sent, completed = (0, "contact", "ann", "long"), (6, "accept", "ann", "long")
    assert labels(sent, completed, END) == [(0, None, 6, 138)]
    assert labels(sent, completed, (12, "view", "ann", "long"), END) == [(0, 12, 6, 138)]


def test_answers_in_the_hour_of_the_send_and_before_it() -> None:
    events = [(0, "view", "ann", "long"), (6, "contact", "ann", "long"), (6, "view", "ann", "long")]
    assert labels(*events, END) == [(6, 6, None, 144)]


@pytest.mark.parametrize(
    ("offer", "hour", "counts"),
    [("long", 138, True), ("long", 144, False), ("short", 72, True), ("short", 78, False)],
)
def test_the_window_ends_with_validity_or_after_138_hours(
    offer: str, hour: int, counts: bool
) -> None:
    events = [(0, "contact", "ann", offer), (hour, "accept", "ann", offer), END]
    assert labels(*events)[0][2] == (hour if counts else None)


def test_the_first_answer_counts() -> None:
    twice = [(12, "accept", "ann", "long"), (6, "accept", "ann", "long")]
    assert labels((0, "contact", "ann", "long"), *twice, END) == [(0, None, 6, 138)]


def test_an_answer_belongs_to_the_latest_send() -> None:
    events = [
        (0, "contact", "ann", "long"),
        (66, "view", "ann", "long"),
        (72, "contact", "ann", "long"),
        (72, "accept", "ann", "long"),
        (90, "accept", "ann", "long"),
    ]
    # The first send can change no longer once the second is out.
    assert labels(*events, END) == [(0, 66, None, 72), (72, None, 72, 210)]


def test_a_send_after_the_window_changes_nothing() -> None:
    events = [(0, "contact", "ann", "short"), (168, "contact", "ann", "short")]
    assert labels(*events, (80, "view", "ann", "short"), END) == [
        (0, None, None, 72),
        (168, None, None, 240),
    ]


def test_customers_and_offers_are_kept_apart() -> None:
    sent = [(0, "contact", "ann", "long"), (0, "contact", "bob", "long")]
    other = [(0, "contact", "ann", "short"), (6, "view", "bob", "long")]
    labelled = labels(*sent, *other, (12, "accept", "ann", "short"), END)
    assert set(labelled) == {(0, 6, None, 138), (0, None, 12, 72), (0, None, None, 138)}


def test_an_informational_offer_is_viewed_and_never_completed() -> None:
    events = [(408, "contact", "ann", "news"), (414, "view", "ann", "news")]
    # Its label may still change at hour 504, and so is not known there.
    assert labels(*events, END) == [(408, 414, None, 504)]


def test_a_window_that_the_data_cut_is_never_resolved() -> None:
    sent = [(0, "contact", "ann", "long"), (0, "contact", "bob", "short")]
    seen = (6, "view", "ann", "long")
    short = (0, None, None, 72)
    for end, long in ((132, (0, 6, None, None)), (138, (0, 6, None, 138))):
        assert set(labels(*sent, seen, (end, "purchase", "eve", None))) == {short, long}


@pytest.mark.realdata
def test_sends_of_starbucks_have_labels() -> None:
    tables = check_tables(Starbucks(root=published("starbucks_offers")).load())
    assert tables.products is not None
    sends = label_sends(tables.interactions, tables.products)
    assert len(sends) == 76_277
    assert not sends.duplicated(["customer_id", "timestamp"]).any()
    assert (int(sends["viewed"].sum()), int(sends["completed"].sum())) == (56_228, 30_342)
    assert int(sends["completed"].isna().sum()) == 15_235
    assert sends["resolved_at"].notna().all()
    waves = (504, 576)
    known = [int((sends["resolved_at"] < moment(hour)).sum()) for hour in waves]
    assert known == [39_323, 50_808]
    wave = [sends[sends["timestamp"] == moment(hour)] for hour in waves]
    assert [len(sent) for sent in wave] == [12_704, 12_765]
    assert [int(sent["viewed"].sum()) for sent in wave] == [8_980, 9_732]
    assert [int(sent["completed"].sum()) for sent in wave] == [5_322, 5_365]
