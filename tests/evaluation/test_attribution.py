"""Journeys and credit: worked by hand, against brute force, and whatever the events are."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.evaluation.attribution.attribution import Attribution
from recsys.evaluation.attribution.credit import last_touch, time_decay
from recsys.evaluation.attribution.journeys import Journeys, journeys
from recsys.evaluation.attribution.removal_effect import removal_effect

A, B, C = 0, 1, 2
BUYS = -1

METHODS = {
    "last_touch": last_touch,
    "time_decay": lambda result: time_decay(result, 2.0),
    "removal_effect": removal_effect,
}


def walked(*paths: Sequence[int], width: int = 3, **options: int) -> Journeys:
    """One customer a path, one step a unit of time; BUYS is the conversion."""
    steps = [(row, step, when) for row, path in enumerate(paths) for when, step in enumerate(path)]
    customers, channels, when = np.array(steps, int).reshape(-1, 3).T
    return journeys(customers, channels, when, channels == BUYS, width=width, **options)


def exact(attribution: Attribution) -> list[Fraction]:
    return [Fraction(share).limit_denominator(1000) for share in attribution.shares]


def test_three_journeys_by_hand() -> None:
    result = walked([A, BUYS], [A, B, BUYS], [B], width=2)
    # Two conversions, ended by A and by B.
    assert exact(last_touch(result)) == [Fraction(1, 2), Fraction(1, 2)]
    # A alone, and A one half-life before B: (1 + 1/3) / 2 and (2/3) / 2.
    assert exact(time_decay(result, 1)) == [Fraction(2, 3), Fraction(1, 3)]
    # Start to A 2/3, to B 1/3; A to a purchase 1/2, to B 1/2; B to a purchase 1/2, to nothing 1/2.
    # P = 2/3 (1/2 + 1/4) + 1/3 1/2 = 2/3; without A 1/6, without B 1/3: effects 3/4 and 1/2.
    assert exact(removal_effect(result)) == [Fraction(3, 5), Fraction(2, 5)]


def test_a_loop_by_hand() -> None:
    # A to A 1/2, to a purchase 1/4, to B 1/4; B to a purchase 1. Nobody is lost: P = 1.
    # Without B those who come to it are lost: 1 - P(B) = 1 - 1/2. Effects 1 and 1/2.
    result = walked([A, A, BUYS], [A, A, B, BUYS], width=2)
    assert exact(removal_effect(result)) == [Fraction(2, 3), Fraction(1, 3)]


def test_a_journey_ends_with_a_conversion_and_the_next_begins() -> None:
    result = walked([A, BUYS, B, C, BUYS, A])
    assert result.converted.tolist() == [True, True, False]
    assert result.owner.tolist() == [0, 1, 1, 2]
    assert result.channels.tolist() == [A, B, C, A]
    assert result.ages.tolist() == [1, 2, 1, 0]


def test_what_is_taken_at_one_moment_is_one_conversion_and_its_channel_the_last_contact() -> None:
    # A basket of two at B, at the moment at which A is recorded too, whatever the order.
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        channels, when = np.array([C, B, B, A])[order], np.array([0, 5, 5, 5])[order]
        converts = np.array([False, True, True, False])[order]
        result = journeys(np.zeros(4, int), channels, when, converts, width=3)
        assert result.converted.tolist() == [True]
        assert sorted(result.channels) == [A, B, C]


def test_contacts_before_the_look_back_are_a_journey_that_led_nowhere() -> None:
    path = [A, A, B, BUYS, BUYS]
    result = walked(path, look_back=2)
    assert result.channels.tolist() == [A, B, A]
    assert result.converted.tolist() == [True, True, False]
    assert result.contacts.tolist() == [2, 0, 1]
    # Those of different customers, or before different conversions, are journeys of their own.
    late = walked([A, BUYS, A, BUYS], [A, BUYS], look_back=0)
    assert late.contacts.tolist() == [0, 0, 0, 1, 1, 1]
    assert late.customers.tolist() == [0, 0, 1, 0, 0, 1]


def test_contacts_in_a_row_at_one_channel_are_one_visit() -> None:
    result = walked([A, A, B, A, A, A, BUYS], pause=1)
    assert result.channels.tolist() == [A, B, A]
    assert result.ages.tolist() == [5, 4, 1]
    assert walked([A, A, BUYS], pause=0).channels.tolist() == [A, A]
    # Of different customers they are never one.
    assert walked([A, BUYS], [A, BUYS], pause=9).channels.tolist() == [A, A]


def test_conversions_without_a_contact_are_unattributed() -> None:
    result = walked([BUYS], [A, BUYS], [BUYS, B])
    assert result.unattributed.tolist() == [1, 0, 1]
    for method in METHODS.values():
        assert method(result).shares.tolist() == [1, 0, 0]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_without_a_conversion_there_is_nothing_to_share(method) -> None:
    for result in (walked([A, B], [C]), walked([BUYS]), walked([])):
        attribution = method(result)
        assert np.isnan(attribution.shares).all()
        for interval in attribution.intervals(resamples=20):
            assert np.isnan([interval.mean, interval.low, interval.high]).all()


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_one_channel_has_it_all(method) -> None:
    attribution = method(walked([A, A, BUYS], [A], width=1))
    assert attribution.shares == pytest.approx([1])
    (interval,) = attribution.intervals(resamples=50)
    # A resample of the one who did not buy says nothing, and is left out.
    assert (interval.low, interval.high) == pytest.approx((1, 1))


def test_old_journeys_are_shared_as_new_ones() -> None:
    """Else the weights of contacts a thousand half-lives ago would all be 0."""
    old = journeys(
        np.zeros(3, int), np.array([A, B, BUYS]), np.array([0, 1, 5000]),
        np.array([False, False, True]), width=2,
    )  # fmt: skip
    assert exact(time_decay(old, 1)) == [Fraction(1, 3), Fraction(2, 3)]


paths = st.lists(st.lists(st.integers(-1, 2), max_size=7), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(paths, st.sampled_from(list(METHODS)), st.permutations([0, 1, 2]))
def test_shares_whatever_the_journeys(taken, name, order) -> None:
    method = METHODS[name]
    shares = method(walked(*taken)).shares
    contacts = walked(*taken)
    if not (contacts.converted & (contacts.contacts > 0)).any():
        assert np.isnan(shares).all()
        return
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()
    # A channel that nobody uses changes nothing.
    wider = method(walked(*taken, width=5)).shares
    np.testing.assert_allclose(wider, [*shares, 0, 0], atol=1e-12)
    # Another numbering of the channels is the same shares under other numbers.
    renamed = [[step if step == BUYS else order[step] for step in path] for path in taken]
    np.testing.assert_allclose(method(walked(*renamed)).shares[list(order)], shares, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(paths)
def test_the_removal_effect_is_that_of_the_chain_without_the_channel(taken) -> None:
    """The chain by walking it a thousand steps, each channel taken out in its turn."""
    result = walked(*taken)
    steps = np.zeros((4, 5))
    for journey in np.unique(result.owner):
        path = result.channels[result.owner == journey].tolist()
        states = [3, *path, 3 if result.converted[journey] else 4]
        for source, target in pairwise(states):
            steps[source, target] += 1
    chances = steps / np.maximum(steps.sum(axis=1, keepdims=True), 1)

    def reached(lost: int | None) -> float:
        here, bought = np.eye(4)[3], 0.0
        for _ in range(1000):
            there = here @ chances
            bought += there[3]
            here = np.append(there[:3], 0)
            if lost is not None:
                here[lost] = 0
        return bought

    full = reached(None)
    if full == 0:
        assert np.isnan(removal_effect(result).shares).all()
        return
    effects = np.array([1 - reached(channel) / full for channel in range(3)])
    np.testing.assert_allclose(removal_effect(result).shares, effects / effects.sum(), atol=1e-6)


CHANCES = {A: [0.1, 0.3, 0.1, 0.2, 0.3], B: [0.2, 0, 0.3, 0.4, 0.1], C: [0.1, 0.1, 0.2, 0.1, 0.5]}


def _walk(generator: np.random.Generator) -> list[int]:
    """First-order: where it goes next depends on the last step alone; 9 is the end without."""
    path = [int(generator.integers(0, 3))]
    while path[-1] not in (BUYS, 9):
        path.append(int(generator.choice([A, B, C, BUYS, 9], p=CHANCES[path[-1]])))
    return [step for step in path if step != 9]


def test_the_removal_effect_is_what_is_missing_among_simulated_customers() -> None:
    generator = np.random.default_rng(0)
    walks = [_walk(generator) for _ in range(3000)]
    bought = [set(path) - {BUYS} for path in walks if path[-1] == BUYS]
    missing = np.array([sum(channel in path for path in bought) for channel in (A, B, C)])
    # Once the chain is true, who buys through a channel is who came by it.
    np.testing.assert_allclose(
        removal_effect(walked(*walks)).shares, missing / missing.sum(), atol=0.015
    )


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_intervals_hold_the_share_and_follow_the_customers(method) -> None:
    generator = np.random.default_rng(1)
    kinds = ([A, BUYS], [A, B, BUYS], [B, C], [C, BUYS], [A])
    few = [kinds[kind] for kind in generator.integers(0, len(kinds), 100)]
    result = method(walked(*few)).intervals(resamples=300)
    for interval, share in zip(result, method(walked(*few)).shares, strict=True):
        assert interval.low < share == interval.mean < interval.high
    # A hundred times the customers, a tenth of the width.
    many = method(walked(*few * 100)).intervals(resamples=300)
    narrow = (many[0].high - many[0].low) / (result[0].high - result[0].low)
    assert narrow == pytest.approx(0.1, rel=0.3)
    assert method(walked(*few)).intervals(resamples=300) == result


def test_journeys_of_one_customer_stay_together() -> None:
    """The same person a hundred times over teaches no more than once."""
    people = [[A, BUYS], [B, BUYS], [A, B, BUYS], [B]]
    once = last_touch(walked(*people)).intervals()
    often = last_touch(walked(*[path * 100 for path in people])).intervals()
    assert often[0].customers == once[0].customers == 3
    assert (often[0].low, often[0].high) == pytest.approx((once[0].low, once[0].high))


def test_many_events_take_no_time() -> None:
    generator = np.random.default_rng(2)
    size = 300_000
    channels = generator.integers(-1, 8, size)
    result = journeys(
        generator.integers(0, 20_000, size), channels, generator.integers(0, 10**7, size),
        generator.random(size) < 0.1, width=8, look_back=10**6, pause=1800,
    )  # fmt: skip
    assert result.contacts.sum() == len(result.owner)
    for method in METHODS.values():
        assert method(result).shares.sum() == pytest.approx(1)
