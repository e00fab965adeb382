"""What a retraining refuses in new data, and what ordinary growth may do."""

import json
from dataclasses import asdict
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.check import check_tables
from recsys.data.frames import Frames
from recsys.data.interactions import DAY
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.experiments.retrain.column_sketch import drift, sketch
from recsys.experiments.retrain.data_checks import Limits, check_data
from recsys.experiments.retrain.data_profile import DataProfile, data_profile
from recsys.experiments.retrain.history import overlap, sample_events
from recsys.simulation import SimulatedMarket

START = pd.Timestamp("2025-01-01", tz="UTC")


@cache
def market() -> dict[str, pd.DataFrame]:
    return dict(SimulatedMarket(events=10_000).load().items())


def until(month: int) -> dict[str, pd.DataFrame]:
    """The market's tables as they were at the end of a month."""
    end = START + pd.DateOffset(months=month)
    return {
        name: table[table["timestamp"].isna() | (table["timestamp"] < end)]
        if "timestamp" in table
        else table
        for name, table in market().items()
    }


def is_new(events: pd.DataFrame, month: int) -> pd.Series:
    return events["timestamp"] >= START + pd.DateOffset(months=month - 1)


def checked(frames: dict[str, pd.DataFrame]) -> Tables:
    return check_tables(Tables(**frames))


def profile(tables: Tables, **settings: object) -> DataProfile:
    source = Frames(
        tables=tables, name="toy", **{"targets": ("purchase",), "filter_seen": True, **settings}
    )
    return data_profile(source, tables)


@cache
def former(month: int) -> DataProfile:
    """As the next retraining reads it from MLflow."""
    return DataProfile.of_plain(json.loads(json.dumps(profile(checked(until(month))).plain())))


def failed(frames: dict[str, pd.DataFrame], month: int, **limits: float) -> dict[str, str]:
    """Check -> failure of the tables at the end of a month, against the month before."""
    tables = checked(frames)
    findings = check_data(former(month - 1), profile(tables), tables, Limits(**limits))
    return {finding.check: finding.failure for finding in findings if finding.failure}


LATER = [pytest.param(month, marks=pytest.mark.slow) for month in (3, 4, 5, 6, 8, 9, 10, 11, 12)]


@pytest.mark.parametrize("month", [2, 7, *LATER])
def test_the_months_of_a_growing_market_pass(month: int) -> None:
    assert failed(until(month), month) == {}


def with_events(events: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {**until(7), "interactions": events}


def swapped(first: str, second: str) -> dict[str, pd.DataFrame]:
    events = until(7)["interactions"].copy()
    rows = is_new(events, 7)
    events.loc[rows, [first, second]] = events.loc[rows, [second, first]].to_numpy()
    return with_events(events[events["customer_id"].notna()])


def test_half_of_the_new_events_lost_is_refused() -> None:
    events = until(7)["interactions"]
    lost = is_new(events, 7) & (events.index % 2 == 1)
    found = failed(with_events(events[~lost]), 7)
    assert list(found) == ["events"]
    assert found["events"].startswith("expected 0.6 to 2 times the ")
    assert failed(with_events(events[~lost]), 7, fewer=0.4) == {}


def test_half_of_all_events_lost_is_refused() -> None:
    events = until(7)["interactions"]
    assert set(failed(with_events(events[events.index % 2 == 0]), 7)) >= {"rows", "history"}


def test_a_month_loaded_twice_is_refused() -> None:
    events = until(7)["interactions"]
    twice = pd.concat([events, *2 * [events[is_new(events, 7)]]])
    assert list(failed(with_events(twice), 7)) == ["events"]


@pytest.mark.parametrize(
    ("pair", "check"),
    [
        (("value", "duration"), "columns"),
        (("context_device", "context_intent"), "columns"),
        (("touchpoint", "context_device"), "columns"),
        (("customer_id", "product_id"), "known"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else value,
)
def test_two_swapped_columns_are_refused(pair: tuple[str, str], check: str) -> None:
    assert check in failed(swapped(*pair), 7)


def test_a_missing_column_is_refused_by_its_name() -> None:
    frames = {**until(7), "products": until(7)["products"].drop(columns="price")}
    assert failed(frames, 7) == {
        "schema": "expected products.price to be a number, as last time, got no such column"
    }


def test_a_missing_table_is_refused() -> None:
    frames = {name: table for name, table in until(7).items() if name != "identities"}
    assert failed(frames, 7)["schema"] == "expected a table identities, as last time, got none"


def test_other_targets_are_refused() -> None:
    tables = checked(until(7))
    findings = check_data(former(6), profile(tables, targets=("click",)), tables, Limits())
    assert findings[1].line() == (
        "settings: expected data.targets=[purchase], as last time, got [click]; if that is right, "
        "say accept_change=settings"
    )


def events_of(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{row % 7}" for row in range(count)],
            "product_id": [f"p{row % 5}" for row in range(count)],
            "action": "purchase",
            "timestamp": START + pd.to_timedelta(np.arange(count), unit="h"),
            "value": np.arange(count, dtype=float),
        }
    )


def test_events_that_are_gone_and_changed_are_counted() -> None:
    events = events_of(100)
    now = events.drop(index=range(10)).assign(value=lambda frame: frame["value"] + 1)
    now.loc[50:, "value"] -= 1
    first = pd.concat([events.iloc[[0]], now])
    found = overlap(sample_events(events), first)
    assert (found.events, found.gone, found.changed) == (100, pytest.approx(0.09), 0.4)


def test_an_export_of_the_last_days_alone_has_lost_nothing() -> None:
    events = events_of(100)
    found = overlap(sample_events(events), events.iloc[40:])
    assert (found.events, found.gone, found.changed) == (60, 0.0, 0.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_a_column_has_no_drift_from_itself(numbers: list[float]) -> None:
    column = pd.Series(numbers)
    assert drift(sketch(column), column) == 0
    assert drift(sketch(column.astype(str)), column.astype(str)) == 0


def test_drift_is_the_share_that_changed() -> None:
    former_column = pd.Series(["app"] * 6 + ["web"] * 4)
    assert drift(sketch(former_column), pd.Series(["app"] * 3 + ["web"] * 7)) == pytest.approx(0.3)
    numbers = pd.Series(np.arange(10.0))
    assert drift(sketch(numbers), numbers + 5) == pytest.approx(0.5, abs=0.1)
    assert drift(sketch(numbers), numbers.mask(numbers < 4)) == pytest.approx(0.4, abs=0.2)


def test_the_rate_of_events_counts_parts_of_days() -> None:
    tables = checked({"interactions": events_of(96)})
    found = profile(tables)
    start = found.first_day * DAY
    assert found.days == (24, 24, 24, 24)
    assert found.rate(start + DAY // 2, start + 2 * DAY) == pytest.approx(24)
    assert found.rate(start - 1, start + DAY) is None


def test_a_profile_of_something_else_is_one_line() -> None:
    plain = asdict(profile(checked({"interactions": events_of(30)})))
    with pytest.raises(InputError, match="data profile of the last retraining cannot be read"):
        DataProfile.of_plain({**plain, "history": 7})
