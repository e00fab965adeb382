"""The policy of the simulated market, compiled, against a recomputation with pandas."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from recsys import Dataset, SimulatedMarket, TimeSplit
from recsys.policy.compiled import CompiledRules
from recsys.policy.rules.compile import compile_rules
from recsys.policy.rules.read import read_policy

DAY = pd.Timedelta(days=1)
MOMENTS = ("2025-09-05T09:00Z", "2025-09-30T21:30Z", "2025-10-15T12:00Z")
LOANS = ["Car loan", "Home loan", "Personal loan"]
WEALTH = ["Travel card", "Brokerage", "Investment fund"]


@cache
def market(events: int) -> tuple[Dataset, CompiledRules]:
    """The market up to its first cut-off after September, and its rules."""
    data = Dataset.from_source(SimulatedMarket(events=events))
    train = TimeSplit(valid_from="2025-09-01", test_from="2025-10-01").split(data).train
    return train, compile_rules(read_policy("market"), train)


def table_of_pairs(data: Dataset) -> pd.DataFrame:
    """Every customer with every offer, its product and what is known of both."""
    tables = data.side_tables
    customers = pd.DataFrame({"customer_id": data.customers.ids}).merge(
        tables["customers"], on="customer_id", how="left"
    )
    offers = tables["offers"].merge(
        tables["products"], on="product_id", suffixes=("", "_of_product")
    )
    offers = tables["offers"][["offer_id"]].merge(offers, on="offer_id")
    return customers.merge(offers, how="cross")


def eligible(pairs: pd.DataFrame) -> pd.Series:
    loan, wealth = pairs["category"].isin(LOANS), pairs["category"].isin(WEALTH)
    pension = pairs["category"] == "Pension"
    return (
        (~loan | pairs["age"].between(21, 75))
        & (~pension | (pairs["life_stage"].notna() & (pairs["life_stage"] != "retired")))
        & (~wealth | (pairs["income"] >= 20_000))
        & (pairs["income"].isna() | (pairs["price"] <= 0.1 * pairs["income"]))
        & (pairs["margin"] > 0)
    )


def left_out(data: Dataset, pairs: pd.DataFrame, at: pd.Timestamp) -> pd.Series:
    """Rejected in the last 90 days, accepted or bought in the last 365."""
    events = data.interactions
    made = pd.DataFrame(
        {
            "customer_id": data.customers.ids[events.customers],
            "product_id": np.append(data.products.ids, None)[events.products],
            "action": np.array(
                ["view", "click", "cart", "accept", "purchase", "reject", "ignore", "contact"]
            )[events.actions],
            "when": pd.to_datetime(events.when, unit="us", utc=True),
        }
    ).dropna(subset="product_id")
    decisions = data.side_tables["decisions"].merge(
        data.side_tables["offers"][["offer_id", "product_id"]], on="offer_id"
    )
    more = decisions[["customer_id", "product_id", "outcome", "timestamp"]].set_axis(
        made.columns, axis=1
    )
    both = pd.concat([made, more])
    out = pd.Series(False, index=pairs.index)
    for action, days in (("reject", 90), ("accept", 365), ("purchase", 365)):
        # Times are rounded up to the next second.
        recent = both[(both["action"] == action) & (both["when"].dt.ceil("s") > at - days * DAY)]
        keys = set(zip(recent["customer_id"], recent["product_id"], strict=True))
        asked = zip(pairs["customer_id"], pairs["product_id"], strict=True)
        out |= np.array([pair in keys for pair in asked])
    return out


@pytest.mark.parametrize("events", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("moment", MOMENTS)
def test_offers_are_those_that_pandas_allows(events: int, moment: str) -> None:
    data, rules = market(events)
    at, pairs = pd.Timestamp(moment), table_of_pairs(data)
    runs = (pairs["valid_from"] <= at) & (at < pairs["valid_to"])
    sold = (pairs["valid_from_of_product"].isna() | (pairs["valid_from_of_product"] <= at)) & (
        pairs["valid_to_of_product"].isna() | (at < pairs["valid_to_of_product"])
    )
    expected = runs & sold & eligible(pairs) & ~left_out(data, pairs, at)
    mask = rules.offers(np.arange(len(data.customers)), int(at.timestamp()))
    np.testing.assert_array_equal(mask, expected.to_numpy().reshape(mask.shape))
    assert mask.any()
    assert not mask.all()


@pytest.mark.parametrize("events", [2_000])
@pytest.mark.parametrize("moment", MOMENTS[:2])
def test_touchpoints_are_those_that_pandas_allows(events: int, moment: str) -> None:
    data, rules = market(events)
    at, tables = pd.Timestamp(moment), data.side_tables
    names = [str(name) for name in data.touchpoints.ids]
    outbound = tables["touchpoints"].set_index("touchpoint")["outbound"]
    contacts = tables["decisions"]
    customers = tables["customers"].set_index("customer_id").reindex(data.customers.ids)
    zones = customers["time_zone"].fillna("UTC")
    expected = np.ones((len(customers), len(names)), dtype=bool)
    for row, customer in enumerate(data.customers.ids):
        own = contacts[contacts["customer_id"] == customer]
        local = at.tz_convert(zones.iloc[row])
        night = local.hour >= 20 or local.hour < 8
        weekend = local.day_of_week >= 5
        sent = own[own["touchpoint"].map(outbound).astype(bool)]
        week = (sent["timestamp"].dt.floor("s") > at - 7 * DAY).sum()
        pause = (own["timestamp"].dt.floor("s") > at - 14 * DAY) & (own["outcome"] == "reject")
        for place, name in enumerate(names):
            if not outbound[name]:
                continue
            at_this = own[own["touchpoint"] == name]["timestamp"].dt.floor("s")
            expected[row, place] = customers.iloc[row][f"consent_{name}"] == 1
            expected[row, place] &= week < 2 and not pause.any()
            if name == "email":
                expected[row, place] &= (at_this > at - DAY).sum() < 1
            if name == "call_center":
                expected[row, place] &= (at_this > at - 30 * DAY).sum() < 1 and not weekend
            if name in ("call_center", "push"):
                expected[row, place] &= not night
    mask = rules.touchpoints(np.arange(len(customers)), int(at.timestamp()))
    np.testing.assert_array_equal(mask, expected)
    assert mask.any()
    assert not mask.all()


def test_the_rules_say_which_policy_they_are_of() -> None:
    policy, (data, rules) = read_policy("market"), market(2_000)
    assert (rules.name, rules.version) == ("market", policy.version)
    assert rules.names[3:8] == tuple(rule.name for rule in policy.eligibility)
    stated = data.side_tables["touchpoints"].set_index("touchpoint")["capacity"]
    np.testing.assert_array_equal(rules.capacity, stated.reindex(data.touchpoints.ids))


def test_the_default_policy_is_consent_and_dates_alone() -> None:
    data, _ = market(2_000)
    rules = compile_rules(read_policy("default"), data)
    assert rules.names == ("consent", "validity", "offer_touchpoint")
