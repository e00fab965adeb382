"""Segments and signals as columns of customers: by date, obeyed by cut-offs, audited."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from event_tables import DAY, events

from recsys.cli.composed_source import composed_source
from recsys.customers.lifetime_value.forecast import forecast
from recsys.customers.lifetime_value.observe import observe
from recsys.customers.with_segments import WithSegments
from recsys.data.dataset import Dataset
from recsys.data.frames import Frames
from recsys.data.interactions import SECOND
from recsys.data.queries import Split
from recsys.data.snapshots import Snapshot, dated_customers
from recsys.data.split import TimeSplit
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.graph.features import feature_terms
from recsys.models.segment_column import column_cells
from recsys.policy.rules.compile import compile_rules
from recsys.policy.rules.read import policy_of
from recsys.policy.rules.values import customer_factors

ROWS = [
    (customer, product, "purchase", days, 10.0)
    for customer, product, days in [
        ("ann", "p", 200), ("ann", "q", 40), ("bob", "p", 150), ("bob", "q", 8), ("cem", "q", 100),
        ("cem", "p", 20), ("dee", "p", 190), ("ann", "r", 5),
    ]
]  # fmt: skip
CUTOFFS = {
    name: pd.Timestamp("2026-03-01", tz="UTC") - pd.Timedelta(days=days)
    for name, days in (("valid_from", 60), ("test_from", 10))
}


class Leaky(WithSegments):
    """Counts segments and signals from all that ever happened, whatever the moment."""

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        return super().snapshot(data, data.as_of)


def source(tmp_path: Path, kind: type[WithSegments] = WithSegments, **files: Any) -> WithSegments:
    """The rows with the segments or signals of YAML texts, or a forecast of so many days."""
    paths: dict[str, Any] = {"segments": None, "value_days": files.pop("value_days", None)}
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
        paths[name] = str(tmp_path / f"{name}.yaml")
    tables = Tables(
        interactions=events(ROWS),
        customers=pd.DataFrame({"customer_id": ["ann", "bob", "eve"], "age": [20, 30, 40]}),
    )
    frames = Frames(tables=tables, targets=("purchase",), filter_seen=True, name="shop")
    return kind(source=frames, every=30, **paths)


SEGMENTS = {"segments": 'segments: {recent: "silent(45) = false"}'}
VALUE = {"value_days": 30}
SIGNALS = {"signals": 'signals: {back: "count(*) FILTER (days_ago < 45) > 0"}'}


def test_a_cut_off_takes_the_latest_count_before_it(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path, **SEGMENTS, **SIGNALS))
    split = TimeSplit(**CUTOFFS).split(data)
    for past in (split.valid.past, split.test.past):
        cells, count = column_cells(past, "recent")
        table = past.side_tables["customers"]
        assert (table["valid_from"].dropna() < pd.Timestamp(past.as_of, unit="us", tz="UTC")).all()
        assert count == 2
        assert cells[past.customers.rows(np.array(["eve"], object))[0]] == 0
    assert split.valid.past.side_tables["customers"]["age"].dropna().isin([20, 30, 40]).all()


@pytest.mark.parametrize("files", [SEGMENTS, SIGNALS, VALUE])
def test_a_leak_planted_in_segments_signals_or_value_is_caught(
    files: dict[str, Any], tmp_path: Path
) -> None:
    data = Dataset.from_source(source(tmp_path, Leaky, **files))
    with pytest.raises(InputError, match=r"leakage audit, snapshots of valid: customers: customer"):
        TimeSplit(**CUTOFFS).split(data)


def test_value_columns_are_those_of_the_events_before_the_cut_off(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path, **VALUE))
    past = TimeSplit(**CUTOFFS).split(data).test.past
    table = past.side_tables["customers"].dropna(subset=["expected_purchases"])
    table = table[table["valid_from"] == table["valid_from"].max()].set_index("customer_id")
    moment = int(table["valid_from"].max().timestamp()) * SECOND
    assert past.as_of - 30 * DAY <= moment < past.as_of
    seen = observe(past.before(moment), ("purchase",))
    expected = forecast(seen, 30)
    table = table.loc[past.customers.ids[seen.customers]]
    np.testing.assert_array_equal(table["expected_purchases"], expected.purchases.mean)
    assert table["expected_value"].isna().all()  # too few have a value for a model of spending
    assert sorted(table["expected_value_band"].unique()) == ["high", "low", "medium"]


def test_a_forecast_is_what_a_customer_is_worth_to_a_policy(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path, **VALUE))
    content = {"arbitration": {"customer_value": "customer.expected_purchases"}}
    factors = customer_factors(policy_of(content, "mine"), data)
    table = data.side_tables["customers"].dropna(subset=["expected_purchases"])
    latest = table[table["valid_from"] == table["valid_from"].max()]
    rows = data.customers.rows(latest["customer_id"].to_numpy())
    np.testing.assert_allclose(factors[rows], latest["expected_purchases"])
    assert len(rows) == 4


class Tampered(TimeSplit):
    """Hands over segments of today under dates of yesterday."""

    def divide(self, data: Dataset, source: object) -> Split:
        split = super().divide(data, source)
        past = split.valid.past
        table = past.side_tables["customers"].copy()
        table["recent"] = ~table["recent"]
        leaky = replace(past, side_tables={**past.side_tables, "customers": table})
        return replace(split, valid=replace(split.valid, past=leaky))


def test_values_that_a_split_changed_are_caught(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path, **SEGMENTS))
    with pytest.raises(InputError, match="column 'recent': expected what the events before"):
        Tampered(**CUTOFFS).split(data)


def test_other_columns_are_those_known_at_the_moment_of_a_row() -> None:
    def day(number: int) -> pd.Timestamp:
        return pd.Timestamp(f"2026-01-{number:02}", tz="UTC")

    base = pd.DataFrame(
        {"customer_id": ["a", "a", "b"], "age": [1.0, np.nan, 5.0],
         "valid_from": [day(1), day(10), pd.NaT]}
    )  # fmt: skip
    counted = pd.DataFrame({"customer_id": ["a", "c"], "hot": [True, False]})
    moments = [int(day(number).value // 1_000) for number in (5, 12)]
    table = dated_customers(base, dict.fromkeys(moments, counted))
    got = table.sort_values(["customer_id", "valid_from"], na_position="first")
    assert [
        (row.customer_id, "" if pd.isna(row.valid_from) else row.valid_from.day,
         None if pd.isna(row.age) else row.age, None if pd.isna(row.hot) else row.hot)
        for row in got.itertuples()
    ] == [
        ("a", 1, 1.0, None), ("a", 5, 1.0, True), ("a", 10, None, True), ("a", 12, None, True),
        ("b", "", 5.0, None), ("c", 5, None, False), ("c", 12, None, False),
    ]  # fmt: skip


def test_a_column_that_customers_have_is_not_counted_over(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="customers: expected no column 'age'"):
        Dataset.from_source(source(tmp_path, segments='segments: {age: "count(*) > 1"}'))
    with pytest.raises(InputError, match="no segment or signal named 'expected_value_band'"):
        source(tmp_path, segments='segments: {expected_value_band: "1 = 1"}', **VALUE)
    with pytest.raises(InputError, match=r"data\.signals: expected names that no segment has"):
        source(tmp_path, segments='segments: {x: "1 = 1"}', signals='signals: {x: "1 = 1"}')


def test_a_column_is_a_feature_and_a_condition_of_a_rule(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path, **SEGMENTS))
    table = data.side_tables["customers"]
    features = feature_terms(table, "customer_id", data.customers, data.as_of_seconds)
    assert features.encodings["recent"] == "yes or no"
    content = {"eligibility": [{"name": "now", "customers": "customer.recent"}]}
    (rule,) = compile_rules(policy_of(content, "mine"), data).groups
    allowed = rule.allowed[rule.customers, 0]
    assert set(data.customers.ids[allowed]) == {"ann", "bob", "cem"}


@pytest.mark.parametrize("kind", ["with_segments", "with_clusters"])
def test_the_tables_may_be_of_any_source_by_its_name(kind: str, tmp_path: Path) -> None:
    events(ROWS).to_csv(tmp_path / "interactions.csv", index=False)
    root = f"data.source.root={tmp_path}"
    made = composed_source([f"data={kind}", "data@data.source=files", root])
    assert len(made.load().interactions) == len(ROWS)
    if kind == "with_clusters":
        words = [f"data={kind}", "data@data.source=files", root, "model@data.model=xsimgcl"]
        assert "XSimGCL" in composed_source(words).version
