"""Whatever the rules and events: masks, refusals, send times and the scalar check agree."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.arrays import BoolArray
from recsys.policy.compiled import CompiledRules, stored
from recsys.policy.compiled.times import DAY, OPEN_END
from recsys.policy.compiled.violations import violations
from tests.policy.compiled.random_rules import (
    CUSTOMERS,
    OFFERS,
    STEP,
    TOUCHPOINTS,
    random_contacts,
    random_moment,
    random_rules,
)

ROWS = np.arange(-1, CUSTOMERS)
seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int) -> tuple[CompiledRules, int, np.random.Generator]:
    random = np.random.default_rng(seed)
    at = random_moment(random)
    return random_rules(random, at), at, random


def triples(rules: CompiledRules, at: int) -> BoolArray:
    """[B, O, T] by the masks."""
    per_pair = rules.offers(ROWS, at)[:, :, None] & rules.touchpoints(ROWS, at)[:, None, :]
    return np.asarray(per_pair & rules.pairs())


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_masks_allow_what_the_scalar_check_finds_no_fault_with(seed: int) -> None:
    rules, at, _ = drawn(seed)
    allowed = triples(rules, at)
    for b, row in enumerate(ROWS.tolist()):
        refusals = rules.refusals(row, at)
        np.testing.assert_array_equal(refusals == -1, allowed[b])
        for offer, touchpoint in np.ndindex(OFFERS, TOUCHPOINTS):
            if (offer + touchpoint + seed) % 3:  # a third of the pairs is plenty
                continue
            counts = violations(
                rules, *(np.array([value]) for value in (row, offer, touchpoint, at))
            )
            broken = [name for name in rules.names if counts[name]]
            first = refusals[offer, touchpoint]
            assert (rules.names[first] if first >= 0 else None) == (broken or [None])[0]


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_a_moment_for_each_row_is_that_moment_for_each_row_alone(seed: int) -> None:
    rules, at, random = drawn(seed)
    moments = at + random.integers(-50, 50, len(ROWS)) * STEP
    offers, touchpoints = rules.offers(ROWS, moments), rules.touchpoints(ROWS, moments)
    for b, moment in enumerate(moments.tolist()):
        np.testing.assert_array_equal(offers[b], rules.offers(ROWS[b : b + 1], moment)[0])
        np.testing.assert_array_equal(touchpoints[b], rules.touchpoints(ROWS[b : b + 1], moment)[0])


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_send_times_are_the_first_permitted_moments_of_the_parts_of_the_own_day(seed: int) -> None:
    rules, start, random = drawn(seed)
    horizon = int(random.choice([DAY, 2 * DAY, 5 * STEP]))
    times = rules.send_times(ROWS, start, horizon)
    expected = np.full((len(ROWS), TOUCHPOINTS, 4), OPEN_END)
    for moment in range(start + horizon - STEP, start - 1, -STEP):
        permitted = rules.touchpoints(ROWS, moment)
        for b, row in enumerate(ROWS.tolist()):
            zone = rules.zones.customers[row] if row >= 0 else -1
            name = rules.zones.names[zone if zone >= 0 else rules.zones.unknown]
            part = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(name)).hour // 6
            expected[b, permitted[b], part] = moment
    np.testing.assert_array_equal(times, expected)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_send_times_leave_room_for_contacts_that_are_booked(seed: int) -> None:
    rules, start, random = drawn(seed)
    rules = rules.with_contacts(random_contacts(random, start, 12, after=DAY))
    times = rules.send_times(ROWS, start)
    for b, t, part in np.argwhere(times < OPEN_END).tolist():
        moment = int(times[b, t, part])
        assert start <= moment < start + DAY
        assert rules.touchpoints(ROWS[b : b + 1], moment)[0, t]


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_offers_until_a_moment_are_allowed_all_the_way(seed: int) -> None:
    rules, at, random = drawn(seed)
    rules = rules.with_contacts(random_contacts(random, at, 12, after=20 * STEP))
    until = at + int(random.integers(0, 20)) * STEP
    through = rules.offers(ROWS, at, until)
    for moment in range(at, until + 1, STEP):
        assert not (through & ~rules.offers(ROWS, moment)).any()


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_decisions_by_masks_break_no_rule_as_they_follow_each_other(seed: int) -> None:
    rules, at, random = drawn(seed)
    start, made = rules, []
    for _ in range(25):
        at += int(random.integers(0, 24)) * STEP
        b, offer, touchpoint = (
            random.integers(len(ROWS)),
            random.integers(OFFERS),
            random.integers(TOUCHPOINTS),
        )
        permitted = np.argwhere(triples(rules, at))
        if not len(permitted):
            continue
        b, offer, touchpoint = permitted[random.integers(len(permitted))]
        made.append((ROWS[b], offer, touchpoint, at, bool(random.random() < 0.3)))
        *columns, rejected = (np.array(column) for column in zip(*made, strict=True))
        customers, offers, touchpoints, when = columns
        now = start.contacts_of(customers, when, touchpoints, offers, rejected)
        rules = start.with_contacts(start.contacts.merged(now))
    if made:
        assert not any(violations(start, *columns, rejected=rejected).values())


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_rules_come_back_from_arrays_and_json_as_they_went(seed: int) -> None:
    rules, at, _ = drawn(seed)
    text = json.loads(json.dumps(stored.text(rules)))
    again = stored.restored(text, stored.arrays(rules))
    assert again.names == rules.names
    np.testing.assert_array_equal(triples(again, at), triples(rules, at))
    np.testing.assert_array_equal(again.send_times(ROWS, at), rules.send_times(ROWS, at))
