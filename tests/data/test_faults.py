"""All kinds of fault at once, by the readers and checks of a load."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from broken_tables import CELLS, COLUMNS, TYPES
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import all_of, cell, write_shop

from recsys.data.check import check_table, check_tables
from recsys.data.faults.cells import read_cells
from recsys.data.faults.collect import Remedies, collect, collect_table
from recsys.data.faults.fault import Fault
from recsys.data.readers import read_column
from recsys.data.sources.files import Files
from recsys.data.tables import Tables
from recsys.errors import InputError

SPOILT = {**CELLS, **COLUMNS, **TYPES}
MADE_LATER = {  # by the file's reader or by a split
    "column twice", "column without name", "no header", "no clock", "no event counts",
    "product NA", "ids that are lists", "cut-offs in time on an order",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(SPOILT) - MADE_LATER))
def test_what_a_load_refuses_is_among_the_faults_in_the_same_words(
    name: str, tmp_path: Path
) -> None:
    write_shop(tmp_path / "tables")
    SPOILT[name][0](tmp_path)
    tables = Files(root=str(tmp_path / "tables")).load()
    for table, frame in tables.items():
        if first := refusal(check_table, table, frame):
            assert first in [fault.message for fault in collect_table(table, frame).faults]
            return
    first = refusal(check_tables, tables).partition("; and ")[0]
    assert first in [fault.message for fault in collect(tables).faults]


def refusal(check: Callable[..., object], *arguments: object) -> str:
    try:
        check(*arguments)
    except InputError as error:
        return str(error)
    return ""


def test_the_shop_has_no_faults(tmp_path: Path) -> None:
    tables = Files(root=str(write_shop(tmp_path / "tables"))).load()
    collected = collect(tables)
    assert not collected.faults
    for name, checked in check_tables(tables).items():
        frame = collected.tables[name].frame
        for label in checked:
            assert frame[label].astype(checked[label].dtype).equals(checked[label]), label


def test_a_load_says_how_many_more_kinds_there_are(tmp_path: Path) -> None:
    write_shop(tmp_path / "tables")
    all_of(
        cell("interactions", 3, "value", "dear"),
        cell("interactions", 5, "value", "dearer"),
        cell("products", 1, "price", "-1"),
        cell("customers", 1, "consent_app", "maybe"),
    )(tmp_path)
    with pytest.raises(InputError, match=r"got 'dear'.*; and 2 more kinds of fault: recsys check"):
        check_tables(Files(root=str(tmp_path / "tables")).load())


def faults_of(**cells: object) -> list[Fault]:
    events = pd.DataFrame({"customer_id": ["a", "b", "c", "d", "e", "f"], **cells})
    return collect(Tables(interactions=events)).faults


def test_each_kind_has_its_count_and_first_rows() -> None:
    times = ["2026-01-01", "soon", "2026-02-30", None, "1900-01-01", "2026-01-02"]
    faults = faults_of(timestamp=times, value=["1", "x", "-inf", "2", "y", "z"])
    assert [(fault.column, fault.count, fault.rows, fault.cells) for fault in faults] == [
        ("timestamp", 2, (1, 2), ("'soon'", "'2026-02-30'")),
        ("value", 3, (1, 4, 5), ("'x'", "'y'", "'z'")),
        ("value", 1, (2,), ("'-inf'",)),
        ("timestamp", 1, (3,), ("none",)),
        ("timestamp", 1, (4,), ("1900-01-01 00:00:00+00:00",)),
    ]
    for fault in faults:
        assert fault.message.startswith(
            f"interactions: row {fault.rows[0]}, column '{fault.column}': "
        )


def test_a_cell_is_counted_once() -> None:
    faults = faults_of(action=["view", "buy", None, "buy", "view", "view"])
    assert [(fault.count, fault.what[:17]) for fault in faults] == [
        (2, "expected one of v"), (1, "expected a value "),
    ]  # fmt: skip


WORDS = st.sampled_from(["1", "2.5", "x", "-1", "1e39", "", "3,5", None])


@settings(max_examples=40, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12), st.sampled_from(["duration", "touchpoint"]))
def test_categories_and_texts_have_the_same_faults(cells: list[str | None], label: str) -> None:
    text = pd.Series(cells, dtype="str", name=label)
    plain = read_cells("interactions", label, text, read_column, coded=False)
    coded = read_cells("interactions", label, text.astype("category"), read_column, coded=True)
    whole = [(fault.what, fault.count, fault.rows) for fault in plain.faults]
    assert sorted(whole) == sorted((fault.what, fault.count, fault.rows) for fault in coded.faults)
    assert plain.bad.tolist() == coded.bad.tolist()


def test_chunks_have_the_faults_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.data.faults.cells.CHUNK", 3)
    text = pd.Series(["1", "x", "2", "3", "y", "-1", "-2"], dtype="str")
    read = read_cells("interactions", "duration", text, read_column, coded=False)
    assert [(fault.count, fault.rows) for fault in read.faults] == [(2, (1, 4)), (2, (5, 6))]
    assert read.values.dropna().tolist() == [1, 2, 3]


def test_remedies_leave_out_rows_and_empty_cells() -> None:
    products = pd.DataFrame(
        {
            "product_id": ["a", "", "b", "a", "c"],
            "price": ["1", "2", "free", "3", "-4"],
        }
    )
    remedies = Remedies(cells={"product_id": "drop", "price": "empty"}, duplicates="last")
    table = collect_table("products", products, remedies=remedies)
    assert not table.faults
    assert table.frame["product_id"].tolist() == ["b", "a", "c"]
    np.testing.assert_array_equal(table.frame["price"], [np.nan, 3, np.nan])
    assert table.rows.tolist() == [2, 3, 4]
    assert table.left_out == {
        "rows left out for 'product_id'": 2, "cells of 'price' emptied": 2,
    }  # fmt: skip


def test_faults_of_rows_that_stay_keep_their_positions() -> None:
    products = pd.DataFrame({"product_id": ["", "a", "b", "b"], "price": ["1", "x", "1", "1"]})
    table = collect_table("products", products, remedies=Remedies(cells={"product_id": "drop"}))
    assert [(fault.column, fault.rows) for fault in table.faults] == [("price", (1,))]
    assert table.rows.tolist() == [1, 2]


@pytest.mark.parametrize("odd", [2**64 - 1, b"\xff", True])
def test_dates_of_offers_that_are_none_are_no_crash(odd: object, tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "tables")
    offers = pd.read_csv(folder / "offers.csv").assign(valid_from=odd)
    (folder / "offers.csv").unlink()
    offers.to_parquet(folder / "offers.parquet")
    faults = Files(root=str(folder)).inspected().collected.faults
    assert "valid_from" in {fault.column for fault in faults}
