"""The suites that measure purposes, on a market small enough for a test."""

import numpy as np
import pytest

from benchmarks.by_strand import ByStrandSuite
from benchmarks.journey_map import JourneyMapSuite
from benchmarks.purposes import PurposesSuite
from recsys.data.frames import Frames
from recsys.errors import InputError
from recsys.simulation.source import SimulatedMarket

ALS = {"dim": 8, "epochs": 3}


def test_the_suite_of_purposes_measures_against_truth_and_rules() -> None:
    suite = PurposesSuite(events=2_000, large=1_000, complete_journey=None, seeds=2, orders=2)
    figures = suite.figures()
    assert figures["index_category"] > figures["index_customer_category_50_days"]
    assert (
        figures["index_category"] > figures["index_customer_category"] > figures["index_sessions"]
    )
    assert figures["ece_category"] < 0.1
    assert figures["orders_market_category"] == pytest.approx(1.0)
    assert 0 < figures["fresh_cpu_ms_median"] <= figures["fresh_cpu_ms_p95"]
    assert all(np.isfinite(list(figures.values())))


def test_the_suite_of_strands_pairs_the_models() -> None:
    suite = ByStrandSuite(
        data=SimulatedMarket(events=4_000), window="valid", column="category",
        floor=0.1, boost=1.0, als=ALS, resamples=50,
    )  # fmt: skip
    figures = suite.figures()
    assert figures["queries"] > figures["queries_two"] > 0
    for metric in ("recall@10", "ndcg@10"):
        assert figures[f"{metric}_gain_low"] <= figures[f"{metric}_gain"]
        assert figures[f"{metric}_gain"] <= figures[f"{metric}_gain_high"]


def test_a_source_without_cut_offs_or_a_published_split_is_refused() -> None:
    tables = SimulatedMarket(events=1_000).load()
    source = Frames(tables=tables, targets=("purchase",), filter_seen=False, name="shop")
    suite = ByStrandSuite(
        data=source, window="valid", column="category", floor=0.1, boost=1.0, als=ALS
    )
    with pytest.raises(InputError, match="a published split needs a column 'part'"):
        suite.figures()


def test_the_suite_of_journey_maps_counts_false_alarms_and_seconds() -> None:
    figures = JourneyMapSuite(events=2_000, parts=3, large=2_000).figures()
    assert 0 <= figures["false_alarms"] <= 1
    assert figures["comparisons"] > 10
    assert figures["strands"] > 100
    assert figures["difference_seconds"] > 0
