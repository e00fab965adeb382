"""Acceptance odds from logged decisions: known coefficients come back, and are calibrated."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of

from recsys.exporting.acceptance_odds import fit_acceptance_odds, odds_of_lists, score_parts
from recsys.exporting.logged_answers import LoggedAnswers, logged_answers
from recsys.exporting.offers import offer_table
from recsys.exporting.ranked_outcomes import RankedOutcomes
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving import Contents, CustomerTable, OfferTable, ProductTable, TouchpointTable

TOUCHPOINTS = ["app", "email"]


def contents(customers: int = 400, products: int = 20, seed: int = 0) -> Contents:
    """Each product is an offer of its own; the odd ones have a plain message, the others none."""
    random = np.random.default_rng(seed)
    return Contents(
        customers=CustomerTable(
            vectors=random.standard_normal((customers, 3), np.float32), ids=np.arange(customers)
        ),
        products=ProductTable(
            vectors=random.standard_normal((products, 3), np.float32), ids=np.arange(products)
        ),
        touchpoints=TouchpointTable(
            names=TOUCHPOINTS, vectors=random.standard_normal((2, 3), np.float32)
        ),
        offers=OfferTable(
            ids=np.arange(products),
            starts=np.arange(products + 1),
            products=np.arange(products),
            touchpoints=np.full(products, -1),
            valid_from=np.full(products, OPEN_START),
            valid_to=np.full(products, OPEN_END),
            variants=["care" if row % 2 else "plain" for row in range(products)],
        ),
    )


def answers(given: Contents, count: int, line: tuple[float, ...], seed: int = 1) -> LoggedAnswers:
    """Drawn from log-odds a + b c.o + g (c.t + o.t) + 1 at the email + .8 for `care`."""
    random = np.random.default_rng(seed)
    drawn = LoggedAnswers(
        customers=random.integers(0, len(given.customers), count),
        offers=random.integers(0, len(given.products), count),
        touchpoints=random.integers(0, 2, count),
        when=np.zeros(count, np.int64),
        accepted=np.zeros(count, bool),
        planned=np.full(count, np.nan),
        expected=np.full(count, np.nan),
        earned=np.full(count, np.nan),
    )
    parts = score_parts(given, drawn)
    log_odds = line[0] + parts @ line[1:] + drawn.touchpoints + 0.8 * (drawn.offers % 2)
    accepted = random.random(count) < 1 / (1 + np.exp(-log_odds))
    return LoggedAnswers(**(vars(drawn) | {"accepted": accepted}))


def test_coefficients_that_drew_the_answers_come_back() -> None:
    given = contents()
    odds, facts = fit_acceptance_odds(given, answers(given, 60_000, (-2, 0.7, 0.4)))
    np.testing.assert_allclose(odds.line[1:], [0.7, 0.4], atol=0.03)
    assert odds.touchpoints[1] - odds.touchpoints[0] == pytest.approx(1, abs=0.06)
    assert odds.offers[1] - odds.offers[0] == pytest.approx(0.8, abs=0.06)
    assert set(facts["variants"]) == {"plain", "care"}
    assert facts["decisions"] == 60_000
    assert facts["ece"] < 0.01


def test_a_score_that_points_the_wrong_way_is_left_out() -> None:
    given = contents()
    odds, _ = fit_acceptance_odds(given, answers(given, 20_000, (-1, -0.7, 0.4)))
    assert odds.line[1] == 0
    assert 0.2 < odds.line[2] < 0.5


def test_earlier_plans_are_held_against_what_came_of_them() -> None:
    given = contents()
    log = answers(given, 2_000, (-2, 0.7, 0.4))
    assert "planned" not in fit_acceptance_odds(given, log)[1]
    planned = np.where(np.arange(2_000) < 500, 0.5, np.nan)
    log = LoggedAnswers(
        **(vars(log) | {"planned": planned, "expected": 2 * planned, "earned": log.accepted * 3.0})
    )
    facts = fit_acceptance_odds(given, log)[1]
    rate = log.accepted[:500].mean()
    assert facts["planned"] == 500
    assert facts["planned_ece"] == pytest.approx(abs(rate - 0.5))
    assert facts["planned_value"] == 1
    assert facts["earned_value"] == pytest.approx(3 * rate)


def test_without_a_log_touchpoints_are_even_over_what_was_listed() -> None:
    given, random = contents(), np.random.default_rng(2)
    customers, products = random.integers(0, 400, 4_000), random.integers(0, 20, 4_000)
    vectors = given.customers.vectors[customers], given.products.vectors[products]
    scores = (vectors[0] * vectors[1]).sum(axis=1)
    taken = random.random(4_000) < 1 / (1 + np.exp(3 - 0.8 * scores))
    listed = RankedOutcomes(
        customers=customers, products=products, scores=scores, taken=taken, lists=400,
        half=customers % 2 == 0,
    )  # fmt: skip
    odds, facts = odds_of_lists(given, listed)
    assert odds.line[1] == odds.line[2] == pytest.approx(0.8, abs=0.1)
    parts = (vectors[0] + vectors[1]) @ given.touchpoints.vectors.T
    added = odds.line[2] * parts + odds.touchpoints
    np.testing.assert_allclose(added.mean(axis=0), [0, 0], atol=1e-4)
    assert facts["decisions"] == 0
    assert facts["ece"] < 0.02


def test_decisions_are_read_as_the_offer_s_row_of_touchpoint_message_and_moment() -> None:
    day = pd.Timestamp("2026-01-01", tz="UTC")
    side: dict[str, dict[str, list[Any]]] = {
        "offers": {
            "offer_id": ["o", "o", "o", "x"],
            "product_id": ["p", "q", "q", "p"],
            "touchpoint": ["app", "email", None, None],
            "variant": ["care", "care", "plain", "plain"],
            "valid_to": [day + pd.Timedelta(days=9), None, None, None],
        },
        "decisions": {
            "decision_id": list(range(7)),
            "customer_id": ["ann", "ann", "bob", "bob", "bob", "who", "ann"],
            "offer_id": ["o", "o", "o", "o", "x", "x", "gone"],
            "touchpoint": ["app", "email", "email", "app", "app", "app", "app"],
            "variant": ["care", "care", "plain", "care", "plain", "plain", None],
            "timestamp": [day + pd.Timedelta(days=days) for days in (0, 1, 2, 10, 3, 3, 3)],
            "policy": ["old"] * 7,
            "outcome": ["accept", "reject", "ignore", "accept", "accept", "accept", "accept"],
        },
    }
    data = dataset_of(
        {
            "customer_id": ["ann", "bob"], "product_id": ["p", "q"], "touchpoint": ["app", "email"],
            "timestamp": [day, day + pd.Timedelta(days=20)],
        },
        side,
    )  # fmt: skip
    start = int(day.timestamp())
    read = logged_answers(data, offer_table(data), start, start + 11 * 86_400)
    assert read is not None
    # Of "who" there is a row, as the log names them; the offer that is gone has none.
    assert read.offers.tolist() == [0, 1, 2, 0, 3, 3]
    assert read.accepted.tolist() == [True, False, False, True, True, True]
    assert np.isnan(read.planned).all()
    assert len(logged_answers(data, offer_table(data), start, start + 2 * 86_400)) == 2
    assert logged_answers(data.select(np.ones(2, bool)), None, start, start + 86_400) is not None
    bare = dataset_of({"customer_id": ["ann"], "product_id": ["p"], "timestamp": [day]})
    assert logged_answers(bare, None, start, start + 1) is None
