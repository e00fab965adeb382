import datetime
import uuid
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from recsys.data.check import check_table, check_tables
from recsys.data.schema import SCHEMAS
from recsys.data.tables import Tables
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError


class Bad(NamedTuple):
    """A table that must be refused, and the parts of the one line that says why."""

    table: str
    columns: dict[str, Any] | pd.DataFrame
    row: int | None
    column: str | None
    expected: str
    got: str
    remedy: str


TIME = "a time such as 2026-01-31"
LINK = {"id_a": [1, 2], "id_b": ["x", "y"], "kind": ["device", "device"]}
DECISION = {
    "decision_id": [1, 2], "customer_id": [1, 2], "offer_id": ["a", "b"], "touchpoint": ["app"] * 2,
    "timestamp": ["2026-01-01"] * 2, "policy": ["old"] * 2, "propensity": [0.5, 0.5],
    "outcome": ["accept", "ignore"], "reward": [1.0, 0.0],
}  # fmt: skip
TWICE = pd.DataFrame([[1, 2]], columns=["customer_id", "customer_id"])


def events(**columns: Any) -> dict[str, Any]:
    return {"customer_id": [1, 2], **columns}


def decision(**columns: Any) -> dict[str, Any]:
    return {name: value for name, value in {**DECISION, **columns}.items() if value is not None}


BAD = {
    # Columns
    "missing column": Bad("interactions", {"product_id": [1]}, None, "customer_id",
        "is missing", "the table has product_id", "add it or map a column"),
    "missing and misspelt": Bad("interactions", {"custmer_id": [1]}, None, "customer_id",
        "is missing", "the table has custmer_id", "did you mean 'custmer_id'?"),
    "misspelt": Bad("interactions", events(tuchpoint=["a", "b"]), None, "tuchpoint",
        "is not known", "tuchpoint", "did you mean 'touchpoint'?"),
    "unknown column": Bad("interactions", events(colour=["a", "b"]), None, "colour",
        "is not known", "colour", "'context_colour' to keep it"),
    "column twice": Bad("interactions", TWICE, None, "customer_id",
        "appears", "2 times", "keep one"),
    "missing decision column": Bad("decisions", decision(offer_id=None), None, "offer_id",
        "is missing", "the table has decision_id, customer_id", "add it or map a column"),
    "decision without propensity's outcome": Bad("decisions", decision(outcome=None), None,
        "outcome", "is missing", "the table has decision_id", "add it or map a column"),
    "missing offer product": Bad("offers", {"offer_id": [1]}, None, "product_id",
        "is missing", "the table has offer_id", "add it or map a column"),
    "no column at all": Bad("interactions", {}, None, "customer_id",
        "is missing", "no column", "add it or map a column"),
    # Rows
    "empty": Bad("interactions", {"customer_id": []}, None, None,
        "at least one row", "an empty table", "is it the right file?"),
    "null id": Bad("interactions", {"customer_id": [1, None]}, 1, "customer_id",
        "a value in every row", "none", "fill it in or drop the row"),
    "null text id": Bad("touchpoints", {"touchpoint": ["app", None]}, 1, "touchpoint",
        "a value in every row", "none", "fill it in or drop the row"),
    "duplicate product": Bad("products", {"product_id": [7, 8, 7]}, 2, "product_id",
        "each id once", "7 again", "keep one row per id"),
    "duplicate touchpoint": Bad("touchpoints", {"touchpoint": ["app", "app"]}, 1, "touchpoint",
        "each id once", "'app' again", "keep one row per id"),
    "duplicate decision": Bad("decisions", decision(decision_id=[1, 1]), 1, "decision_id",
        "each id once", "1 again", "keep one row per id"),
    "duplicate customer": Bad("customers", {"customer_id": ["a", "a"]}, 1, "customer_id",
        "each id once", "'a' again", "give its rows different dates in 'valid_from'"),
    "duplicate dated customer": Bad("customers",
        {"customer_id": ["a", "a"], "valid_from": ["2026-01-01"] * 2}, 1, "customer_id",
        "each id once", "'a' again", "give its rows different dates in 'valid_from'"),
    # Ids
    "half an id": Bad("interactions", {"customer_id": [1.0, 1.5]}, 1, "customer_id",
        "whole numbers or texts as ids", "1.5", "fix the value"),
    "id that lost digits": Bad("interactions", {"customer_id": [1.0, 2.0**60]}, 1, "customer_id",
        "ids with all their digits", "1.15292", "read the column as text"),
    # Times
    "unparsable time": Bad("interactions", events(timestamp=["2026-01-01", "soon"]), 1, "timestamp",
        TIME, "'soon'", "write the whole column that way"),
    "a day that is none": Bad("interactions", events(timestamp=["2026-02-30", "2026-01-01"]), 0,
        "timestamp", TIME, "'2026-02-30'", "write the whole column that way"),
    "numbers as time": Bad("interactions", events(timestamp=[1_767_225_600, 3]), 0, "timestamp",
        TIME, "1767225600", "pandas.to_datetime(column, unit=...)"),
    "a number among times": Bad("interactions", events(timestamp=["2026-01-01", 3]), 1, "timestamp",
        TIME, "3", "pandas.to_datetime(column, unit=...)"),
    "flags as time": Bad("offers",
        {"offer_id": [1], "product_id": [1], "valid_to": [True]}, 0, "valid_to",
        TIME, "True", "pandas.to_datetime(column, unit=...)"),
    "null time in a train row": Bad("interactions",
        events(timestamp=["2026-01-01", None], part=["test", "train"]), 1, "timestamp",
        "a time", "none", "fill it in or drop the row"),
    "null time without parts": Bad("interactions", events(timestamp=[None, "2026-01-01"]), 0,
        "timestamp", "a time", "none", "fill it in or drop the row"),
    "decision without time": Bad("decisions", decision(timestamp=["2026-01-01", None]), 1,
        "timestamp", "a value in every row", "none", "fill it in or drop the row"),
    "both clocks": Bad("interactions", events(timestamp=["2026-01-01"] * 2, order=[1, 2]), None,
        None, "column 'timestamp' or column 'order'", "both", "keep the one that is right"),
    "half a position": Bad("interactions", events(order=[1.5, 2]), 0, "order",
        "whole numbers", "1.5", "fix the value or drop the row"),
    "text as a position": Bad("interactions", events(order=["1", "b"]), 1, "order",
        "whole numbers", "'b'", "fix the value or drop the row"),
    "null position": Bad("interactions", events(order=[1, None]), 1, "order",
        "whole numbers", "none", "fill it in or drop the row"),
    # Numbers
    "text in a number": Bad("interactions", events(value=[1, "cheap"]), 1, "value",
        "numbers", "'cheap'", "fix the value or drop the row"),
    "negative duration": Bad("interactions", events(duration=[3, -2]), 1, "duration",
        "a number of at least 0", "-2.0", "fix the value or drop the row"),
    "negative weight": Bad("interactions", events(weight=[-0.5, 1]), 0, "weight",
        "a number of at least 0", "-0.5", "fix the value or drop the row"),
    "infinite weight": Bad("interactions", events(weight=[1, np.inf]), 1, "weight",
        "finite numbers", "inf", "fix the value or drop the row"),
    "time as a number": Bad("interactions", events(value=pd.to_datetime(["2026-01-01"] * 2)), 0,
        "value", "numbers", "2026-01-01", "fix the value or drop the row"),
    "negative price": Bad("products", {"product_id": [1], "price": [-1]}, 0, "price",
        "a number of at least 0", "-1.0", "fix the value or drop the row"),
    "confidence above one": Bad("identities", {**LINK, "confidence": [0.5, 1.5]}, 1, "confidence",
        "a number of at most 1", "1.5", "fix the value or drop the row"),
    "confidence in words": Bad("identities", {**LINK, "confidence": [0.5, "high"]}, 1,
        "confidence", "numbers", "'high'", "fix the value or drop the row"),
    "propensity below zero": Bad("decisions", decision(propensity=[-0.1, 1]), 0, "propensity",
        "a number above 0", "-0.1", "fix the value or drop the row"),
    # Words
    "unknown action": Bad("interactions", events(action=["view", "buy"]), 1, "action",
        "one of view, click, cart, accept, purchase", "'buy'", "fix the value or drop the row"),
    "null action": Bad("interactions", events(action=["view", None]), 1, "action",
        "a value in every row", "none", "fill it in or drop the row"),
    "coded action": Bad("interactions", events(action=[3, 4]), 0, "action",
        "one of view, click", "3", "fix the value or drop the row"),
    "unknown part": Bad("interactions", events(part=["train", "holdout"]), 1, "part",
        "one of train, test", "'holdout'", "fix the value or drop the row"),
    "unknown outcome": Bad("decisions", decision(outcome=["accept", "maybe"]), 1, "outcome",
        "one of accept, reject, ignore", "'maybe'", "fix the value or drop the row"),
    # Flags
    "consent of maybe": Bad("customers", {"customer_id": [1, 2], "consent_app": [True, "maybe"]}, 1,
        "consent_app", "true or false", "'maybe'", "fix the value or drop the row"),
    "consent unknown": Bad("customers", {"customer_id": [1, 2], "consent_app": [True, None]}, 1,
        "consent_app", "true or false", "none", "fill it in or drop the row"),
    "consent by half": Bad("customers", {"customer_id": [1, 2], "consent_app": [1, 0.5]}, 1,
        "consent_app", "true or false", "0.5", "fix the value or drop the row"),
    "outbound in words": Bad("touchpoints", {"touchpoint": ["app"], "outbound": ["often"]}, 0,
        "outbound", "true or false", "'often'", "fix the value or drop the row"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_bad_input_gives_one_line_that_says_where_what_and_the_remedy(bad: Bad) -> None:
    with pytest.raises(InputError) as caught:
        check_table(bad.table, pd.DataFrame(bad.columns))
    message = str(caught.value)
    assert "\n" not in message
    where = f"{bad.table}: "
    if bad.row is not None:
        where += f"row {bad.row}, "
    if bad.column is not None:
        where += f"column '{bad.column}'"
    assert message.startswith(where)
    for part in (bad.expected, bad.got, bad.remedy):
        assert part in message
    # The words of the libraries beneath are no help to a person.
    for leak in ("np.", "dtype", "coerce", "failure", "Timestamp(", "nan", "pandera"):
        assert leak not in message


def test_the_first_of_several_bad_rows_is_named() -> None:
    with pytest.raises(InputError, match=r"row 1, column 'duration'"):
        check_table("interactions", pd.DataFrame(events(duration=[0, -1]) | {}))
    table = pd.DataFrame({"customer_id": [1] * 4, "duration": [0, 1, -1, -2]})
    with pytest.raises(InputError, match=r"row 2, column 'duration'.* got -1"):
        check_table("interactions", table)


def test_rows_count_from_zero_whatever_the_index() -> None:
    table = pd.DataFrame({"customer_id": [1, 2], "duration": [0, -1]}, index=[100, 200])
    with pytest.raises(InputError, match="row 1, column 'duration'"):
        check_table("interactions", table)


def test_the_table_that_came_in_stays_as_it_was() -> None:
    table = pd.DataFrame({"customer_id": [1.0], "timestamp": ["2026-01-01"]})
    before = table.copy(deep=True)
    check_table("interactions", table)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        ([3, 4], [3, 4]),
        ([3.0, 4.0], [3, 4]),
        (["c3", "c4"], ["c3", "c4"]),
        (["007", "7"], ["007", "7"]),
        ([2**60, 2**60 + 1], [2**60, 2**60 + 1]),
        ([uuid.UUID(int=1), uuid.UUID(int=2)], [str(uuid.UUID(int=1)), str(uuid.UUID(int=2))]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
    ],
    ids=["int", "float", "str", "leading zero", "large", "uuid", "categorical"],
)
def test_ids_become_whole_numbers_or_text(ids: Any, wanted: list[Any]) -> None:
    checked = check_table("interactions", pd.DataFrame({"customer_id": ids}))
    assert checked["customer_id"].tolist() == wanted


@pytest.mark.parametrize(
    "ids",
    [[7, None], [7.0, np.nan], pd.array([7, None], "Int64"), pd.Series([7, None], dtype=object)],
    ids=["list", "float", "Int64", "object"],
)
def test_a_product_may_be_empty_and_the_others_keep_their_type(ids: Any) -> None:
    checked = check_table("interactions", pd.DataFrame({"customer_id": [1, 2], "product_id": ids}))
    assert checked["product_id"].isna().tolist() == [False, True]
    products = Vocabulary.build("product", [checked["product_id"]])
    assert products.ids.dtype == np.int64
    assert products.rows(checked["product_id"]).tolist() == [0, -1]


def test_a_text_product_may_be_empty() -> None:
    table = pd.DataFrame({"customer_id": [1, 2], "product_id": ["a", None]})
    assert check_table("interactions", table)["product_id"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "times",
    [
        ["2026-01-01", "2026-01-01T12:00:00Z"],
        ["2026-01-01T01:00:00+01:00", "2026-01-01 13:00:00+01:00"],
        pd.to_datetime(["2026-01-01T00:00", "2026-01-01T12:00"]),
        pd.to_datetime(["2026-01-01T00:00", "2026-01-01T12:00"]).tz_localize("UTC"),
        [datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1, 12)],
    ],
    ids=["iso", "zones", "naive", "aware", "python"],
)
def test_times_become_utc(times: Any) -> None:
    checked = check_table("interactions", pd.DataFrame(events(timestamp=times)))["timestamp"]
    assert str(checked.dt.tz) == "UTC"
    assert checked.dt.hour.tolist() == [0, 12]


def test_a_test_row_needs_no_time() -> None:
    table = pd.DataFrame(events(timestamp=["2026-01-01", None], part=["train", "test"]))
    assert check_table("interactions", table)["timestamp"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (["true", "False"], [True, False]),
        ([1, 0], [True, False]),
        ([1.0, 0.0], [True, False]),
        (["0", "1"], [False, True]),
        (pd.array([True, False], "boolean"), [True, False]),
        (pd.Series([True, False], dtype=object), [True, False]),
    ],
    ids=["words", "ints", "floats", "digits", "boolean", "object"],
)
def test_flags_are_read_by_their_meaning(flags: Any, wanted: list[bool]) -> None:
    # bool("false") is True: consent that was refused must never turn into consent given.
    table = pd.DataFrame({"customer_id": [1, 2], "consent_push": flags})
    checked = check_table("customers", table)
    assert checked["consent_push"].dtype == bool
    assert checked["consent_push"].tolist() == wanted


def test_numbers_may_come_as_text_or_be_missing() -> None:
    checked = check_table("interactions", pd.DataFrame(events(value=["1.5", None], weight=[1, 2])))
    assert checked["value"].dtype == np.float64
    assert checked["value"].tolist()[0] == 1.5
    assert checked["value"].isna().tolist() == [False, True]


def test_positions_beyond_the_precision_of_floats_stay_exact() -> None:
    checked = check_table("interactions", pd.DataFrame(events(order=[2**60 + 1, 2**60])))
    assert checked["order"].tolist() == [2**60 + 1, 2**60]


def test_products_and_customers_may_carry_any_feature() -> None:
    table = pd.DataFrame({"product_id": [1], "colour": ["red"], 7: [1]})
    assert list(check_table("products", table).columns) == ["product_id", "colour", 7]


def test_several_dated_rows_a_customer_are_fine() -> None:
    table = pd.DataFrame({"customer_id": [1, 1], "valid_from": ["2026-01-01", "2026-02-01"]})
    assert len(check_table("customers", table)) == 2


def test_context_columns_pass() -> None:
    table = pd.DataFrame(events(context_weather=["sun", "rain"]))
    assert "context_weather" in check_table("interactions", table)


def test_checking_twice_changes_nothing() -> None:
    tables = check_tables(
        Tables(
            interactions=pd.DataFrame(
                events(product_id=[7, None], timestamp=["2026-01-01"] * 2, value=[1, None])
            ),
            customers=pd.DataFrame({"customer_id": [1, 2], "consent_app": ["true", "false"]}),
            decisions=pd.DataFrame(DECISION),
        )
    )
    for name, table in check_tables(tables).items():
        pd.testing.assert_frame_equal(table, getattr(tables, name))


def test_csv_round_trip(tmp_path: Any) -> None:
    table = pd.DataFrame(
        {
            "customer_id": ["c1", "c2", "c1"],
            "product_id": [7, None, 9],
            "touchpoint": ["app", None, "web"],
            "action": ["view", "contact", "purchase"],
            "timestamp": pd.to_datetime(["2026-01-01T00", "2026-01-02T03", "2026-01-03T00"]),
            "value": [1.25, None, 3.0],
        }
    )
    checked = check_table("interactions", table)
    checked.to_csv(tmp_path / "interactions.csv", index=False)
    again = check_table("interactions", pd.read_csv(tmp_path / "interactions.csv"))
    pd.testing.assert_frame_equal(again, checked)


def test_every_table_has_a_schema() -> None:
    assert set(SCHEMAS) == set(Tables.__dataclass_fields__)


def test_a_consent_without_touchpoint_is_refused() -> None:
    tables = Tables(
        interactions=pd.DataFrame({"customer_id": ["a"], "touchpoint": ["email"]}),
        customers=pd.DataFrame({"customer_id": ["a"], "consent_e-mail": [True]}),
    )
    with pytest.raises(InputError, match=r"column 'consent_e-mail'.*did you mean 'consent_email'"):
        check_tables(tables)
