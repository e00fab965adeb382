"""The ladder under a policy: its figures, its page and its files."""

from functools import cache

import pytest
from ladder_runs import MODELS, market_run

from recsys.policy.rules.read import read_policy
from recsys.reports.ladder.files import ladder_files
from recsys.reports.ladder.ladder import Ladder, ladder, rows
from recsys.reports.ladder.page import ladder_page
from recsys.reports.ladder.rungs import RUNGS
from recsys.reports.ladder.words import summary


@cache
def market() -> Ladder:
    runs = [market_run(model) for model in MODELS]
    return ladder(runs, with_slices=False, policy=read_policy("market"))


def test_before_the_rules_the_figures_are_those_of_the_ladder() -> None:
    assert market().after_rules is not None
    for rung in RUNGS:
        (kept,) = rows(market().rates, dimension="all", rung=rung)
        (row,) = rows(market().after_rules.rungs, rung=rung, measure="hits")  # type: ignore[union-attr]
        assert row["free"] == pytest.approx(kept["mean"])
        assert row["taken"] == pytest.approx(row["free"] - row["left"])
        assert row["left_low"] <= row["left"] <= row["left_high"]


def test_every_rule_has_a_cost_in_hits_and_in_value() -> None:
    after = market().after_rules
    assert after is not None
    assert after.worth == "margin"
    names = set(after.rules["rule"])
    assert {"loans_for_adults", "bought_lately", "two_a_week", "consent"} <= names
    assert len(after.rules) == 2 * len(names)
    assert (after.rules["cost_low"] <= after.rules["cost_high"]).all()


def test_the_page_and_the_files_show_what_rules_cost() -> None:
    page = ladder_page(market())
    assert "What the rules cost" in page
    assert "bought_lately" in page
    assert any("Under the rules of market" in sentence for sentence in summary(market()))
    files = ladder_files(market())
    assert {"after_rules.csv", "rules.csv"} <= set(files)
    assert b"bought_lately" in files["rules.csv"]
