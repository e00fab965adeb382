"""Counts and costs of a funnel: worked by hand, and as brute force has them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled import CompiledRules, GroupRule, QuietHours
from recsys.policy.compiled.masks import by_rule
from recsys.policy.compiled.times import DAY
from recsys.policy.funnel import Count, funnel
from recsys.policy.funnel import counts as counting
from tests.policy.compiled.random_rules import (
    CUSTOMERS,
    OFFERS,
    STEP,
    TOUCHPOINTS,
    random_moment,
    random_rules,
)
from tests.policy.compiled.shop import APP, CALL, EMAIL, NOON, rules

ROWS = np.arange(-1, CUSTOMERS)


def shop() -> CompiledRules:
    """Customer 0 takes no mail, 1 may get offers 0 and 1, 2 none; offer 3 is for the app only."""
    consent = np.ones((3, 3), dtype=bool)
    consent[0, EMAIL] = False
    return rules(
        consent=consent,
        offer_touchpoints=np.array([-1, -1, -1, APP]),
        groups=[
            GroupRule(
                name="adults",
                customers=np.arange(3),
                offers=np.array([0, 0, 1, 1]),
                allowed=np.array([[True, True], [True, False], [False, False]]),
            )
        ],
        quiet_hours=[QuietHours(name="closed", touchpoints=np.arange(3) != CALL, start=0, end=DAY)],
    )


def test_each_rule_is_counted_alone_and_after_those_before_it() -> None:
    counts = funnel(shop(), at=NOON).counts
    assert counts.names == ("consent", "validity", "offer_touchpoint", "adults", "closed")
    assert counts.before == Count(36, 12, 3, 4)
    none = Count(0, 0, 0, 0)
    assert counts.alone == (Count(4, 0, 0, 0), none, Count(6, 0, 0, 0), Count(18, 6, 1, 0),
                            Count(24, 0, 0, 0))  # fmt: skip
    # Tied to the app, offer 3 loses mail and call for three customers, mail of whom 0 had lost.
    assert counts.in_order == (
        Count(4, 0, 0, 0), none, Count(5, 0, 0, 0),
        Count(4 + 10, 2 + 4, 1, 0),  # all of customer 2; offers 2 and 3 of customer 1
        Count(4 + 4, 1, 0, 1),  # app and mail: offer 3 goes with the app
    )  # fmt: skip
    assert counts.left == Count(5, 5, 2, 3)


def test_a_rule_costs_what_the_best_offer_would_be_worth_without_it() -> None:
    worth = np.array([1.0, 2.0, 4.0, 8.0], np.float32)
    costs = funnel(shop(), at=NOON, values=lambda rows: np.tile(worth, (len(rows), 1))).costs
    assert costs is not None
    assert (costs.customers, costs.free.mean, costs.left.mean) == (3, 8.0, 2.0)  # 4, 2 and 0
    means = {name: interval.mean for name, interval in costs.rules.items()}
    assert means == pytest.approx({
        "consent": 0,
        "validity": 0,
        "offer_touchpoint": 4 / 3,  # customer 0 would get offer 3 by call
        "adults": (0 + 2 + 4) / 3,  # offer 2 by call
        "closed": 4 / 3,  # customer 0 would get offer 3 in the app
    })  # fmt: skip


def test_only_the_named_touchpoints_are_looked_at() -> None:
    worth = np.tile(np.array([[1.0], [2], [4], [8]], np.float32), (3, 1, 1)) * [9, 1, 1]
    made = funnel(
        shop(), at=NOON, values=lambda rows: worth[rows], touchpoints={"call": CALL, "mail": EMAIL}
    )
    counts, costs = made.counts, made.costs
    assert made.touchpoints == ("call", "mail")
    assert counts.before == Count(24, 12, 3, 4)
    none = Count(0, 0, 0, 0)
    # Offer 3 is for the app only, so nobody gets it here.
    assert counts.in_order == (
        Count(4, 0, 0, 0), none, Count(5, 3, 0, 1), Count(6 + 2, 3 + 1, 1, 0), Count(2, 0, 0, 0)
    )  # fmt: skip
    assert counts.alone[2:] == (Count(6, 3, 0, 1), Count(12, 6, 1, 0), Count(12, 0, 0, 0))
    assert counts.left == Count(5, 5, 2, 3)
    assert costs is not None
    assert (costs.free.mean, costs.left.mean) == (8.0, 2.0)
    assert costs.rules["closed"].mean == 0
    assert costs.rules["offer_touchpoint"].mean == 4 / 3


def test_an_offer_that_costs_more_than_it_earns_is_worth_nothing() -> None:
    costs = funnel(rules(), at=NOON, values=lambda rows: np.full((len(rows), 4, 3), -1.0)).costs
    assert costs is not None
    assert (costs.free.mean, costs.left.mean) == (0.0, 0.0)


def test_costs_are_of_a_sample_and_the_same_with_the_same_seed() -> None:
    many = rules(customers=300)

    def values(rows: IntArray) -> FloatArray:
        return (rows[:, None] + np.arange(4)).astype(np.float32)

    made = [funnel(many, at=NOON, values=values, sample=50, seed=seed) for seed in (0, 0, 1)]
    first, again, other = (one.costs for one in made)
    assert first is not None
    assert first == again != other
    assert first.customers == first.left.customers == 50
    assert first.left.low < first.left.mean < first.left.high


@pytest.mark.parametrize(
    "values", [np.ones((3, 5)), np.ones((2, 4)), np.full((3, 4), np.nan), np.ones((3, 4, 2))]
)
def test_values_of_another_shape_or_without_a_number_are_refused(values: FloatArray) -> None:
    with pytest.raises(InputError) as error:
        funnel(rules(), at=NOON, values=lambda rows: values)
    assert error.value.key == "values"


def test_no_customers_are_refused() -> None:
    with pytest.raises(InputError) as error:
        funnel(rules(), np.zeros(0, np.int64), at=NOON)
    assert error.value.key == "rows"


def joined(rules: CompiledRules, moments: list[list[BoolArray]], chosen: BoolArray) -> BoolArray:
    """[B, O, S] what these of the rules allow together: offers all the time, touchpoints once."""
    offers = np.ones(moments[0][0].shape, dtype=bool)
    ever = np.zeros_like(offers)
    for masks in moments:
        is_open = np.ones_like(ever)
        for is_chosen, name, mask in zip(chosen, rules.names, masks, strict=True):
            if is_chosen and name in rules.touchpoint_names:
                is_open = is_open & mask
            elif is_chosen:
                offers &= mask
        ever |= is_open
    return np.asarray(offers & ever)


def count_of(mask: BoolArray) -> Count:
    return Count(
        int(mask.sum()),
        int(mask.any(axis=2).sum()),
        int(mask.any(axis=(1, 2)).sum()),
        int(mask.any(axis=(0, 2)).sum()),
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_counts_and_costs_are_those_of_brute_force(seed: int) -> None:
    random = np.random.default_rng(seed)
    at = random_moment(random)
    policy = random_rules(random, at)
    horizon = int(random.choice([1, 7 * STEP, 30 * STEP]))
    places = np.sort(random.permutation(TOUCHPOINTS)[: random.integers(1, TOUCHPOINTS + 1)])
    worth = random.normal(size=(CUSTOMERS + 1, OFFERS, TOUCHPOINTS)).astype(np.float32)
    if random.random() < 0.5:
        worth = worth[:, :, 0]
    made = funnel(
        policy, ROWS, at=at, horizon=horizon, values=lambda rows: worth[rows],
        touchpoints={f"t{row}": int(row) for row in places},
    )  # fmt: skip
    shape = (len(ROWS), OFFERS, TOUCHPOINTS)
    moments = [
        [np.broadcast_to(mask, shape)[..., places] for _, mask in by_rule(policy, ROWS, moment)]
        for moment in range(at, at + horizon, STEP)
    ]
    if worth.ndim == 3:
        worth = worth[..., places]
    each = np.eye(len(policy.names), dtype=bool)
    every = np.ones(len(policy.names), dtype=bool)
    before = count_of(joined(policy, moments, ~every))
    alone = [count_of(joined(policy, moments, one)) for one in each]
    so_far = [count_of(joined(policy, moments, one)) for one in np.tri(len(each), dtype=bool)]
    assert made.counts.before == before
    assert made.counts.alone == tuple(before - count for count in alone)
    ends = [before, *so_far]
    assert made.counts.in_order == tuple(a - b for a, b in pairwise(ends))
    assert made.counts.left == so_far[-1]
    best = [_best(joined(policy, moments, rest), worth[ROWS]) for rest in (every, *~each)]
    assert made.costs is not None
    assert made.costs.left.mean == pytest.approx(best[0])
    means = [made.costs.rules[name].mean for name in policy.names]
    np.testing.assert_allclose(means, np.array(best[1:]) - best[0], atol=1e-6)


def _best(mask: BoolArray, worth: FloatArray) -> float:
    values = worth if worth.ndim == 3 else worth[:, :, None]
    return float(np.where(mask, values, 0).max(axis=(1, 2), initial=0).mean())


def test_tiles_do_not_change_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    at = random_moment(np.random.default_rng(3))
    policy = random_rules(np.random.default_rng(3), at)
    whole = funnel(policy, ROWS, at=at).counts
    monkeypatch.setattr(counting, "_CELLS", 2 * OFFERS)
    assert funnel(policy, ROWS, at=at).counts == whole


def test_twenty_touchpoints_and_odd_numbers_of_offers_are_counted() -> None:
    many = rules(
        customers=2, offers=11,
        consent=np.arange(40).reshape(2, 20) % 7 == 0,
        unknown_consent=np.zeros(20, dtype=bool),
        outbound=np.ones(20, dtype=bool),
        capacity=np.full(20, np.inf),
    )  # fmt: skip
    assert funnel(many, at=NOON).counts.left == Count(6 * 11, 2 * 11, 2, 11)
