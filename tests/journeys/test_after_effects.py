"""What an outcome tells of the next offer: cells, shrinkage, and that a planted effect is found."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from recsys.errors import InputError
from recsys.journeys.plans.effects import ACCEPTED, IGNORED, REJECTED, AfterEffects, cells
from recsys.journeys.plans.learn import effect_table, learn_after_effects

NAMES = ["app", "email"]


def log_of(pairs: int, effect: float, seed: int = 0, gap: int = 3) -> pd.DataFrame:
    """Two decisions of each customer; `effect` on the second one's log-odds after a reject."""
    random = np.random.default_rng(seed)
    first = random.choice(["accept", "reject", "ignore"], pairs, p=[0.3, 0.35, 0.35])
    chance = expit(logit(0.3) + effect * (first == "reject"))
    later = np.where(random.random(pairs) < chance, "accept", "ignore")
    rows = [
        (f"c{row}", day, outcomes[row])
        for day, outcomes in ((0, first), (gap, later))
        for row in range(pairs)
    ]
    table = pd.DataFrame(rows, columns=["customer_id", "day", "outcome"])
    day = pd.Timestamp("2025-03-01", tz="UTC")
    return table.assign(
        timestamp=day + pd.to_timedelta(table.pop("day"), "D"),
        offer_id="o1", touchpoint="email", probability=0.3,
    )  # fmt: skip


def test_cells_are_numbered_by_outcome_days_and_touchpoint() -> None:
    same = np.array([False, True])
    assert cells(ACCEPTED, 7.0, same).tolist() == [0, 1]
    assert cells(ACCEPTED, 8.0, same).tolist() == [2, 3]
    assert cells(REJECTED, 1.0, same).tolist() == [4, 5]
    assert cells(IGNORED, 30.0, same).tolist() == [10, 11]
    assert cells(IGNORED, 31.0, same).tolist() == [-1, -1]


def test_a_planted_effect_is_found_and_its_absence_too() -> None:
    cell = int(cells(REJECTED, 3.0, np.array([True]))[0])
    planted = effect_table(learn_after_effects(log_of(20_000, -1.5), NAMES)).iloc[cell]
    assert planted["odds_ratio"] == pytest.approx(np.exp(-1.5), rel=0.15)
    assert planted["low"] < np.exp(-1.5) < planted["high"] < 1
    none = effect_table(learn_after_effects(log_of(20_000, 0.0), NAMES))
    assert none["odds_ratio"].to_numpy() == pytest.approx(1, rel=0.1)
    assert none["decisions"].sum() == 20_000


def test_few_decisions_claim_little() -> None:
    few = learn_after_effects(log_of(8, -3.0), NAMES)
    many = learn_after_effects(log_of(8_000, -3.0), NAMES)
    cell = int(cells(REJECTED, 3.0, np.array([True]))[0])
    assert abs(few.log_odds[cell]) < abs(many.log_odds[cell])
    assert few.covariance[cell, cell] > many.covariance[cell, cell]
    # A cell that was not seen keeps its prior.
    unseen = int(cells(ACCEPTED, 3.0, np.array([False]))[0])
    assert few.log_odds[unseen] == 0
    assert few.covariance[unseen, unseen] == pytest.approx(0.25)


def test_without_logged_probabilities_a_taste_for_offers_is_a_smaller_effect() -> None:
    random = np.random.default_rng(1)
    people, each = 3_000, 12
    taste = np.repeat(random.choice([-3.0, -0.5], people), each)
    accepted = random.random(people * each) < expit(taste)
    day = pd.Timestamp("2025-01-01", tz="UTC")
    table = pd.DataFrame({
        "customer_id": np.repeat([f"c{row}" for row in range(people)], each),
        "offer_id": "o1", "touchpoint": "email",
        "timestamp": day + pd.to_timedelta(np.tile(np.arange(each) * 5, people), "D"),
        "outcome": np.where(accepted, "accept", "ignore"),
    })  # fmt: skip
    effects = learn_after_effects(table, NAMES)
    accept, ignore = (
        effects.log_odds[int(cells(outcome, 5.0, np.array([True]))[0])]
        for outcome in (ACCEPTED, IGNORED)
    )
    later, before = accepted[1:], accepted[:-1]
    crude = logit(later[before].mean()) - logit(later[~before].mean())
    # What the customer did before takes a part of it away, and not all.
    assert 0 < accept - ignore < 0.75 * crude


def test_refusals_are_by_touchpoint_and_outcomes_add_up() -> None:
    effects = learn_after_effects(log_of(4_000, 0.0), NAMES)
    assert 0.2 < effects.refusals[1] < 0.5
    outcomes = effects.outcomes(np.array([0.25, 1.0]), np.array([1, 0]))
    assert outcomes.sum(axis=1) == pytest.approx(1)
    assert outcomes[1].tolist() == [1, 0, 0]
    assert AfterEffects.none(effects.refusals).added(np.array([0, -1])).tolist() == [0, 0]


def test_a_log_without_outcomes_is_refused() -> None:
    for log in (None, log_of(2, 0.0).drop(columns="outcome"), log_of(2, 0.0).head(0)):
        with pytest.raises(InputError, match="expected logged decisions with outcomes, got none"):
            learn_after_effects(log, NAMES)
