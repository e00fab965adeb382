"""Journey maps in numbers: by hand, on any paths, and what differs between two groups."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.dataset import Dataset
from recsys.journeys.journey_map.differences import difference_table
from recsys.journeys.journey_map.flows import (
    flow_table,
    move_table,
    purpose_table,
    stage_table,
    totals,
)
from recsys.journeys.journey_map.paths import Paths, paths_of
from recsys.journeys.purposes.model import PurposeModel
from recsys.simulation.source import SimulatedMarket

DAY = pd.Timestamp("2025-03-01", tz="UTC")


@pytest.fixture(scope="module")
def market() -> Paths:
    data = Dataset.from_source(SimulatedMarket(events=8_000, seed=1))
    model = PurposeModel().fit(data)
    return paths_of(model, model.assign(data), data, 0.1)


def paths(strands: list[list[tuple[int, int, float]]], **changes: object) -> Paths:
    """Strands of customers 0, 1, ... as entries (stage, touchpoint, day), each a visit of its own;
    those that are not bought ended in silence."""
    rows = [(number, *entry) for number, entries in enumerate(strands) for entry in entries]
    strand, stage, touchpoint, day = (np.array(column) for column in zip(*rows, strict=True))
    count = np.arange(len(strands))
    made = Paths(
        customer=count,
        purpose=count * 0,
        begin=np.array([entries[0][2] for entries in strands], float),
        is_open=count < 0,
        strand=strand,
        stage=stage,
        touchpoint=touchpoint,
        day=day.astype(float),
        visit_strand=strand,
        visit_touchpoint=touchpoint,
        visit_day=day.astype(float),
        touchpoints=("app", "web"),
        purposes=("loan",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


BY_HAND = paths(
    [
        [(0, 0, 0), (1, 1, 4), (2, 1, 10)],
        [(0, 0, 0), (2, 0, 8)],
        [(0, 0, 1)],
        [(0, 1, 2), (1, 1, 4)],
    ],
    is_open=np.array([False, False, True, False]),
)


def test_flows_by_hand() -> None:
    table = flow_table(BY_HAND)
    steps = {tuple(row[1:5]): row[5:] for row in table.itertuples(index=False, name=None)}
    assert set(table["purpose"]) == {"all"}
    assert steps["start", "", "know", "app"][:3] == (3, 3, 0.75)
    assert steps["know", "app", "consider", "web"] == (1, 1, pytest.approx(1 / 3), 4.0)
    assert steps["know", "app", "bought", "app"] == (1, 1, pytest.approx(1 / 3), 8.0)
    assert steps["know", "app", "open", ""][:3] == (1, 1, pytest.approx(1 / 3))
    assert steps["know", "web", "consider", "web"] == (1, 1, 1.0, 2.0)
    assert steps["consider", "web", "silence", ""][:3] == (1, 1, 0.5)
    assert steps["consider", "web", "bought", "web"] == (1, 1, 0.5, 6.0)
    assert len(steps) == 8
    stages = stage_table(BY_HAND).set_index(["stage", "touchpoint"])
    assert stages.loc[("know", "app"), "open"] == pytest.approx(1 / 3)
    assert stages.loc[("know", "app"), "goes_on"] == pytest.approx(2 / 3)
    assert stages.loc[("know", "app"), "median_days"] == 6.0
    assert stages.loc[("consider", "web"), "drop_off"] == 0.5
    assert np.isnan(stages.loc[("bought", "web"), "drop_off"])
    moves = move_table(BY_HAND).set_index(["from_touchpoint", "to_touchpoint"])
    assert moves["moves"].to_dict() == {("app", "app"): 1, ("app", "web"): 1, ("web", "web"): 2}
    assert moves.loc[("app", "web"), "share"] == 0.5
    assert moves.loc[("web", "web"), "median_days"] == 4.0
    one = purpose_table(BY_HAND).iloc[0]
    assert (one["bought"], one["open"], one["silence"]) == (0.5, 0.25, 0.25)
    assert (one["visits"], one["median_days"]) == (2.0, 9.0)
    whole = totals(BY_HAND)
    assert (whole["know"], whole["consider"], whole["bought"]) == (1.0, 0.5, 0.5)
    assert (whole["know_consider_days"], whole["know_bought_days"]) == (3.0, 8.0)


def test_a_visit_stands_where_its_deepest_action_was_and_a_stage_where_it_was_reached() -> None:
    events = [
        ("view", "web", 0, 0), ("cart", "app", 0, 5), ("view", "web", 0, 9),
        ("view", "branch", 3, 0), ("purchase", None, 6, 0),
    ]  # fmt: skip
    rows = [
        (person, "p", action, touchpoint, DAY + pd.Timedelta(days=person + day, minutes=minute))
        for person in range(30)
        for action, touchpoint, day, minute in events
    ]
    names = ["customer_id", "product_id", "action", "touchpoint", "timestamp"]
    products = pd.DataFrame({"product_id": ["p"], "category": ["loan"]})
    data = Dataset.from_frames(pd.DataFrame(rows, columns=names), products=products)
    model = PurposeModel().fit(data)
    found = paths_of(model, model.assign(data), data, 0.1)
    table = flow_table(found)
    steps = ["from_stage", "from_touchpoint", "to_stage", "to_touchpoint"]
    assert table[steps].to_numpy().tolist() == [
        ["start", "", "consider", "app"],
        ["consider", "app", "bought", "unknown touchpoint"],
    ]
    assert table["median_days"].iloc[1] == pytest.approx(6)
    assert move_table(found)["from_touchpoint"].tolist() == ["app", "branch"]


def test_every_strand_is_somewhere_and_purposes_add_up(market: Paths) -> None:
    flows = flow_table(market)
    begins = flows[flows["from_stage"] == "start"]["strands"].sum()
    ends = flows[flows["to_stage"].isin(["silence", "open"])]["strands"].sum()
    assert begins == len(market) == ends + market.is_bought.sum()
    leaving = flows.groupby(["from_stage", "from_touchpoint"])["share"].sum()
    assert leaving.to_numpy() == pytest.approx(1)
    steps = ["from_stage", "from_touchpoint", "to_stage", "to_touchpoint"]
    each = flow_table(market, by_purpose=True)
    summed = each.groupby(steps)["strands"].sum()
    assert summed.sort_index().to_dict() == flows.set_index(steps)["strands"].to_dict()
    assert each["purpose"].iloc[0] == purpose_table(market)["purpose"].iloc[0]
    few = market.at_touchpoints(("web",), others=True)
    assert few.touchpoints == ("web", "other touchpoints")
    assert totals(few) == pytest.approx(totals(market), nan_ok=True)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 5), min_size=8, max_size=60), st.integers(0, 99))
def test_a_group_against_itself_differs_in_nothing(kinds: list[int], seed: int) -> None:
    ways = [
        [(0, 0, 0)], [(0, 1, 0), (1, 0, 3)], [(1, 1, 0)], [(2, 0, 0)],
        [(0, 0, 0), (2, 1, 2)], [(0, 1, 0), (1, 1, 1), (2, 0, 5)],
    ]  # fmt: skip
    some = paths([ways[kind] for kind in kinds])
    table = difference_table(some, some, resamples=40, seed=seed)
    assert (table["difference"].fillna(0) == 0).all()
    assert set(table["verdict"]) <= {"not sure", "too few"}
    known = table[table["verdict"] == "not sure"]
    assert (known["low"] <= 0).all()
    assert (known["high"] >= 0).all()


def test_what_differs_is_found_and_only_that() -> None:
    rng = np.random.default_rng(0)

    def group(buys: float) -> Paths:
        bought, where = rng.random(1_500) < buys, rng.integers(0, 2, 1_500)
        return paths(
            [
                [(0, at, 0.0), *([(2, 1, rng.gamma(2.0, 5.0))] if is_bought else [])]
                for is_bought, at in zip(bought, where.tolist(), strict=True)
            ]
        )

    first, second = group(0.45), group(0.30)
    second = replace(second, customer=second.customer + len(first))
    table = difference_table(first, second).set_index(["what", "from_touchpoint", "to_stage"])
    assert table.loc[("reaches", "", "bought"), "difference"].to_numpy() == pytest.approx(
        0.15, abs=0.04
    )
    sure = table[table["verdict"].isin(["more", "less"])]
    assert {"bought", "silence"} == set(sure.index.get_level_values("to_stage")) - {""}
    more = table.xs("bought", level="to_stage").loc["goes to"]
    assert set(more["verdict"]) == {"more"}
    assert set(table.xs("know", level="to_stage")["verdict"]) == {"not sure"}
    assert table.loc[("mean days", "", "bought"), "verdict"].tolist() == [
        "not sure", "too few",
    ]  # fmt: skip
    swapped = difference_table(second, first).set_index(["what", "from_touchpoint", "to_stage"])
    assert swapped["difference"].to_numpy() == pytest.approx(
        -table["difference"].to_numpy(), nan_ok=True
    )


def test_chance_alone_is_rarely_a_difference(market: Paths) -> None:
    rng = np.random.default_rng(2)
    false = 0
    for seed in range(40):
        first = (rng.random(int(market.customer.max()) + 1) < 0.5)[market.customer]
        table = difference_table(
            market.select(first), market.select(~first), resamples=200, seed=seed
        )
        false += bool(table["verdict"].isin(["more", "less"]).any())
    # Of 40 looks at some 90 comparisons each, 2 are expected; 7 or more have a chance of 1 in 100.
    assert false <= 6


def test_few_customers_make_no_difference() -> None:
    first = paths([[(0, 0, 0.0), (2, 0, 1.0)]] * 19)
    second = replace(paths([[(0, 0, 0.0)]] * 19), customer=np.arange(19) + 19)
    table = difference_table(first, second)
    assert set(table["verdict"]) == {"too few"}
    assert table["low"].isna().all()
