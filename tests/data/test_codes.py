"""Ids, codes and texts keep their spelling; what has lost it is refused by row."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.cells import CellError
from recsys.data.check import check_table, check_tables
from recsys.data.codes import read_ids, read_texts
from recsys.data.tables import Tables
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError

LINK = {"id_a": ["a", "b"], "id_b": ["x", "y"], "kind": ["device", "device"]}
DECISION = {
    "decision_id": ["007", "7"], "customer_id": ["a", "b"], "offer_id": ["o", "o"],
    "touchpoint": ["app", "app"], "timestamp": ["2026-01-01"] * 2, "policy": ["old"] * 2,
    "outcome": ["accept", "ignore"],
}  # fmt: skip
TABLES: dict[str, dict[str, Any]] = {
    "interactions": {"customer_id": ["a", "b"]},
    "customers": {"customer_id": ["a", "b"]},
    "products": {"product_id": ["a", "b"]},
    "offers": {"offer_id": ["o", "o"], "product_id": ["a", "b"]},
    "touchpoints": {"touchpoint": ["app", "web"]},
    "identities": LINK,
    "decisions": DECISION,
}
IDS = [
    ("interactions", "customer_id"), ("interactions", "product_id"),
    ("interactions", "touchpoint"), ("interactions", "session_id"), ("customers", "customer_id"),
    ("products", "product_id"), ("offers", "offer_id"), ("offers", "product_id"),
    ("offers", "touchpoint"), ("touchpoints", "touchpoint"), ("identities", "id_a"),
    ("identities", "id_b"), ("decisions", "decision_id"), ("decisions", "customer_id"),
    ("decisions", "offer_id"), ("decisions", "touchpoint"), ("decisions", "slate_id"),
]  # fmt: skip
TEXTS = [
    ("interactions", "context_store"), ("customers", "language"), ("products", "category"),
    ("products", "name"), ("offers", "variant"), ("identities", "kind"), ("decisions", "policy"),
]  # fmt: skip


def checked(table: str, column: str, cells: list[Any]) -> pd.Series:
    return check_table(table, pd.DataFrame({**TABLES[table], column: cells}))[column]


@pytest.mark.parametrize(("table", "column"), [*IDS, *TEXTS])
def test_leading_zeros_stay_in_every_table(table: str, column: str) -> None:
    assert checked(table, column, ["007", "7"]).tolist() == ["007", "7"]


@pytest.mark.parametrize(("table", "column"), IDS)
@pytest.mark.parametrize("cell", ["C1 ", " C1", "C1\t", "C1\u00a0", "\u200bC1", "", "  "])
def test_blanks_around_an_id_are_named(table: str, column: str, cell: str) -> None:
    with pytest.raises(InputError, match=rf"{table}: row 1, column '{column}': .*without blanks"):
        checked(table, column, ["C2", cell])


@pytest.mark.parametrize(("table", "column"), TEXTS)
def test_blanks_around_a_text_are_named(table: str, column: str) -> None:
    with pytest.raises(InputError, match=rf"{table}: row 1, column '{column}': .*without blanks"):
        checked(table, column, ["red", "red "])


@pytest.mark.parametrize(("table", "column"), [*IDS, *TEXTS])
def test_what_a_spreadsheet_rounded_is_refused(table: str, column: str) -> None:
    words = rf"{table}: row 1, column '{column}': .*all its digits, got '4.91235E\+14'"
    with pytest.raises(InputError, match=words):
        checked(table, column, ["C1", "4.91235E+14"])


@pytest.mark.parametrize("cell", ["4,91235E+14", "5E+14", "4.91235e+14"])
def test_a_rounded_number_is_known_in_other_countries_and_programs(cell: str) -> None:
    with pytest.raises(CellError, match="all its digits"):
        read_ids(pd.Series(["C1", cell]))


def test_a_word_of_r_for_a_round_number_stays_among_many_ids() -> None:
    # 1e+06 stands in the products of The Complete Journey, and has all its digits.
    assert read_ids(pd.Series([*map(str, range(1, 200)), "1e+06"])).iloc[-1] == "1e+06"


@pytest.mark.parametrize("cells", [[4.91235e14, 4.91236e14, None], ["491235000000000.0", "7.0"]])
def test_long_numbers_that_all_end_in_zeros_were_rounded_before(cells: list[Any]) -> None:
    with pytest.raises(CellError, match=r"row 0: .*all its digits, got '?491235000000000\.0'?;"):
        read_ids(pd.Series(cells))


@pytest.mark.parametrize("column", ["12E4", "5E-3", "1.2.3", "4.91235E14", "E+14", "+49123"])
def test_codes_that_only_resemble_rounded_numbers_stay(column: str) -> None:
    assert read_ids(pd.Series(["C1", column])).tolist() == ["C1", column]


@pytest.mark.parametrize(("table", "column"), [*IDS, *TEXTS])
def test_one_number_in_two_spellings_is_refused(table: str, column: str) -> None:
    words = rf"{table}: row 0, column '{column}': .*written in one way only, got '1\.0'"
    with pytest.raises(InputError, match=words):
        checked(table, column, ["1.0", "1"])


@pytest.mark.parametrize(
    "cells",
    [[1.0, 2.0], pd.array([1, 2], "Int64"), [1, 2.0], [Decimal(1), Decimal("2.00")], [1, 2]],
    ids=["floats", "Int64", "int and float", "decimals", "ints"],
)
def test_ids_that_are_numbers_are_whole_numbers(cells: Any) -> None:
    for dtype in (None, object):
        read = read_ids(pd.Series(cells, dtype=dtype))
        assert read.dtype == np.int64
        assert read.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["a", 7.0], "row 1: expected whole numbers or texts as ids, got 7.0"),
        ([2**63, 1], "row 0: expected ids below 2\\*\\*63"),
        ([1, -(2**63) - 1], "row 1: expected ids below 2\\*\\*63"),
        ([Decimal("1.5"), Decimal(2)], "row 0: expected whole numbers or texts as ids, got 1.5"),
    ],
)
def test_objects_that_are_no_ids_are_named(cells: list[Any], words: str) -> None:
    with pytest.raises(CellError, match=words):
        read_ids(pd.Series(cells, dtype=object))


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [([7, 8], ["7", "8"]), ([7.0, None], ["7", None]), ([1.5, 2], ["1.5", "2"]),
     (["7", ""], ["7", None]), (["0007", "7"], ["0007", "7"])],
)  # fmt: skip
def test_a_category_is_a_text_whatever_type_it_comes_in(cells: Any, wanted: list[Any]) -> None:
    read = read_texts(pd.Series(cells))
    assert [None if pd.isna(cell) else cell for cell in read] == wanted


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)))
def test_plain_texts_are_read_as_they_are(cells: list[str]) -> None:
    assert read_ids(pd.Series(cells, dtype=object)).tolist() == cells


def test_asking_for_007_does_not_answer_for_7() -> None:
    numbers = Vocabulary.build("customer", [pd.Series([7, 8])])
    for typed in ("007", "\u0667", "7.0", "9" * 5_000):
        with pytest.raises(InputError, match="is not among the 2 customer ids"):
            numbers.row(typed)
    assert numbers.row("7") == 0


def test_decisions_7_and_007_are_two() -> None:
    table = check_table("decisions", pd.DataFrame(DECISION))
    assert table["decision_id"].tolist() == ["007", "7"]


def test_touchpoints_keep_their_zeros_through_a_data_set() -> None:
    tables = check_tables(
        Tables(
            interactions=pd.DataFrame({"customer_id": [1, 2], "touchpoint": ["01", "02"]}),
            touchpoints=pd.DataFrame({"touchpoint": ["01", "02"]}),
        )
    )
    assert tables.interactions["touchpoint"].tolist() == ["01", "02"]
