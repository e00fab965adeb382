"""Two-step plans: by hand in fractions, under any rules, and greedy with one step."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.journeys.plans.effects import IGNORED, REJECTED, AfterEffects
from recsys.policy.compiled import CompiledRules, ContactLimit, Contacts, Pause
from recsys.policy.compiled.times import DAY, OPEN_END, OPEN_START
from recsys.policy.compiled.violations import violations
from recsys.policy.compiled.zone_tables import compile_zones
from recsys.serving import Contents, CustomerTable, ProductTable, TouchpointTable
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.decide.logits import Logits
from recsys.serving.decide.step_plans import Steps, TwoStepPlans, step_times
from recsys.serving.decide.two_steps import plan_two_steps
from tests.policy.compiled.random_rules import random_moment
from tests.serving.test_plan_any_rules import contents as any_contents

START = 1_767_225_600  # 2026-01-01
HALF = Fraction(1, 2)
SILENT = AfterEffects.none(np.array([0.5]))


def one_customer(**rules: Any) -> Contents:
    """Offer 0 is worth 10, offer 1 16 from day 5 on; both are accepted by half, a contact is 1."""
    zero = np.zeros((2, 1), np.float32)
    return Contents(
        customers=CustomerTable(vectors=zero[:1], ids=np.array(["ann"], object)),
        products=ProductTable(vectors=zero, ids=np.array(["A", "B"], object)),
        touchpoints=TouchpointTable(names=["email"], vectors=zero[:1]),
        decisions=DecisionPart(
            rules=CompiledRules(**{
                "name": "one", "version": "1", "consent": np.ones((1, 1), bool),
                "unknown_consent": np.ones(1, bool), "outbound": np.ones(1, bool),
                "offer_touchpoints": np.full(2, -1),
                "valid_from": np.array([OPEN_START, START + 5 * DAY]),
                "valid_to": np.full(2, OPEN_END), "campaigns": np.full(2, -1),
                "zones": replace(compile_zones(["UTC"], np.zeros(0, np.int16)),
                                 customers=np.zeros(1, np.int16)),
                "contacts": Contacts.none(1), "capacity": np.full(1, np.inf), **rules,
            }),
            odds=AcceptanceOdds(
                line=np.zeros(3, np.float32), touchpoints=np.zeros(1, np.float32),
                offers=np.zeros(2, np.float32),
            ),
            values=np.array([10, 16], np.float32),
            levers=np.ones(2, np.float32),
            costs=np.ones(1, np.float32),
        ),
        facts={"clock": "timestamp", "as_of": START},
    )  # fmt: skip


def planned(
    contents: Contents, steps: Steps, effects: AfterEffects = SILENT
) -> tuple[TwoStepPlans, TwoStepPlans]:
    part = contents.decisions
    assert part is not None
    used = np.ones(len(contents.touchpoints.names), bool)
    return plan_two_steps(contents, Logits.of(contents), part.rules, steps, effects, used)


def test_the_contact_is_saved_where_the_limit_leaves_one() -> None:
    limit = ContactLimit(name="one", at_most=1, seconds=10 * DAY)
    best, greedy = planned(one_customer(limits=[limit]), Steps(start=START, waits=[5], fade=0))
    assert greedy.value[0] == pytest.approx(HALF * 10 - 1)
    assert greedy.then.offers[0].tolist() == [-1, -1, -1]
    assert best.value[0] == pytest.approx(HALF * 16 - 1)
    assert best.first.offers[0] == -1
    assert best.then.offers[0, IGNORED] == 1
    # When ten days have passed the limit lets the second contact through again.
    best, greedy = planned(one_customer(limits=[limit]), Steps(start=START, waits=[5, 11], fade=0))
    assert best.value[0] == pytest.approx(4 + HALF * 7 + HALF * 7)
    assert best.first.offers[0] == 0


def test_a_reject_pauses_and_an_outcome_tells_of_the_next() -> None:
    contents = one_customer(pause=Pause(name="pause", seconds=14 * DAY))
    steps = Steps(start=START, waits=[5], fade=0.1)
    kept = Fraction(9, 10) ** 5
    best, greedy = planned(contents, steps)
    # Accepted by a half, rejected by a quarter, ignored by a quarter.
    value = HALF * 10 - 1 + (HALF + HALF**2) * kept * (HALF * 16 - 1)
    assert best.value[0] == greedy.value[0] == pytest.approx(float(value))
    assert best.then.offers[0].tolist() == [1, -1, 1]
    assert best.deviation[0] == 0
    log_odds, covariance = np.zeros(12), np.zeros((12, 12))
    log_odds[1], covariance[1, 1] = np.log(2), 0.09  # accepted, within a week, same touchpoint
    told = AfterEffects(
        log_odds=log_odds, covariance=covariance, decisions=np.ones(12, np.int64),
        accepted=np.zeros(12, np.int64), refusals=np.array([0.5]),
    )  # fmt: skip
    best, _ = planned(contents, steps, told)
    after_accept = Fraction(2, 3) * 16 - 1
    value = HALF * 10 - 1 + kept * (HALF * after_accept + HALF**2 * 7)
    assert best.value[0] == pytest.approx(float(value))
    slope = HALF * kept * 16 * Fraction(2, 3) * Fraction(1, 3)
    assert best.deviation[0] == pytest.approx(0.3 * float(slope))


def test_what_was_accepted_or_rejected_is_not_offered_again() -> None:
    contents = one_customer(valid_from=np.array([OPEN_START, START + 99 * DAY]))
    best, _ = planned(contents, Steps(start=START, waits=[1, 2], fade=0))
    assert best.then.offers[0].tolist() == [-1, -1, 0]
    assert best.value[0] == pytest.approx(4 + Fraction(1, 4) * 4)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_no_step_breaks_a_rule_and_no_plan_is_below_greedy(seed: int) -> None:
    random = np.random.default_rng(seed)
    at = random_moment(random)
    contents = any_contents(random, at)
    part = contents.decisions
    assert part is not None
    told = AfterEffects(
        log_odds=random.normal(0, 1, 12), covariance=np.eye(12) / 4,
        decisions=np.zeros(12, np.int64), accepted=np.zeros(12, np.int64),
        refusals=random.random(len(part.costs)),
    )  # fmt: skip
    steps = Steps(start=at, waits=[1, 4, 9], fade=0.02, firsts=3)
    best, greedy = planned(contents, steps, told)
    assert (best.value >= greedy.value - 1e-9).all()
    for plans in (best, greedy):
        first, then = step_times(part.rules, Logits.of(contents), steps, plans)
        for outcome in range(3):
            offered = plans.then.column(outcome)
            now, later = np.flatnonzero(first >= 0), np.flatnonzero(then[:, outcome] >= 0)
            counts = violations(
                part.rules,
                np.concatenate([now, later]),
                np.concatenate([plans.first.offers[now], offered.offers[later]]),
                np.concatenate([plans.first.touchpoints[now], offered.touchpoints[later]]),
                np.concatenate([first[now], then[later, outcome]]),
                rejected=np.repeat([outcome == REJECTED, False], [len(now), len(later)]),
            )
            # Capacity and budget are of all customers together.
            broken = {name: n for name, n in counts.items() if name not in ("capacity", "budget")}
            assert not any(broken.values()), broken


@pytest.mark.parametrize("seed", range(5))
def test_with_one_step_the_plan_is_the_greedy_choice(seed: int) -> None:
    random = np.random.default_rng(seed)
    at = random_moment(random)
    contents = any_contents(random, at)
    told = replace(SILENT, refusals=np.zeros(len(contents.touchpoints.names)))
    best, greedy = planned(contents, Steps(start=at, waits=[]), told)
    assert best.value.tolist() == greedy.value.tolist() == best.first.worth.tolist()
    assert best.first.offers.tolist() == greedy.first.offers.tolist()
    assert (best.then.offers == -1).all()
