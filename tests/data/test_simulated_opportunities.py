import numpy as np
import pandas as pd
import pytest

from recsys.errors import InputError
from recsys.simulation import SimulatedMarket


@pytest.fixture(scope="module")
def market():
    return SimulatedMarket(events=4_000, seed=2)


@pytest.fixture(scope="module")
def chances(market):
    return market.opportunities()


def test_opportunities_are_those_of_the_year_in_order_of_time(chances):
    assert chances["timestamp"].is_monotonic_increasing
    assert chances["timestamp"].min() >= pd.Timestamp("2025-01-01", tz="UTC")
    assert chances["timestamp"].max() < pd.Timestamp("2026-01-01", tz="UTC")
    assert not chances.duplicated(["customer_id", "timestamp"]).any()
    assert chances["customer_id"].nunique() > 150


def test_every_session_of_the_tables_at_app_web_and_branch_ends_in_one(market, chances):
    tables = market.load()
    events = tables.interactions
    answers = events["action"].isin(["accept", "reject", "ignore"])
    sessions = events[~answers & events["touchpoint"].isin(["app", "web", "branch"])]
    # Sessions under an alias end in an opportunity as well, of the customer behind it.
    known = sessions[sessions["customer_id"].str.startswith("C0")]
    ends = known.groupby("session_id").agg(
        customer_id=("customer_id", "first"), timestamp=("timestamp", "max")
    )
    ends["timestamp"] += pd.Timedelta(seconds=45)
    matched = ends.merge(chances, on=["customer_id", "timestamp"], how="left", indicator=True)
    assert (matched["_merge"] == "both").mean() > 0.99


def test_the_firm_could_write_only_where_there_is_consent(market, chances):
    customers = market.load().customers.set_index("customer_id")
    outbound = chances[chances["outbound"]]
    assert set(outbound["touchpoint"]) == {"email", "push", "call_center"}
    for touchpoint, group in outbound.groupby("touchpoint"):
        assert customers.loc[group["customer_id"], f"consent_{touchpoint}"].all()


def test_a_smaller_market_has_the_opportunities_of_its_customers(chances):
    small = SimulatedMarket(events=2_000, seed=2).opportunities()
    same = chances[chances["customer_id"].isin(small["customer_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(small, same)


def test_refusal_probabilities_are_those_of_the_touchpoints(market):
    chance = market.refusal_probability(np.array(["branch", "app", "branch"], object))
    assert chance[0] == chance[2] != chance[1]
    assert ((chance > 0) & (chance < 1)).all()
    with pytest.raises(InputError):
        market.refusal_probability(np.array(["kiosk"], object))
