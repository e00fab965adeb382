"""What is dated in the future is refused by row, in every table that says what happened."""

from pathlib import Path

import pandas as pd
import pytest
from in_memory import dataset_of
from script_runner import run_train_job
from small_shop import FIT, cell, write_shop

from recsys.data.check import check_tables
from recsys.data.plausible import HAPPENED
from recsys.data.sources.files import Files
from recsys.data.tables import EndingTables
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket
from recsys.simulation.calendar import LAST


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_shop(tmp_path / "tables")
    return tmp_path


def refusal(folder: Path, **settings: str) -> str:
    with pytest.raises(InputError) as caught:
        check_tables(Files(root=str(folder / "tables"), **settings).load())
    message = str(caught.value)
    assert "\n" not in message
    return message


def in_hours(hours: float) -> str:
    return (pd.Timestamp.now(tz="UTC") + pd.Timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize("table", HAPPENED)
def test_a_moment_of_the_future_is_refused_by_row(shop: Path, table: str) -> None:
    column = HAPPENED[table]
    cell(table, 1, column, "2199-01-01")(shop)
    message = refusal(shop)
    assert f"{table}: row 1, column '{column}': expected a time up to 2" in message
    assert "got 2199-01-01 00:00:00+00:00" in message
    assert "now, and a day for time zones" in message
    assert "data.ends" in message


@pytest.mark.parametrize("table", HAPPENED)
@pytest.mark.parametrize("zero", ["1899-12-30", "1900-01-01", "1904-01-01", "1969-12-31T19:00:00Z"])
def test_the_zero_of_a_spreadsheet_is_refused_by_row(shop: Path, table: str, zero: str) -> None:
    cell(table, 0, HAPPENED[table], zero)(shop)
    message = refusal(shop)
    assert f"{table}: row 0, column '{HAPPENED[table]}': expected a time from 1970-01-01" in message
    assert f"got {zero[:10]}" in message


def test_a_run_ends_with_one_line_and_code_2(shop: Path, capsys: pytest.CaptureFixture) -> None:
    cell("interactions", 9, "timestamp", "2199-01-23")(shop)
    assert run_train_job(*FIT, cwd=shop) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("error: ")
    assert "interactions: row 9, column 'timestamp': expected a time up to" in line


def test_more_than_one_row_is_counted(shop: Path) -> None:
    for row in (3, 5, 7):
        cell("interactions", row, "timestamp", "2199-01-23")(shop)
    assert "row 3, column 'timestamp'" in (message := refusal(shop))
    assert "(and 2 more rows)" in message


def test_time_zones_may_run_a_day_ahead() -> None:
    near = dataset_of({"customer_id": ["a"], "product_id": ["x"], "timestamp": [in_hours(20)]})
    assert len(near.interactions) == 1
    with pytest.raises(InputError, match="row 0, column 'timestamp'"):
        dataset_of({"customer_id": ["a"], "product_id": ["x"], "timestamp": [in_hours(25)]})


def test_plans_of_products_and_offers_may_lie_ahead(shop: Path) -> None:
    for table in ("products", "offers"):
        cell(table, 0, "valid_to", "2199-01-01")(shop)
    cell("products", 1, "valid_from", "2190-01-01")(shop)
    cell("products", 1, "valid_to", "2199-01-01")(shop)
    check_tables(Files(root=str(shop / "tables")).load())


@pytest.mark.parametrize("table", HAPPENED)
def test_the_stated_end_of_the_data_bounds_every_table(shop: Path, table: str) -> None:
    # 2026-01-23 is the last day of the shop, and counts whole.
    check_tables(Files(root=str(shop / "tables"), ends="2026-01-23").load())
    cell("interactions", 9, "timestamp", "2026-01-23T23:59:59Z")(shop)
    check_tables(Files(root=str(shop / "tables"), ends="2026-01-23").load())
    cell(table, 1, HAPPENED[table], "2026-01-24")(shop)
    message = refusal(shop, ends="2026-01-23")
    assert f"{table}: row 1, column" in message
    assert "the stated end of the data, data.ends" in message
    check_tables(Files(root=str(shop / "tables"), ends="2026-01-24").load())


def test_an_end_within_a_day_is_a_moment(shop: Path) -> None:
    cell("interactions", 9, "timestamp", "2026-01-23T12:00:01Z")(shop)
    assert "row 9" in refusal(shop, ends="2026-01-23T12:00:00Z")


def test_a_stated_end_may_lie_in_the_future(shop: Path) -> None:
    cell("interactions", 9, "timestamp", "2199-01-23")(shop)
    tables = check_tables(Files(root=str(shop / "tables"), ends="2199-12-31").load())
    assert tables.interactions["timestamp"].max().year == 2199


def test_an_end_that_is_no_time_is_said(shop: Path) -> None:
    with pytest.raises(InputError, match=r"data.ends: expected a time such as .* got 'soon'"):
        Files(root=str(shop / "tables"), ends="soon")


def test_rows_without_a_date_and_clocks_of_order_are_left_alone() -> None:
    ordered = dataset_of({"customer_id": ["a"], "product_id": ["x"], "order": [10**15]})
    assert ordered.clock == "order"
    undated = {"customers": {"customer_id": ["a", "b"], "valid_from": [None, "2025-01-01"]}}
    dataset_of({"customer_id": ["a"], "product_id": ["x"], "timestamp": ["2025-01-01"]}, undated)


def test_the_market_states_its_own_end() -> None:
    tables = SimulatedMarket(events=1_000).load()
    assert isinstance(tables, EndingTables)
    assert tables.ends == LAST == pd.Timestamp("2026-01-01", tz="UTC")
    check_tables(tables)


def test_an_end_is_no_table() -> None:
    events = pd.DataFrame({"customer_id": ["a"]})
    tables = EndingTables(interactions=events, ends=pd.Timestamp("2025-01-01", tz="UTC"))
    assert [name for name, _ in tables.items()] == ["interactions"]
    assert [name for name, _ in check_tables(tables).items()] == ["interactions"]
