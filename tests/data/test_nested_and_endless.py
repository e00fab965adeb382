"""Cells of several values, time zones that nobody knows, and sums that no number holds."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from test_codes import TABLES

from recsys.data.check import check_table
from recsys.data.sources.files import Files
from recsys.errors import InputError

NESTED = [["a", "b"], {"a": 1}, np.array([1, 2]), ("a",), {"a"}]


@pytest.mark.parametrize("cell", NESTED, ids=["list", "struct", "array", "tuple", "set"])
@pytest.mark.parametrize(
    ("table", "column"),
    [("products", "tags"), ("customers", "home"), ("products", "category"), ("products", "price"),
     ("interactions", "context_x"), ("interactions", "session_id"), ("interactions", "timestamp"),
     ("interactions", "weight"), ("customers", "consent_app"), ("decisions", "reward"),
     ("identities", "kind"), ("touchpoints", "outbound"), ("offers", "variant")],
)  # fmt: skip
def test_a_cell_of_several_values_is_named(table: str, column: str, cell: Any) -> None:
    cells = pd.Series([None, None], dtype=object)
    cells.iloc[1] = cell
    with pytest.raises(InputError) as caught:
        check_table(table, pd.DataFrame({**TABLES[table], column: cells}))
    assert str(caught.value).startswith(f"{table}: row 1, column '{column}': expected one value in")
    assert "drop the column" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nested_columns_of_arrow_are_named_too() -> None:
    tags = pd.array([["a"], None], pd.ArrowDtype(pa.list_(pa.string())))
    with pytest.raises(InputError, match="products: row 0, column 'tags': expected one value"):
        check_table("products", pd.DataFrame({"product_id": ["a", "b"], "tags": tags}))


@pytest.mark.parametrize("table", ["products", "customers", "interactions", "offers"])
@pytest.mark.parametrize("cell", [["a"], {"a": 1}], ids=["list", "struct"])
def test_nested_columns_of_a_parquet_file_are_named(tmp_path: Path, table: str, cell: Any) -> None:
    for name in {"interactions", table}:
        frame = pd.DataFrame(TABLES[name])
        frame = frame.assign(tags=[cell, cell]) if name == table else frame
        frame.to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(
        InputError, match=rf"^{table}: {table}.parquet: column 'tags': expected one"
    ):
        Files(root=str(tmp_path)).load()


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("W. Europe Standard Time", "such as Europe/Berlin, got 'W. Europe Standard Time'"),
        ("Europe/Berln", "did you mean 'Europe/Berlin'"),
        ("CEST", "such as Europe/Berlin, got 'CEST'"),
        ("../../etc/passwd", "such as Europe/Berlin"),
        ("x" * 5_000, "such as Europe/Berlin"),
    ],
)
def test_an_unknown_time_zone_is_refused_at_the_door(zone: str, words: str) -> None:
    table = pd.DataFrame({"customer_id": ["a", "b"], "time_zone": ["Europe/Berlin", zone]})
    with pytest.raises(InputError, match="customers: row 1, column 'time_zone': ") as caught:
        check_table("customers", table)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_known_time_zones_and_missing_ones_pass() -> None:
    zones = ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", None]
    table = pd.DataFrame({"customer_id": list("abcd"), "time_zone": zones})
    assert check_table("customers", table)["time_zone"].isna().tolist() == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("table", "column"),
    [("interactions", "weight"), ("interactions", "value"), ("interactions", "duration"),
     ("products", "price"), ("products", "margin"), ("touchpoints", "cost"),
     ("decisions", "reward"), ("offers", "reward")],
)  # fmt: skip
def test_numbers_whose_sum_no_float_holds_are_named(table: str, column: str) -> None:
    frame = pd.DataFrame({**TABLES[table], column: [3e38, 3e38]})
    with pytest.raises(
        InputError, match=rf"^{table}: column '{column}': expected numbers that add"
    ):
        check_table(table, frame)


def test_weights_stay_below_what_a_product_of_two_sums_holds() -> None:
    # Models multiply what a customer's weights add up to by what a product's do.
    with pytest.raises(InputError, match="interactions: column 'weight'"):
        check_table("interactions", pd.DataFrame({"customer_id": [1, 2], "weight": [1e19, 1e19]}))
    large = pd.DataFrame({"customer_id": [1, 2], "weight": [1e18, 1e18]})
    assert check_table("interactions", large)["weight"].tolist() == [1e18, 1e18]


@pytest.mark.parametrize("cell", [np.inf, -np.inf, 1e300])
@pytest.mark.parametrize(
    ("table", "column"), [("products", "size"), ("customers", "income"), ("products", "price")]
)
def test_endless_features_are_named(table: str, column: str, cell: float) -> None:
    with pytest.raises(InputError, match=rf"{table}: row 1, column '{column}': expected finite"):
        check_table(table, pd.DataFrame({**TABLES[table], column: [1.0, cell]}))
