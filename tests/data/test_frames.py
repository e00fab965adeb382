"""Tables in memory, of pandas, polars and Arrow: ids keep their digits, faults are one line."""

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import Dataset
from recsys.data.arrow_frame import frame_of
from recsys.errors import InputError

IDS = [2**53 + 1, None, 2**53 + 3, 5]
ROWS = pa.table(
    {
        "customer_id": pa.array([1, 2, 2, 3]),
        "product_id": pa.array(IDS),
        "action": ["view", "contact", "purchase", "view"],
        "value": [1.5, None, 2.0, 3.0],
        "timestamp": pa.array([0, 1, 2, 3], pa.timestamp("us", "UTC")),
    }
)
TABLES = {
    "pandas": lambda: ROWS.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
    "pandas of Arrow": lambda: ROWS.to_pandas(types_mapper=pd.ArrowDtype),
    "Arrow": lambda: ROWS,
    "a batch": lambda: ROWS.to_batches()[0],
    "batches": lambda: ROWS.to_reader(),
    "polars": lambda: pl.from_arrow(ROWS),
    "polars, other types": lambda: pl.from_arrow(ROWS).with_columns(
        pl.col("action").cast(pl.Categorical),
        pl.col("timestamp").cast(pl.Datetime("ns", "UTC")).dt.convert_time_zone("Asia/Tokyo"),
    ),
    "DuckDB": lambda: duckdb.sql("SELECT * FROM ROWS"),
}


@pytest.mark.parametrize("name", TABLES)
def test_ids_with_gaps_keep_their_digits(name: str) -> None:
    data = Dataset.from_frames(TABLES[name]())
    assert sorted(data.products.ids) == [5, 2**53 + 1, 2**53 + 3]
    assert data.fingerprint == Dataset.from_frames(ROWS).fingerprint


def test_a_frame_of_pandas_is_not_changed() -> None:
    frame = TABLES["pandas of Arrow"]()
    before = frame.dtypes.tolist()
    Dataset.from_frames(frame)
    assert frame.dtypes.tolist() == before


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pl.from_arrow(ROWS).lazy(), "got LazyFrame; call its collect()"),
        ([1], "interactions: expected a pandas DataFrame, or a table of polars or Arrow, got list"),
        (pa.table({"customer_id": [b"\xff"]}), "customer_id"),
        (pa.table({"customer_id": [[1]]}), "customer_id"),
    ],
)
def test_what_is_no_table_of_cells_is_refused(table: Any, says: str) -> None:
    with pytest.raises(InputError, match="interactions: ") as error:
        Dataset.from_frames(table)
    assert says in str(error.value)


@settings(max_examples=60)
@given(
    st.lists(
        st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=4,
                                min_value=-(10**9), max_value=10**9),
        min_size=1,
    )
)  # fmt: skip
def test_decimals_are_the_nearest_floats_or_whole_numbers(cells: list[Any]) -> None:
    column = frame_of(pa.table({"price": pa.array(cells, pa.decimal128(20, 4))}))["price"]
    expected = [None if cell is None else float(cell) for cell in cells]
    read = column.astype(object).where(column.notna(), None).tolist()
    assert read == expected
    if all(cell is None or cell % 1 == 0 for cell in cells):
        assert pd.api.types.is_integer_dtype(column.dtype)


@settings(max_examples=30)
@given(st.lists(st.none() | st.uuids(), min_size=1))
def test_uuids_are_their_canonical_texts(cells: list[Any]) -> None:
    packed = pa.array([None if cell is None else cell.bytes for cell in cells], pa.uuid())
    column = frame_of(pa.table({"id": pa.chunked_array([packed, packed])}))["id"]
    expected = [None if cell is None else str(cell) for cell in cells] * 2
    assert column.astype(object).where(column.notna(), None).tolist() == expected


def test_the_order_of_rows_and_columns_is_no_content_where_there_is_a_clock() -> None:
    mixed = ROWS.take(np.array([2, 0, 3, 1])).select(ROWS.column_names[::-1])
    assert Dataset.from_frames(mixed).fingerprint == Dataset.from_frames(ROWS).fingerprint
    untimed = ROWS.drop_columns("timestamp")
    other = Dataset.from_frames(untimed.take(np.array([2, 0, 3, 1])))
    assert other.fingerprint != Dataset.from_frames(untimed).fingerprint
