"""Moments as columns and events: by date, obeyed by cut-offs, audited."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from in_memory import at

from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.data.snapshots import Snapshot
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.graph.features import feature_terms
from recsys.journeys.moment_events import moment_events
from recsys.journeys.with_moments import WithMoments
from recsys.simulation import SimulatedMarket

CUTOFFS = {"valid_from": "2025-08-01", "test_from": "2025-10-01"}


class Leaky(WithMoments):
    """Tells moments from all that ever happened, whatever the moment."""

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        return super().snapshot(data, data.as_of)


def source(kind: type[WithMoments] = WithMoments, days: int | None = 60) -> WithMoments:
    return kind(source=SimulatedMarket(events=4_000), label="outcome", days=days, every=365)


@cache
def data() -> Dataset:
    return Dataset.from_source(source())


def test_a_cut_off_takes_the_latest_columns_before_it_and_they_are_features() -> None:
    past = TimeSplit(**CUTOFFS).split(data()).test.past
    table = past.side_tables["customers"]
    assert (table["valid_from"].dropna() < pd.Timestamp(past.as_of, unit="us", tz="UTC")).all()
    latest = table[table["valid_from"] == table["valid_from"].max()]
    assert latest[["next_buy", "next_do", "next_know"]].sum(axis=1).to_numpy() == pytest.approx(1)
    assert latest["leaving"].between(0, 1).mean() > 0.8
    terms = feature_terms(table, "customer_id", past.customers, past.as_of_seconds)
    assert terms.encodings["leaving"].startswith("number")
    assert terms.encodings["next_do"].startswith("number")


def test_a_leak_planted_in_moments_is_caught() -> None:
    with pytest.raises(InputError, match=r"leakage audit, snapshots of valid: customers: customer"):
        TimeSplit(**CUTOFFS).split(Dataset.from_source(source(Leaky, days=None)))


def test_events_of_moments_are_known_from_the_first_event_of_their_session() -> None:
    start = at("2025-08-01")
    rows = moment_events(data(), "outcome", [start])
    assert set(rows["touchpoint"]) == {"moment_buy", "moment_do", "moment_know"}
    assert (rows["timestamp"] >= pd.Timestamp("2025-08-01", tz="UTC")).all()
    events = data().interactions
    later = events.when >= start + 30 * 86_400 * SECOND
    earlier = moment_events(data().select(~later), "outcome", [start])
    kept = rows[rows["timestamp"] < pd.Timestamp("2025-08-31", tz="UTC")]
    assert len(earlier) > 50
    pd.testing.assert_frame_equal(
        *(each.sort_values(["customer_id", "timestamp"], ignore_index=True)
          for each in (earlier, kept))
    )  # fmt: skip
    with pytest.raises(InputError, match="at least 50 past sessions"):
        moment_events(data(), "outcome", [int(events.when[10])])


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InputError, match=r"data.days: expected a number of days >= 1, got 0"):
        WithMoments(source=SimulatedMarket(events=2_000), days=0)
    with pytest.raises(InputError, match=r"data.every: expected a number of days >= 1, got 0"):
        WithMoments(source=SimulatedMarket(events=2_000), every=0)
    assert np.isnan(data().side_tables["customers"]["leaving"]).any()
