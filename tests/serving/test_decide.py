"""Decisions for one customer are those of a search, in plain Python, over all pairs."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from artifact_contents import AS_OF, DAY, TOUCHPOINTS
from policy_part import HOUR, deciding

from recsys.errors import InputError
from recsys.policy.compiled import Contacts
from recsys.policy.exploration import Draws
from recsys.serving import Artifact, Contents, RecentContact


def brute_force(contents: Contents, row: int, at: int, k: int, touchpoint: str | None = None,
                charges: tuple[float, ...] = (0, 0, 0)) -> list[tuple[Any, ...]]:  # fmt: skip
    """Offer id, touchpoint, moment, probability and value of the k best, by loops."""
    part, rules = contents.decisions, contents.decisions.rules
    vectors, found = contents.products.vectors, []
    now = rules.offers(np.array([row]), at)[0]
    all_day = rules.offers(np.array([row]), at, at + DAY - 1)[0]
    customer = contents.customers.vectors[row]
    times = rules.send_times(np.array([row]), at)[0]
    if contents.touchpoints.daypart_vectors is None:
        times = times.min(axis=1, keepdims=True)
    for offer in range(len(part.values)):
        products = [offer]
        if contents.offers is not None:
            products = contents.offers.products[slice(*contents.offers.starts[offer:][:2])]
        mean = vectors[products].mean(axis=0)
        for place, name in enumerate(TOUCHPOINTS):
            if touchpoint not in (None, name) or not rules.pairs()[offer, place]:
                continue
            for part_of_day, when in enumerate(times[place]):
                later = int(when) > at
                if when == np.iinfo(np.int64).max or (later and not rules.outbound[place]):
                    continue
                if not (all_day if later else now)[offer]:
                    continue
                vector = contents.touchpoints.vectors[place]
                if contents.touchpoints.daypart_vectors is not None:
                    vector = contents.touchpoints.daypart_vectors[place, part_of_day]
                a, b, c = map(float, part.odds.line)
                log_odds = (
                    a + b * float(customer @ mean) + c * float(customer @ vector + mean @ vector)
                    + float(part.odds.touchpoints[place]) + float(part.odds.offers[offer])
                )  # fmt: skip
                p = 1 / (1 + math.exp(-log_odds))
                weight = part.customer_weight
                factor = float(part.customer_values[row])
                euros = (1 - weight) * factor * float(part.values[offer])
                euros += weight * float(part.values.mean())
                value = float(part.levers[offer]) * p * euros - float(part.costs[place])
                if value > 0 and value > charges[place]:
                    key = contents.products.ids[offer]
                    if contents.offers is not None:
                        key = contents.offers.ids[offer]
                    found.append((value - charges[place], key, name, int(when), p, value))
    best: dict[Any, tuple[Any, ...]] = {}
    for _, *rest in sorted(found, key=lambda pair: -pair[0]):
        best.setdefault(rest[0], tuple(rest))
    return list(best.values())[:k]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("dayparts", "with_offers"), [(True, True), (False, True), (True, False)])
def test_decisions_are_those_of_a_search_over_all_pairs(
    seed: int, dayparts: bool, with_offers: bool
) -> None:
    contents = deciding(seed=seed, dayparts=dayparts, with_offers=with_offers)
    artifact = Artifact.of(contents)
    at = AS_OF + 5 * HOUR + 1800 * seed
    charges = {"app": 0.4, "branch": 0.2}
    for row in range(0, 40, 3):
        customer = contents.customers.ids[row]
        for touchpoint, prices in ((None, None), ("app", None), ("email", None), (None, charges)):
            decided = artifact.decide(customer, touchpoint, at, k=4, prices=prices)
            paid = tuple((prices or {}).get(name, 0) for name in TOUCHPOINTS)
            wanted = brute_force(contents, row, at, 4, touchpoint, paid)
            got = [
                (offer.offer_id, offer.touchpoint, int(offer.send_at.timestamp()))
                for offer in decided.offers
            ]
            assert got == [found[:3] for found in wanted]
            chances = [(offer.probability, offer.expected_value) for offer in decided.offers]
            np.testing.assert_allclose(
                np.reshape(chances, (-1, 2)), np.reshape([w[3:] for w in wanted], (-1, 2)),
                rtol=2e-5, atol=1e-5,
            )  # fmt: skip


def test_what_is_refused_is_counted_by_rule_and_adds_up() -> None:
    contents = deciding()
    artifact, rules = Artifact.of(contents), contents.decisions.rules
    for row in range(40):
        decision = artifact.decide(contents.customers.ids[row], "app", AS_OF, k=99)
        first = rules.refusals(row, AS_OF)[:, 0]
        counts = {
            name: int((first == place).sum())
            for place, name in enumerate(rules.names)
            if (first == place).any()
        }
        assert decision.refusals == counts
        assert decision.short_because is not None
        assert " of 25 pairs of offer and touchpoint remain" in decision.short_because
        assert set(decision.refusals) <= set(rules.names)


def test_quiet_hours_put_an_email_off_until_they_end() -> None:
    contents = deciding(dayparts=False)
    artifact = Artifact.of(contents)
    night = AS_OF + 2 * HOUR
    sent = [
        offer.send_at
        for customer in contents.customers.ids
        for offer in artifact.decide(customer, "email", night).offers
    ]
    # In Berlin and in UTC it is night, in Kolkata 7:30.
    assert {moment.hour * 60 + moment.minute for moment in sent} <= {150, 7 * 60, 8 * 60}
    assert len(sent) > 10
    assert min(sent) > datetime.fromtimestamp(night, UTC)


@pytest.mark.parametrize("row", [*range(0, 40, 5), -1])
def test_contacts_since_the_export_count_as_if_they_had_been_exported(row: int) -> None:
    contents = deciding()
    artifact, part = Artifact.of(contents), contents.decisions
    customer = contents.customers.ids[row] if row >= 0 else "nobody"
    recent = [
        RecentContact(touchpoint="email", when=AS_OF - HOUR, campaign="cards", rejected=row == 5),
        RecentContact(touchpoint=None, when="2025-12-30T10:00"),
        RecentContact(touchpoint="app", when=datetime.fromtimestamp(AS_OF - DAY, UTC)),
    ]
    told = artifact.decide(customer, at=AS_OF, k=30, contacts=recent)
    if row < 0:
        # Limits hold for customers whom the artifact does not know, too.
        assert told.refusals["campaign_once"] or told.refusals["one_campaign"]
        return
    further = Contacts.of(
        np.full(3, row),
        np.array([AS_OF - HOUR, 1_767_088_800, AS_OF - DAY]),
        np.array([2, -1, 0]),
        campaigns=np.array([1, -1, -1]),
        rejected=np.array([row == 5, False, False]),
        count=40,
    )
    rules = part.rules.with_contacts(part.rules.contacts.merged(further))
    exported = Artifact.of(replace(contents, decisions=replace(part, rules=rules)))
    assert told == exported.decide(customer, at=AS_OF, k=30)


def test_exploring_is_replayed_with_exact_propensities() -> None:
    exploration = {"kind": "epsilon", "epsilon": 0.5, "seed": 2}
    contents = deciding(exploration=exploration)
    artifact = Artifact.of(contents)
    changed = 0
    for customer in contents.customers.ids:
        best = artifact.decide(customer, "app", AS_OF, k=99)
        told = artifact.decide(customer, "app", AS_OF, k=2, explore=True)
        assert told == artifact.decide(customer, "app", AS_OF, k=2, explore=True)
        count = len(best.offers)
        for slot, offer in enumerate(told.offers):
            others = {o.offer_id for o in told.offers[:slot]}
            left = [o.offer_id for o in best.offers if o.offer_id not in others]
            is_best = offer.offer_id == left[0]
            assert offer.propensity == pytest.approx(0.5 * is_best + 0.5 / (count - slot))
        changed += [o.offer_id for o in told.offers] != [o.offer_id for o in best.offers[:2]]
    assert changed > 5


def test_samples_of_a_customer_s_vector_come_from_the_least_squares_posterior() -> None:
    """The propensity is the share of 64 samples, drawn here by a plain calculation too."""
    stated = {"kind": "thompson", "scale": 20.0, "seed": 5}
    contents = deciding(exploration=stated, dayparts=False)
    gram = np.diag([10.0, 20, 30, 40, 50]).astype(np.float32)
    contents = replace(contents, fold_in=replace(contents.fold_in, gram=gram))
    artifact, part = Artifact.of(contents), contents.decisions
    events, table = artifact.contents.events, contents.offers
    vectors = table.pooled(contents.products.vectors).astype(float)
    rows = {}
    for row, id_ in enumerate(table.ids):
        rows.setdefault(id_, []).append(row)
    propensities: list[float] = []
    for row in range(0, 40, 6):
        customer = contents.customers.ids[row]
        best = artifact.decide(customer, "app", AS_OF, k=99)
        if not best.offers:
            continue
        precision = gram.astype(float)
        for product, weight in zip(
            events.products[events.customers == row], events.weights[events.customers == row],
            strict=True,
        ):  # fmt: skip
            factor = contents.fold_in.factors[product].astype(float)
            precision = precision + (weight - 1) * np.outer(factor, factor)
        draws = Draws.of(seed=5, customers=np.array([customer], object), moments=np.array([AS_OF]))
        normal = draws.normals(64 * 5, 1).reshape(64, 5)
        factor = np.linalg.inv(np.linalg.cholesky(precision))
        moved = 20 * normal @ factor
        named = sorted(best.offers, key=lambda offer: min(rows[offer.offer_id]))
        worth = []
        for offer in named:
            candidates = [r for r in rows[offer.offer_id]
                          if (table.variants[r] or None) == offer.variant]  # fmt: skip
            log_odds = math.log(offer.probability / (1 - offer.probability))
            shift = float(part.odds.line[1]) * (moved @ vectors[candidates[0]])
            chance = 1 / (1 + np.exp(-(log_odds + shift)))
            gain = (offer.expected_value + float(part.costs[0])) / offer.probability
            worth.append(gain * chance - float(part.costs[0]))
        first = np.argmax(worth, axis=0)
        told = artifact.decide(customer, "app", AS_OF, explore=True).offers[0]
        place = [offer.offer_id for offer in named].index(told.offer_id)
        assert told.propensity == (first == place).sum() / 64
        propensities.append(told.propensity)
    assert min(propensities) < 1


def test_an_unknown_customer_is_decided_for_by_popularity_and_unknown_consent() -> None:
    decision = Artifact.of(deciding()).decide("nobody", at=AS_OF, k=3)
    assert not decision.known
    assert decision.offers
    assert {offer.touchpoint for offer in decision.offers} <= {"app", "branch"}
    assert "nobody (unknown), by policy example" in str(decision)
    assert "<table" in decision._repr_html_()


def test_several_ids_are_not_decided_for_as_one_that_is_unknown() -> None:
    with pytest.raises(InputError, match="customer_id: expected one id"):
        Artifact.of(deciding()).decide(["C0001", "C0002"], at=AS_OF)


def test_an_artifact_without_a_policy_says_what_to_do(loaded) -> None:
    with pytest.raises(InputError, match="has no policy to decide by; export it again with policy"):
        loaded().decide("C0001")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"touchpoint": "moon"}, "touchpoint 'moon' is not known"),
        ({"k": 0}, "k: expected a whole number of at least 1"),
        ({"prices": {"moon": 1.0}}, "prices: the artifact has no touchpoint 'moon'"),
        ({"prices": {"app": -1.0}}, "prices: expected a number of at least 0 for app"),
        ({"prices": "no_plan.parquet"}, "expected a plan that `recsys decide` wrote"),
        ({"prices": 7}, "prices: expected a plan's file or its prices"),
        ({"contacts": ["app"]}, "contacts: expected a list of RecentContact"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        Artifact.of(deciding()).decide("C0001", at=AS_OF, **arguments)
    assert "\n" not in str(refused.value)
