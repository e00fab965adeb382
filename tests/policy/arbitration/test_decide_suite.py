"""The benchmark of a day's plan, on a small market."""

import numpy as np
import pytest

from benchmarks.decide import DecideSuite
from benchmarks.decide_market import deciding_market
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket


def test_a_plan_under_all_rules_breaks_none() -> None:
    market = SimulatedMarket(events=3_000, seed=0)
    suite = DecideSuite(data=market, customers=400, products=60, dim=8, sample=200)
    figures = suite.figures()
    assert figures["violations"] == 0
    assert figures["sample_violations"] == 0
    assert 0 < figures["decisions"] <= 400
    assert figures["dual_gap"] < 0.01
    assert 0.99 < figures["objective_over_highs"] <= 1 + 1e-9
    assert figures["sample_pairs"] <= 200 * 20
    assert figures["decide_seconds"] > figures["arbitration_seconds"] > 0
    assert figures["peak_memory_mb"] > 10


def test_drawn_customers_keep_what_the_rules_know_of_them() -> None:
    market = SimulatedMarket(events=3_000, seed=0)
    contents = deciding_market(market, customers=500, products=40, dim=8)
    part = contents.decisions
    assert part is not None
    assert part.rules.shape == (500, 40, 8)
    assert np.isfinite(part.rules.capacity).sum() == 3
    assert np.isfinite(part.rules.budget)
    assert len(part.rules.contacts) > 0
    assert part.rules.leave_out is not None
    # Consent is mixed at each outbound touchpoint.
    shares = part.rules.consent.mean(axis=0)[part.rules.outbound]
    assert ((shares > 0.1) & (shares < 0.95)).all()


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"products": 0}, {"sample": -1}])
def test_too_little_to_measure_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=f"suite.{next(iter(wrong))}"):
        DecideSuite(data=SimulatedMarket(events=1_000, seed=0), **wrong)
