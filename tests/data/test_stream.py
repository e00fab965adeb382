"""Tables read as streams: however they are cut into batches, the columns are the same."""

import mmap
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import deltalake
import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from recsys.data.arrow_frame import frame_of
from recsys.data.categories import plain_table
from recsys.data.kinds import kind_of
from recsys.data.moments import read_moments
from recsys.data.sources import csv_stream, parquet_stream
from recsys.data.sources.csv_file import read_csv
from recsys.data.sources.csv_stream import stream_csv
from recsys.data.sources.delta import Delta
from recsys.data.sources.files import Files
from recsys.data.sources.own_tables import OwnTables
from recsys.data.sources.sql.source import Sql
from recsys.data.stream import texts
from recsys.data.stream.frame import StreamedFrame
from recsys.errors import InputError
from recsys.ops import parquet_bounds
from recsys.ops.memory import Memory

WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""Tables are small already, and each example reads files."""

WORDS = ("tea", "jam", "007", "7", "", "é", "a\nb", "NA")
CELLS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "product_id": (pa.string(), st.sampled_from(WORDS)),
    "customer_id": (pa.int64(), st.integers(2**53, 2**53 + 9)),
    "session_id": (pa.int16(), st.integers(0, 9)),
    "touchpoint": (pa.large_string(), st.sampled_from(WORDS)),
    "value": (pa.float64(), st.floats(allow_nan=False)),
    "weight": (pa.decimal128(9, 2), st.integers(-99_999, 99_999).map(lambda n: Decimal(n) / 100)),
    "timestamp": (pa.timestamp("us", "UTC"), st.datetimes(
        pd.Timestamp(1990, 1, 1), pd.Timestamp(2030, 1, 1))),
    "context_flag": (pa.bool_(), st.booleans()),
}  # fmt: skip


def kind(name: str) -> Any:
    return kind_of("interactions", name)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 12))
    columns = {}
    for name, (dtype, cells) in CELLS.items():
        column = draw(st.lists(st.none() | cells, min_size=rows, max_size=rows))
        columns[name] = pa.array(column, dtype)
    return pa.table(columns)


def streamed(table: pa.Table, cuts: Sequence[int], megabytes: float = 100) -> pd.DataFrame:
    frame = StreamedFrame(table.schema, kind, Memory(megabytes))
    for start, end in zip([0, *cuts], [*cuts, len(table)], strict=True):
        frame.add(table[start:end].combine_chunks())
    return frame.frame()


@settings(max_examples=40, phases=WITHOUT_SHRINKING, deadline=None)
@given(tables(), st.lists(st.integers(0, 12), max_size=4), st.sampled_from([1, 3, 10**6]))
def test_any_cut_into_batches_gives_the_columns_of_one_batch(
    table: pa.Table, cuts: list[int], fewest: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "_FEWEST", fewest)
        cut = streamed(table, sorted(min(end, len(table)) for end in cuts))
    pd.testing.assert_frame_equal(cut, streamed(table, []), check_categorical=False)
    pd.testing.assert_frame_equal(plain_table(cut), frame_of(table))
    for name in ("product_id", "touchpoint"):
        wanted = table.column(name).drop_null().unique().to_pylist()
        assert sorted(cut[name].cat.categories) == sorted(wanted)
        assert cut[name].cat.codes.dtype == np.int8


IDS = st.sampled_from(["C0000001", "C0000009", "X0000001", "branch-00000001", "branch-00000002",
                       "branch-1", "\u00e900001"])  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.lists(st.none() | IDS, max_size=6), max_size=5), st.sampled_from([1, 10**6]))
def test_ids_of_one_length_and_others_are_what_they_were(
    batches: list[list[str | None]], fewest: int
) -> None:
    column = texts.Texts(Memory(100))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "_FEWEST", fewest)
        for batch in batches:
            column.add(pa.array(batch, pa.large_string()))
    cells = [cell for batch in batches for cell in batch]
    ids = column.column()
    assert ids.astype(object).where(ids.notna(), None).tolist() == cells
    assert sorted(ids.cat.categories) == sorted({cell for cell in cells if cell is not None})


def owner(array: Any) -> Any:
    while isinstance(array, np.ndarray):
        array = array.base
    return array


def test_columns_in_files_are_those_in_memory() -> None:
    rows = 100_000
    numbers = np.arange(rows)
    table = pa.table({
        "customer_id": pa.array(numbers % 40_000).cast(pa.string()),
        "session_id": pa.array(numbers, mask=numbers % 3 == 0),
        "value": numbers / 8, "timestamp": pa.array(numbers, pa.timestamp("us", "UTC")),
    })  # fmt: skip
    cuts = [45_000, 50_000]
    in_files = streamed(table, cuts, megabytes=0.001)
    pd.testing.assert_frame_equal(in_files, streamed(table, cuts))
    assert in_files["customer_id"].cat.codes.dtype == np.int32
    ids: Any = in_files["customer_id"].array
    times: Any = in_files["timestamp"].array
    for cells in (ids.codes, in_files["value"].to_numpy(), times.asi8):
        assert isinstance(owner(cells), mmap.mmap)  # nothing was copied on the way


def test_a_category_of_the_file_keeps_only_what_occurs() -> None:
    chosen = pd.Categorical(["b", None, "b"], categories=["a", "b"])
    events = pa.Table.from_pandas(pd.DataFrame({"product_id": chosen}))
    column = streamed(events, [1])["product_id"]
    assert column.cat.categories.tolist() == ["b"]
    assert column.cat.codes.tolist() == [0, -1, 0]


DECIMALS = {
    "whole in one batch": ([["1", "2"], ["2.5"]], [1.0, 2.0, 2.5]),
    "whole in all": ([["1.00", "2.00"], ["3.00"]], [1, 2, 3]),
    "beyond 64 bits": ([["1"], ["99999999999999999999"]], ["1", "99999999999999999999"]),
    "beyond 64 bits beside fractions": ([["99999999999999999999"], ["2.5"]], [1e20, 2.5]),
}


@pytest.mark.parametrize("name", DECIMALS)
@pytest.mark.parametrize("is_text", [True, False])
def test_numbers_of_a_database_are_read_as_all_together(name: str, is_text: bool) -> None:
    batches, wanted = DECIMALS[name]
    numeric = ["value"] if is_text else []
    frame = StreamedFrame(pa.schema([("value", pa.null())]), kind, Memory(100), numeric)
    for batch in batches:
        cells = pa.array(batch) if is_text else pa.array([Decimal(cell) for cell in batch])
        if is_text and name == "whole in all":
            cells = pa.array([cell.removesuffix(".00") for cell in batch])
        frame.add(pa.record_batch([cells], names=["value"]))
    assert frame.frame()["value"].tolist() == wanted


def test_batches_of_types_that_do_not_go_together_are_refused() -> None:
    frame = StreamedFrame(pa.schema([("value", pa.null())]), kind, Memory(100))
    frame.add(pa.record_batch([pa.array([1])], names=["value"]))
    frame.add(pa.record_batch([pa.array(["a"])], names=["value"]))
    with pytest.raises(pa.ArrowException):
        frame.frame()


def test_dates_are_times_or_texts_as_the_table_reads_them() -> None:
    days = pa.array([0, None, 20_000], pa.date32())
    frame = streamed(pa.table({"timestamp": days, "context_day": days}), [2])
    assert frame["timestamp"].dtype == "datetime64[us]"
    assert frame["context_day"].tolist()[::2] == ["1970-01-01", "2024-10-04"]


# --- doors ------------------------------------------------------------------------------

EVENTS = pa.table({
    "customer_id": ["ann", "bob", "ann"], "product_id": ["007", None, "7"],
    "action": ["view", "contact", "purchase"], "session_id": [1, 2, None],
    "timestamp": pa.array([0, 1, 2], pa.timestamp("us", "UTC")), "value": [1.5, None, 2.0],
})  # fmt: skip


def parquet(folder: Path) -> OwnTables:
    pq.write_table(EVENTS, folder / "interactions.parquet", row_group_size=2)
    return Files(root=str(folder))


def parts(folder: Path) -> OwnTables:
    for number in range(3):
        part = folder / "interactions" / f"part-{number}.parquet"
        part.parent.mkdir(exist_ok=True)
        pq.write_table(EVENTS[number : number + 1], part)
    return Files(root=str(folder))


def csv(folder: Path) -> OwnTables:
    EVENTS.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get).to_csv(
        folder / "interactions.csv", index=False
    )
    return Files(root=str(folder))


def database(folder: Path) -> OwnTables:
    with duckdb.connect(folder / "shop.duckdb") as shop:
        shop.register("rows", EVENTS)
        shop.execute("CREATE TABLE events AS SELECT * FROM rows")
    return Sql(uri=f"duckdb:///{folder / 'shop.duckdb'}", queries={"interactions": "events"})


def lake(folder: Path) -> OwnTables:
    deltalake.write_deltalake(str(folder / "events"), EVENTS)
    return Delta(tables={"interactions": str(folder / "events")})


@pytest.mark.parametrize("door", [parquet, parts, csv, database, lake])
def test_every_door_gives_the_same_columns_of_codes(door: Any, tmp_path: Path) -> None:
    events = door(tmp_path).load().interactions
    wanted = streamed(EVENTS, [])
    assert {name: str(dtype) for name, dtype in wanted.dtypes.items()} == {
        "customer_id": "category", "product_id": "category", "action": "category",
        "session_id": "Int64", "timestamp": "datetime64[us, UTC]", "value": "float64",
    }  # fmt: skip
    events["timestamp"] = events["timestamp"].dt.tz_convert("UTC")  # DuckDB has that of the machine
    pd.testing.assert_frame_equal(events, wanted)


def test_parts_have_the_types_of_the_first(tmp_path: Path) -> None:
    parts(tmp_path)
    second = tmp_path / "interactions" / "part-1.parquet"
    pq.write_table(pa.table({"value": [3], "customer_id": ["bob"], "other": [1]}), second)
    events = Files(root=str(tmp_path)).load().interactions
    assert events.columns.tolist() == EVENTS.schema.names
    assert events["value"].tolist() == [1.5, 3.0, 2.0]
    assert events["action"].isna().tolist() == [False, True, False]
    pq.write_table(pa.table({"customer_id": ["bob"], "session_id": ["x"]}), second)
    with pytest.raises(InputError, match=r"interactions: interactions cannot be read as Parquet: "):
        Files(root=str(tmp_path)).load()


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    columns = [pa.array(["a"], pa.string_view()), pa.array(["x"]), pa.array(["b"])]
    table = pa.Table.from_arrays(columns, names=["customer_id", "product_id", "customer_id"])
    pq.write_table(table, tmp_path / "interactions.parquet")
    with pytest.raises(InputError, match="column 'customer_id' appears 2 times"):
        Files(root=str(tmp_path)).load()


def test_an_index_of_pandas_is_no_column(tmp_path: Path) -> None:
    rows = pd.DataFrame({"customer_id": [1, 2]}, index=pd.Index(["a", "b"], name="row"))
    rows.to_parquet(tmp_path / "interactions.parquet")
    assert Files(root=str(tmp_path)).load().interactions.columns.tolist() == ["customer_id"]


def test_texts_of_batches_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_stream, "BATCH_ROWS", 100)
    monkeypatch.setattr(parquet_bounds, "MOST_BYTES", 1_000_000)
    rows = pa.table({"customer_id": ["a" * 1_000] * 2_000})
    pq.write_table(rows, tmp_path / "interactions.parquet", compression="zstd")
    with pytest.raises(InputError, match=r"unpacks from .* not plausible"):
        Files(root=str(tmp_path)).load()


# --- CSV --------------------------------------------------------------------------------

WRITTEN = {
    "customer_id": ("7", "8", "007", "a", "1234567890123456789", "-3", '""'),
    "touchpoint": ("7", "web", "NA", "", '"a,b"'),
    "value": ("1", "2.5", "x", "", "true", "99999999999999999999"),
    "timestamp": ("2026-01-01", "2026-01-01T10:00:00.123456789Z", "soon", "", "NULL"),
    "order": ("1", "2", "3.5", ""),
}


def read(reader: Any, *arguments: Any) -> pd.DataFrame | str:
    try:
        frame: pd.DataFrame = reader(*arguments)
    except InputError as error:
        return str(error)
    return plain_table(frame)


@settings(max_examples=60, phases=WITHOUT_SHRINKING, deadline=None)
@given(st.data(), st.sampled_from([1, 2, 100]))
def test_a_csv_file_is_what_it_is_as_a_whole(data: st.DataObject, rows: int) -> None:
    chosen = [data.draw(st.sets(st.sampled_from(of), min_size=1)) for of in WRITTEN.values()]
    cells = st.tuples(*(st.sampled_from(sorted(of)) for of in chosen))
    lines = [",".join(row) for row in data.draw(st.lists(cells, min_size=1, max_size=7))]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_stream, "_ROWS", rows)
        path = Path(folder, "interactions.csv")
        path.write_text("\n".join([",".join(WRITTEN), *lines]))
        batches, whole = read(stream_csv, path, kind, Memory(100)), read(read_csv, path, kind)
    if isinstance(batches, str) or isinstance(whole, str):
        assert batches == whole
        return
    times = batches["timestamp"]
    if pd.api.types.is_datetime64_any_dtype(times.dtype):
        whole["timestamp"] = read_moments(whole["timestamp"]).astype(times.dtype)
    pd.testing.assert_frame_equal(batches, whole)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["1,2", "3,4,5"], "line 3: expected 2 fields, got 3"),
        (["1,2", "3,4", "5,6", '7,"8'], "a double quote is opened and never closed"),
        (["1,2,", "3,4,"], "every row has more fields than the header, which has 2"),
        (["1,2", "2,3", "3,4", "NA,5"], "row 3, column 'customer_id': expected an id or an empty"),
    ],
)
def test_a_fault_in_a_later_batch_has_its_line(
    rows: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_stream, "_ROWS", 2)
    (tmp_path / "interactions.csv").write_text("\n".join(["customer_id,product_id", *rows]))
    with pytest.raises(InputError, match=says):
        Files(root=str(tmp_path)).load()
