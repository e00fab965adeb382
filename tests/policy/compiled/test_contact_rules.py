"""Limits, pauses and campaigns, worked by hand."""

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.compiled import ContactLimit, LeaveOut, OneCampaign, Pause
from recsys.policy.compiled.times import DAY, OPEN_END
from tests.policy.compiled.shop import APP, CALL, EMAIL, NOON, contacts, rules

FIRST = np.array([0])
CAMPAIGNS = {"campaigns": np.array([0, 0, 1, -1]), "campaign_names": ["loan", "card"]}


def test_contact_leaves_the_window_at_the_second_at_which_it_is_as_old_as_it() -> None:
    weekly = rules(
        limits=[ContactLimit(name="two_a_week", at_most=2, seconds=7 * DAY)],
        contacts=contacts((0, NOON - 7 * DAY + 1, EMAIL), (0, NOON, CALL), (0, NOON, APP)),
    )
    assert weekly.touchpoints(FIRST, NOON).tolist() == [[True, False, False]]
    assert weekly.touchpoints(FIRST, NOON + 1).all()
    assert weekly.touchpoints(FIRST, NOON - 1).all()  # what comes later does not count


def test_limit_of_a_touchpoint_counts_and_closes_that_touchpoint_only() -> None:
    daily = rules(
        limits=[ContactLimit(name="one_email", at_most=1, seconds=DAY, touchpoint=EMAIL)],
        contacts=contacts((0, NOON - 1, EMAIL), (1, NOON - 1, CALL)),
    )
    assert daily.touchpoints(np.array([0, 1]), NOON).tolist() == [[True, False, True], [True] * 3]


def test_limit_of_a_campaign_takes_its_offers_away_wherever_they_were_made() -> None:
    thrice = rules(
        **CAMPAIGNS,
        limits=[ContactLimit(name="thrice", at_most=2, seconds=DAY, per_campaign=True)],
        contacts=contacts((0, NOON - 9, APP, 0), (0, NOON - 5, EMAIL, 0), (0, NOON - 5, EMAIL, 1)),
    )
    assert thrice.offers(FIRST, NOON).tolist() == [[False, False, True, True]]
    assert thrice.offers(FIRST, NOON - 6).all()
    assert not thrice.offers(FIRST, NOON - 6, until=NOON)[0, 0]
    assert thrice.touchpoints(FIRST, NOON).all()


def test_pause_after_a_reject_closes_outbound_touchpoints() -> None:
    pause = rules(
        pause=Pause(name="pause", seconds=DAY),
        contacts=contacts((0, NOON, APP, -1, True), (0, NOON + 9, EMAIL)),
    )
    assert pause.touchpoints(FIRST, NOON + DAY - 1).tolist() == [[True, False, False]]
    assert pause.touchpoints(FIRST, NOON + DAY).all()


def test_one_campaign_at_a_time_leaves_its_offers_and_those_without_a_campaign() -> None:
    one = rules(
        **CAMPAIGNS,
        one_campaign=OneCampaign(name="one", seconds=DAY),
        contacts=contacts((0, NOON, EMAIL, 1), (0, NOON + 60, APP, -1), (1, NOON, APP, 0)),
    )
    assert one.offers(np.array([0, 1, 2]), NOON + 60).tolist() == [
        [False, False, True, True], [True, True, False, True], [True] * 4,
    ]  # fmt: skip
    assert one.offers(FIRST, NOON + DAY).all()


def test_after_two_campaigns_at_once_neither_goes_on() -> None:
    one = rules(
        **CAMPAIGNS,
        one_campaign=OneCampaign(name="one", seconds=DAY),
        contacts=contacts((0, NOON, EMAIL, 1), (0, NOON + 60, APP, 0)),
    )
    assert one.offers(FIRST, NOON + 60).tolist() == [[False, False, False, True]]
    assert one.offers(FIRST, NOON + DAY).tolist() == [[True, True, False, True]]


def test_offer_is_back_when_its_time_out_of_the_list_is_over() -> None:
    entries = LeaveOut(
        names=["rejected", "bought"],
        starts=np.array([0, 2, 2, 2]),
        offers=np.array([1, 3]),
        rules=np.array([0, 1], np.int8),
        until=np.array([NOON, OPEN_END]),
    )
    out = rules(leave_out=entries)
    assert out.offers(FIRST, NOON - 1).tolist() == [[True, False, True, False]]
    assert out.offers(FIRST, NOON).tolist() == [[True, True, True, False]]
    assert out.names[out.refusals(0, NOON - 1)[1, APP]] == "rejected"


def test_offer_is_valid_from_its_first_second_to_before_its_end() -> None:
    dated = rules(valid_from=np.full(4, NOON), valid_to=np.array([NOON + 1, *[OPEN_END] * 3]))
    assert dated.offers(FIRST, NOON - 1).tolist() == [[False] * 4]
    assert dated.offers(FIRST, NOON).all()
    assert dated.offers(FIRST, NOON + 1).tolist() == [[False, True, True, True]]


def test_offer_tied_to_a_touchpoint_is_made_there_only() -> None:
    tied = rules(offer_touchpoints=np.array([-1, EMAIL, -1, -1]))
    assert tied.pairs().tolist() == [[True] * 3, [False, True, False], [True] * 3, [True] * 3]
    refusals = tied.refusals(0, NOON)
    assert tied.names[refusals[1, CALL]] == "offer_touchpoint"
    assert (refusals == -1).sum() == 10


def test_unknown_customer_has_only_the_consent_of_unknown_customers() -> None:
    shop = rules()
    assert shop.touchpoints(np.array([-1]), NOON).tolist() == [[True, False, False]]
    assert shop.offers(np.array([-1]), NOON).all()
    assert (shop.send_times(np.array([-1]), NOON)[0, EMAIL] == OPEN_END).all()


def test_send_times_wait_for_a_limit_and_a_booked_contact() -> None:
    daily = ContactLimit(name="daily", at_most=1, seconds=DAY)
    waiting = rules(limits=[daily], contacts=contacts((0, NOON - DAY + 3600, EMAIL)))
    assert (waiting.send_times(FIRST, NOON)[0, EMAIL] - NOON).tolist() == [
        12 * 3600, 18 * 3600, 3600, 6 * 3600,
    ]  # fmt: skip
    booked = waiting.with_contacts(contacts((0, NOON + 3600, EMAIL)))
    assert (booked.send_times(FIRST, NOON)[0, EMAIL] == OPEN_END).all()


def test_contacts_of_decisions_have_the_campaign_of_the_offer_and_merge_in_time() -> None:
    shop = rules(**CAMPAIGNS)
    rows = np.array([1, -1, 0])
    made = shop.contacts_of(rows, np.array([NOON, NOON, NOON]), rows, np.array([2, 0, -1]))
    assert made.customers.tolist() == [0, 1]
    assert made.campaigns.tolist() == [-1, 1]
    stated = shop.contacts_of(
        rows, made.when[[0, 0, 0]], rows, np.array([2, 0, 2]), campaigns=np.array([0, 0, -1])
    )
    assert stated.campaigns.tolist() == [1, 0]
    with pytest.raises(InputError, match=r"contacts\.campaigns"):
        shop.contacts_of(rows, made.when[[0, 0, 0]], rows, rows, campaigns=np.array([0, 0, 2]))
    both = made.merged(contacts((1, NOON - 5, EMAIL, 0), (2, NOON, CALL)))
    assert both.customers.tolist() == [0, 1, 1, 2]
    assert both.when.tolist() == [NOON, NOON - 5, NOON, NOON]
    assert both.campaigns.tolist() == [-1, 0, 1, -1]
