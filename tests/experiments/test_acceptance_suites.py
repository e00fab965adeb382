"""What suites of acceptance measure, and that their features know nothing of what is to come."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from public_data import published
from sends_maker import DAY, sends

from benchmarks.acceptance.coupon_tasks import CouponTasks
from benchmarks.acceptance.coupons import CouponSuite
from benchmarks.acceptance.plot import reliability_plot
from benchmarks.acceptance.reading import (
    AcceptanceReading,
    Task,
    chosen,
    figures,
    group_errors,
    read,
)
from benchmarks.acceptance.report import Report
from benchmarks.acceptance.starbucks import VALID, offer_task
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.interactions import NEVER, SECOND
from recsys.data.sources.complete_journey_coupons import CouponTables, read_coupons
from recsys.data.sources.starbucks import Starbucks, moment
from recsys.data.sources.starbucks_labels import label_sends
from recsys.errors import InputError
from recsys.evaluation.slices import Cut
from recsys.models.acceptance import Acceptance, Features, Pairwise

HOW: dict[str, Any] = {"equal": "width", "resamples": 50}
START = pd.Timestamp("2017-11-15", tz="UTC")
"""Of a campaign of type B, while others run."""


def reading(name: str = "game_test", value: bool = False) -> AcceptanceReading:
    generator = np.random.default_rng(0)
    chance = generator.beta(1, 2, 400)
    return AcceptanceReading(
        name=name,
        probabilities={
            "pairwise": np.full(400, 1 / 3), "boosting": chance, "rule": generator.random(400),
        },
        outcome=(generator.random(400) < chance).astype(np.int64),
        customers=np.arange(400) // 2,
        groups={"side": Cut(("left", "far right"), np.arange(400) % 2)},
        value=np.full(400, 2.0) if value else None,
    )  # fmt: skip


def test_figures_are_flat_and_have_ends() -> None:
    numbers = figures(reading(value=True), ["rule"], **HOW)
    assert numbers["game_test_sends"] == 400
    assert numbers["game_test_customers"] == 200
    assert numbers["game_test_pairwise_auc"] == 0.5
    for key in ("boosting_auc", "boosting_minus_pairwise_log_loss", "boosting_minus_rule_auc",
                "value", "boosting_value_excess"):  # fmt: skip
        low, mean, high = (numbers[f"game_test_{key}{end}"] for end in ("_low", "", "_high"))
        assert low < mean < high
    assert numbers["game_test_value"] == pytest.approx(2 * numbers["game_test_accepted"] / 400)
    assert "game_test_value" not in figures(reading(), ["rule"], **HOW)


def test_errors_by_group_are_those_of_the_groups() -> None:
    errors, whole = group_errors(reading(), "pairwise", **HOW), reading()
    for name, part in (("left", slice(0, None, 2)), ("far_right", slice(1, None, 2))):
        key = f"game_test_pairwise_ece_side_{name}"
        assert errors[key] == pytest.approx(abs(whole.outcome[part].mean() - 1 / 3))
        assert errors[f"{key}_low"] < errors[f"{key}_high"]


def test_boosting_is_chosen_where_it_is_better_beyond_doubt() -> None:
    better = reading()
    assert chosen(better, **HOW) == "boosting"
    chance = better.probabilities["rule"] / 2 + 0.25
    same = replace(better, probabilities={"pairwise": chance, "boosting": chance})
    assert chosen(same, **HOW) == "pairwise"


def test_a_report_lies_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = Report("A game", ["rule"], **HOW)
    report.add(reading("game_valid"), reading("game_test"))
    numbers = report.written()
    assert numbers["game_test_boosting_chosen"] == 1
    assert json.dumps(dict(numbers))
    table = (tmp_path / "table.md").read_text()
    assert "**game test**: 400 sends" in table
    assert "| boosting - rule |" in table
    assert (tmp_path / "reliability.png").stat().st_size > 10_000


def test_the_picture_has_a_panel_for_all_and_one_a_dimension() -> None:
    figure = reliability_plot("A game", [(reading(), "boosting")], "width", 20)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "game: all sends", "boosting by side",
    ]  # fmt: skip


def test_each_moment_of_a_window_learns_from_what_was_resolved_before_it() -> None:
    learned: list[int] = []

    class Watching(Acceptance):
        def fit(self, features: Features, outcome: Any, customers: Any) -> "Watching":
            learned.append(int(features.values[:, 0].max()))
            return super().fit(features, outcome, customers)

    # One send a day, known five days later; a window of the days 40 and 50.
    rows = [(day % 7, 0, day, day + 1 if day % 3 == 0 else None) for day in range(60)]
    made = sends(*rows, wait=5)
    features = Features(values=np.arange(60.0)[:, None], names=("send.day",))
    task = Task(
        name="game", sends=made, features=features,
        planned_features=Features(values=np.full((60, 1), 7.0), names=("send.day",)),
        rates={"rule": np.linspace(0, 1, 60)}, groups={"half": Cut(("a",), np.zeros(60, np.int64))},
    )  # fmt: skip
    in_window = np.isin(made.when, [40 * DAY, 50 * DAY])
    result = read(task, "test", in_window, {"pairwise": Watching(Pairwise())})
    # What was sent on day 35 is resolved at the first moment itself, and so not before it.
    assert learned == [34, 44]
    assert result.name == "game_test"
    assert result.outcome.tolist() == made.outcome[in_window].tolist()
    assert len(set(result.probabilities["pairwise"])) == 2
    assert result.probabilities["rule"].tolist() == np.linspace(0, 1, 60)[[40, 50]].tolist()


def test_a_setting_out_of_range_comes_before_the_folder() -> None:
    settings: dict[str, Any] = {"root": "nowhere", "pairwise": {}, "boosting": {}}
    for changed, words in (
        ({"equal": "weight"}, "suite.equal: expected width or count"),
        ({"resamples": 0}, "suite.resamples: expected"),
        ({"calibration": "beta"}, "platt or isotonic"),
        ({}, "suite.root=nowhere: expected a folder"),
    ):
        with pytest.raises(InputError, match=words):
            CouponSuite(**(settings | changed))


def until(tables: CouponTables, moment: pd.Timestamp) -> CouponTables:
    """The tables as they were at the moment, when campaigns that open then were just sent."""
    known = {}
    for name in ("mailings", "coupon_sends"):
        rows = getattr(tables, name)
        rows = rows[rows["timestamp"] <= moment].copy()
        late = ~(rows["answered_at"] < moment)
        rows.loc[late, "outcome"], rows.loc[late, "answered_at"] = "ignore", pd.NaT
        known[name] = rows
    for name in ("purchases", "redemptions"):
        rows = getattr(tables, name)
        known[name] = rows[rows["timestamp"] < moment]
    return replace(tables, **known)


@pytest.mark.realdata
def test_features_of_coupons_know_nothing_dated_at_their_start_or_later() -> None:
    whole = read_coupons(published("complete_journey"))
    worlds = [CouponTasks(world, frozen=0) for world in (whole, until(whole, START))]
    for make, rows in ((CouponTasks.campaigns, 130), (CouponTasks.coupons, 130 * 11)):
        frames = []
        for tasks in worlds:
            task = make(tasks)
            opened = task.sends.select(task.sends.when == int(START.timestamp()) * SECOND)
            known = task.features.select(task.sends.when == int(START.timestamp()) * SECOND)
            frame = pd.DataFrame(known.values, columns=known.names).assign(
                customer=tasks.customers.ids[opened.customers],
                offer=opened.offers,
                rule=task.rates["rule"][task.sends.when == int(START.timestamp()) * SECOND],
            )
            frames.append(frame.set_index(["customer", "offer"]).sort_index())
        assert len(frames[0]) == rows
        pd.testing.assert_frame_equal(*frames, check_exact=False, atol=1e-9)


@pytest.mark.realdata
def test_features_of_starbucks_know_nothing_dated_at_their_wave_or_later() -> None:
    tables = check_tables(Starbucks(root=published("starbucks_offers")).load())
    source = Starbucks(root=published("starbucks_offers"))
    assert tables.products is not None
    labels = label_sends(tables.interactions, tables.products)
    wave, frames = moment(504), []
    events, sent = tables.interactions, labels["timestamp"] == wave
    for world, told in (
        (events, labels),
        (
            events[
                (events["timestamp"] < wave)
                | ((events["timestamp"] == wave) & (events["action"] == "contact"))
            ],
            labels[labels["timestamp"] <= wave].assign(
                viewed=labels["viewed"] & ~sent,
                viewed_at=labels["viewed_at"].where(~sent),
            ),
        ),
    ):
        data = build(source, replace(tables, interactions=world))
        task = offer_task(data, told.reset_index(drop=True), "viewed")
        rows = task.sends.when == VALID
        names = data.customers.ids[task.sends.customers[rows]]
        frame = pd.DataFrame(
            task.planned_features.values[rows], index=names, columns=task.planned_features.names
        )
        frames.append(
            frame.assign(**{name: rate[rows] for name, rate in task.rates.items()}).sort_index()
        )
        assert task.sends.interrupted is not None
        known = task.sends.known_before(VALID)
        assert (task.sends.interrupted[known][task.sends.interrupted[known] < NEVER] < VALID).all()
    pd.testing.assert_frame_equal(*frames, check_exact=False, atol=1e-9)
