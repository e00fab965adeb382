import numpy as np
import pytest

from recsys.experiments.closed_loop.deciding import ACCEPTED, IGNORED, REJECTED, Round, decide
from recsys.experiments.closed_loop.market import Opportunities
from recsys.policy.compiled import CompiledRules, ContactLimit, Contacts, Pause
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.policy.compiled.violations import violations
from recsys.policy.compiled.zones import Zones
from recsys.policy.exploration import Draws, Epsilon

DAY = 86_400
START = 1_760_000_000
WEB, EMAIL = range(2)


def rules_of(consent, **rules):
    """Two touchpoints, of which e-mail is outbound, and three offers that are always valid."""
    customers = len(consent)
    return CompiledRules(
        name="made",
        version="1",
        consent=np.array(consent, bool),
        unknown_consent=np.array([True, False]),
        outbound=np.array([False, True]),
        offer_touchpoints=np.array([-1, -1, WEB], np.int32),
        valid_from=np.full(3, OPEN_START),
        valid_to=np.full(3, OPEN_END),
        campaigns=np.full(3, -1, np.int32),
        zones=Zones.utc(customers),
        contacts=Contacts.none(customers),
        capacity=np.full(2, np.inf),
        **rules,
    )


def round_of(rows, truth=0.0, refusal=0.0):
    """Opportunities of rows (customer, touchpoint, day), in order of time."""
    customers, touchpoints, days = (np.array(part) for part in zip(*rows, strict=True))
    when = START + (days * DAY).astype(np.int64)
    allowed = np.ones((len(rows), 3), bool)
    allowed[touchpoints == EMAIL, 2] = False
    return Round(
        chances=Opportunities(customers=customers, touchpoints=touchpoints, when=when),
        offers=np.arange(3),
        allowed=allowed,
        truth=np.full((len(rows), 3), truth),
        refusal=np.full(len(rows), refusal),
        rewards=np.array([1.0, 2.0, 3.0]),
        draws=Draws.of(seed=0, customers=customers, moments=when),
    )


def decided(rules, now, epsilon=0.0):
    values = np.tile(now.rewards, (len(now.chances), 1))
    return decide(rules, rules.contacts, now, values, Epsilon(epsilon))


LIMITS = [
    ContactLimit(name="two_a_week", at_most=2, seconds=7 * DAY),
    ContactLimit(name="one_a_day", at_most=1, seconds=DAY),
]


def test_contacts_of_the_same_round_count_for_those_after_them():
    rules = rules_of([[True, True]], limits=LIMITS)
    days = [0.0, 0.1, 2.0, 3.0, 7.0, 7.5, 9.0]
    made, contacts = decided(rules, round_of([(0, EMAIL, day) for day in days]))
    # 0.1 is the second of a day, 3.0 the third of a week; at 7.0 that of day 0 no longer counts.
    assert made.chance.tolist() == [0, 2, 4, 6]
    assert len(contacts) == 4


def test_contacts_that_the_customer_starts_are_not_limited_and_others_are_not_concerned():
    rules = rules_of([[True, True], [True, True]], limits=LIMITS)
    rows = [(0, EMAIL, 0.0), (0, WEB, 0.1), (1, EMAIL, 0.2), (0, EMAIL, 0.3)]
    made, _ = decided(rules, round_of(rows))
    assert made.chance.tolist() == [0, 1, 2]
    assert made.column.tolist() == [1, 2, 1]  # the third offer is tied to the web


def test_without_consent_there_is_no_decision():
    rules = rules_of([[True, False], [True, True]])
    made, _ = decided(rules, round_of([(0, EMAIL, 0.0), (1, EMAIL, 0.1), (0, WEB, 0.2)]))
    assert made.chance.tolist() == [1, 2]


def test_a_reject_pauses_what_follows_in_the_same_round():
    rules = rules_of([[True, True]], pause=Pause(name="pause", seconds=14 * DAY))
    rows = [(0, EMAIL, day) for day in (0.0, 5.0, 13.9, 14.0)]
    made, _ = decided(rules, round_of(rows, refusal=1.0))
    assert made.chance.tolist() == [0, 3]
    assert (made.outcome == REJECTED).all()
    ignored, _ = decided(rules, round_of(rows))
    assert (ignored.outcome == IGNORED).all()
    accepted, _ = decided(rules, round_of(rows, truth=1.0, refusal=1.0))
    assert (accepted.outcome == ACCEPTED).all()
    assert len(accepted.chance) == 4


@pytest.mark.parametrize("seed", range(5))
def test_random_rounds_break_no_rule_that_the_independent_checker_knows(seed):
    generator = np.random.default_rng(seed)
    count = 300
    rows = list(
        zip(
            generator.integers(0, 12, count),
            generator.integers(0, 2, count),
            np.sort(generator.uniform(0, 40, count)),
            strict=True,
        )
    )
    consent = generator.random((12, 2)) < 0.8
    consent[0, EMAIL] = False
    rules = rules_of(consent, limits=LIMITS, pause=Pause(name="pause", seconds=3 * DAY))
    now = round_of(rows, truth=0.2, refusal=0.3)
    made, _ = decided(rules, now, epsilon=0.5)
    chances = now.chances.select(made.chance)
    broken = violations(
        rules,
        chances.customers,
        made.column,
        chances.touchpoints,
        chances.when,
        rejected=made.outcome == REJECTED,
    )
    assert len(made.chance) > 100
    assert not any(broken.values())
    # The checker is not blind: all opportunities taken, it finds contacts above the limits.
    everything = violations(
        rules,
        now.chances.customers,
        np.zeros(count, int),
        now.chances.touchpoints,
        now.chances.when,
    )
    assert everything["two_a_week"] > 0
    assert everything["consent"] > 0
