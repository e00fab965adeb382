"""The table of records: checked at the door, kept out of data sets."""

import pandas as pd
import pytest

from recsys.data.check import check_table, check_tables
from recsys.data.dataset import build
from recsys.data.frames import Frames
from recsys.data.tables import Tables
from recsys.errors import InputError

EVENTS = pd.DataFrame({"customer_id": ["a", "b"], "product_id": ["p", "q"]})
RECORDS = pd.DataFrame(
    {
        "record_id": [1, 2],
        "postcode": ["01067", "10115"],
        "handle_forum": ["x", None],
        "shoe_size": [43, 41],
        "customer_id": ["a", "zed"],
    }
)


def test_records_keep_leading_zeros_and_any_further_column_as_text() -> None:
    checked = check_table("records", RECORDS)
    assert checked["postcode"].tolist() == ["01067", "10115"]
    assert checked["shoe_size"].tolist() == ["43", "41"]


def test_a_record_that_appears_twice_is_refused_by_its_row() -> None:
    twice = pd.concat([RECORDS, RECORDS.iloc[[0]]])
    with pytest.raises(InputError, match=r"records: row 2, column 'record_id'.*once"):
        check_table("records", twice)


def test_a_data_set_is_the_same_with_and_without_records() -> None:
    def of(tables: Tables) -> object:
        source = Frames(tables=tables, targets=("purchase",), filter_seen="auto", name="x")
        return build(source, check_tables(tables))

    with_records = of(Tables(interactions=EVENTS, records=RECORDS))
    without = of(Tables(interactions=EVENTS))
    assert with_records.fingerprint == without.fingerprint
    assert with_records.customers.ids.tolist() == without.customers.ids.tolist()
    assert "records" not in with_records.side_tables
    with pytest.raises(InputError, match=r"records: row 1, column 'record_id'.*once"):
        check_tables(Tables(interactions=EVENTS, records=RECORDS.assign(record_id=1)))
