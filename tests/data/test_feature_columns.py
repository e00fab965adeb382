"""Numbers and dates that come as text are read, or their row is named; codes stay text."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of
from small_shop import write_shop

from recsys.data.cells import CellError
from recsys.data.check import check_table
from recsys.data.feature_columns import read_feature
from recsys.data.sources.files import Files
from recsys.errors import InputError


def column(*cells: Any) -> pd.Series:
    return pd.Series(list(cells), name="x", dtype=object)


def many(usual: str, *others: str) -> pd.Series:
    """19 cells as `usual`, numbered, then the others."""
    return column(*(usual.format(number) for number in range(11, 30)), *others)


def test_decimal_numbers_as_text_are_numbers() -> None:
    numbers = read_feature(column("1964.23", " -5 ", None, "2e3"))
    assert numbers.dtype == np.float64
    assert numbers[[0, 1, 3]].tolist() == [1964.23, -5, 2000]
    assert np.isnan(numbers[2])


def test_whole_numbers_as_text_are_numbers_as_csv_has_them() -> None:
    assert read_feature(many("{}")).tolist() == list(range(11, 30))


@pytest.mark.parametrize("code", ["0007", "T8H1N", "12A"])
def test_codes_stay_text(code: str) -> None:
    codes = many("{}", code)
    assert read_feature(codes) is codes


def test_dates_as_text_and_as_dates_are_moments() -> None:
    wanted = pd.Timestamp("1980-05-31", tz="UTC")
    assert read_feature(column("1980-05-31", None))[0] == wanted
    assert read_feature(column(date(1980, 5, 31)))[0] == wanted
    assert read_feature(column("1980-05-31T00:00:00+00:00"))[0] == wanted


@pytest.mark.parametrize(
    ("cells", "row", "expected"),
    [
        (many("{},23"), 0, "a number such as 1964.23"),
        (many("1.0{}", "1964,23"), 19, "a number such as 1964.23"),
        (many("1,0{}.50"), 0, "a number such as 1964.23"),
        (many("{}.5", "unknown"), 19, "a number such as 1964.23"),
        (many("{}", "unknown"), 19, "a number such as 1964.23"),
        (many("1980-05-{}", "unknown"), 19, "a date such as 1980-05-31"),
        (many("{}.05.1980"), 0, "a date such as 1980-05-31"),
        (many("05/{}/1980"), 0, "a date such as 1980-05-31"),
    ],
)
def test_the_row_that_is_none_is_named(cells: pd.Series, row: int, expected: str) -> None:
    with pytest.raises(CellError) as refused:
        read_feature(cells)
    assert (refused.value.row, refused.value.expected) == (row, expected)


def test_an_empty_cell_before_does_not_move_the_row() -> None:
    with pytest.raises(CellError) as refused:
        read_feature(pd.concat([column(None, None), many("{}.5", "?")], ignore_index=True))
    assert refused.value.row == 21


def test_texts_of_all_kinds_stay_text() -> None:
    for cells in (column("red", "blue"), column("1", "two", "three"), column("a", 1), column(None)):
        assert read_feature(cells) is cells


@pytest.mark.parametrize("table", ["customers", "products"])
def test_the_door_names_table_row_and_column(table: str) -> None:
    frame = pd.DataFrame({f"{table[:-1]}_id": range(20), "income": many("{},5", "3,25")})
    message = rf"{table}: row 0, column 'income': expected a number such as 1964.23, got '11,5'"
    with pytest.raises(InputError, match=message):
        check_table(table, frame)


def test_names_and_what_has_a_meaning_stay_as_they_are() -> None:
    frame = pd.DataFrame({"product_id": ["a", "b"], "name": ["11", "12"], "category": ["1", "2"]})
    checked = check_table("products", frame)
    assert checked["name"].tolist() == ["11", "12"]
    assert checked["category"].tolist() == ["1", "2"]


def test_a_csv_with_decimal_commas_is_refused(tmp_path: Any) -> None:
    shop = write_shop(tmp_path / "shop")
    (shop / "customers.csv").write_text(
        'customer_id,income\nann,"1964,23"\nbob,"2,5"\ncleo,"3,1"\n'
    )
    source = Files(root=str(shop), name="shop")
    with pytest.raises(InputError, match=r"customers: row 0, column 'income': .* got '1964,23'"):
        check_table("customers", source.load().customers)


def test_a_data_set_has_them_as_numbers_and_moments() -> None:
    side = {"customers": {"customer_id": [1, 2], "born": ["1980-05-31", "1990-01-01"],
                          "income": ["1.5", "2"]}}  # fmt: skip
    table = dataset_of({"customer_id": [1], "product_id": [1]}, side).side_tables["customers"]
    assert table["income"].tolist() == [1.5, 2]
    assert table["born"].dt.year.tolist() == [1980, 1990]


def test_categories_say_that_texts_are_no_numbers_however_often_they_are_checked() -> None:
    texts = pd.Series(["1995", "1996", None, "1997"], dtype="str")
    assert read_feature(texts).tolist()[:2] == [1995.0, 1996.0]
    customers = pd.DataFrame({"customer_id": [1, 2, 3, 4], "year": texts.astype("category")})
    again = check_table("customers", check_table("customers", customers))
    data = dataset_of({"customer_id": [1], "product_id": [2]}, {"customers": again})
    years = data.side_tables["customers"]["year"]
    assert years.dtype == "str"
    assert years.tolist()[:2] == ["1995", "1996"]
    assert pd.isna(years.iloc[2])
