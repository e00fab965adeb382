"""Intent to leave: features from the past alone, probabilities that beat the silence alone."""

import numpy as np
import pandas as pd
import pytest
from in_memory import at
from public_data import published

from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, SECOND
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.errors import InputError
from recsys.journeys.leaving.holdout import MODEL, RATE, SILENCE, hold_out_leaving
from recsys.journeys.leaving.learn import learn_leaving
from recsys.journeys.leaving.observe import FEATURES, looks
from recsys.journeys.leaving.retention import retention_factors
from recsys.simulation import SimulatedMarket

END = pd.Timestamp("2026-01-01", tz="UTC")
MOMENT = int(END.timestamp()) * SECOND
ROWS = [
    ("ann", "view", 100), ("ann", "view", 40), ("ann", "purchase", 10), ("ann", "contact", 2),
    ("bob", "purchase", 400), ("cem", "view", 20), ("cem", "reject", 5), ("cem", "view", -3),
    ("ann", "ignore", -4),
]  # fmt: skip
"""Customer, action and days before the end."""


def data_of(rows: list[tuple[str, str, int]]) -> Dataset:
    return Dataset.from_frames(
        pd.DataFrame(
            {
                "customer_id": [row[0] for row in rows],
                "action": [row[1] for row in rows],
                "timestamp": [END - pd.Timedelta(days=row[2]) for row in rows],
            }
        )
    )


def test_features_and_who_left_worked_by_hand() -> None:
    data = data_of(ROWS)
    seen = looks(data, [MOMENT], 30)
    who = data.customers.ids[seen.customers].tolist()
    # Bob left more than a year ago.
    assert sorted(who) == ["ann", "cem"]
    by_name = dict(zip(who, seen.values, strict=True))
    ann = dict(zip(FEATURES, by_name["ann"], strict=True))
    assert ann["days_since_event"] == 2
    assert ann["days_known"] == 100
    assert [ann[f"events_{days}"] for days in (14, 30, 60, 365)] == [2, 2, 3, 4]
    assert ann["trend"] == pytest.approx(np.log(3 / 1.5))
    assert ann["mean_gap"] == 25
    assert ann["last_gap"] == 8
    assert (ann["days_since_purchase"], ann["contacts_90"], ann["rejects_180"]) == (10, 1, 0)
    cem = dict(zip(FEATURES, by_name["cem"], strict=True))
    # The answer to an offer is nothing that he did by himself.
    assert (cem["days_since_event"], cem["rejects_180"], cem["days_since_reject"]) == (20, 1, 5)
    assert dict(zip(who, seen.left.tolist(), strict=True)) == {"ann": True, "cem": False}


def test_nothing_after_the_moment_changes_a_feature() -> None:
    past = [row for row in ROWS if row[2] > 0]
    one, other = (looks(data_of(rows), [MOMENT], 30) for rows in (ROWS, past))
    by_id = [
        dict(zip(data_of(rows).customers.ids[seen.customers], seen.values.tolist(), strict=True))
        for rows, seen in ((ROWS, one), (past, other))
    ]
    np.testing.assert_equal(*by_id)


def test_the_market_s_customers_who_leave_are_found() -> None:
    data = Dataset.from_source(SimulatedMarket(events=40_000))
    scores = hold_out_leaving(data, at("2025-08-01"), 60, resamples=100)
    auc = scores.scores.difference(MODEL, SILENCE, "auc")
    assert auc.verdict == "win"
    assert scores.scores.difference(MODEL, RATE, "log_loss").verdict == "loss"
    assert scores.scores.interval(MODEL, "auc").mean > 0.72
    assert scores.calibration.ece < 0.05


@pytest.mark.realdata
def test_households_that_stop_shopping_are_found() -> None:
    data = Dataset.from_source(CompleteJourney(root=published("complete_journey")))
    scores = hold_out_leaving(data, data.as_of - 28 * DAY, 14, resamples=100)
    assert scores.scores.difference(MODEL, SILENCE, "auc").verdict == "win"
    assert scores.scores.interval(MODEL, "auc").low > 0.77
    assert scores.calibration.ece < 0.05


def test_data_that_are_too_short_or_of_one_kind_are_refused() -> None:
    data = data_of(ROWS)
    with pytest.raises(InputError, match=r"days: expected at least 50 customers who left"):
        learn_leaving(data, MOMENT, 30)
    with pytest.raises(InputError, match=r"days: expected at most 370, so that a month"):
        learn_leaving(data, MOMENT, 390)
    with pytest.raises(InputError, match=r"which is how far the data reach, got 30"):
        hold_out_leaving(data, MOMENT, 30)


def test_factors_raise_those_who_leave_more_than_most_and_lower_nobody() -> None:
    factors = retention_factors(np.array([0.1, 0.3, 0.2, np.nan]))
    np.testing.assert_allclose(factors, [1, 1.5, 1, 1])
    assert retention_factors(np.array([1.0, *[0.0] * 99])).max() == 10
    assert retention_factors(np.array([np.nan])).tolist() == [1]
