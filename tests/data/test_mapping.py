"""A mapping in YAML: what it does to cells and rows, and how its own faults are named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import write_shop

from recsys.data.cells import CellError
from recsys.data.check import check_tables
from recsys.data.faults.inspected import inspect
from recsys.data.mapping.dates import parsed
from recsys.data.mapping.lines import Lines
from recsys.data.mapping.mapping import TableMapping, mapping_of, read_mapping
from recsys.data.mapping.numbers import with_point
from recsys.data.mapping.values import cell_reader
from recsys.data.readers import read_column
from recsys.data.sources.files import Files
from recsys.data.tables import Tables
from recsys.errors import InputError

EVENTS = """\
Kunde;Artikel;Kanal;Vorgang;Zeit;Betrag
007;A1;E-Mail;Kauf;31.12.2025 23:30;1.234,50
008;;Filiale;Ansicht;01.07.2025 12:00;k.A.
007;A2;E-Mail;Kauf;28.03.2025;-3
009;A1;Test;Kauf;01.01.2025;1
"""
MAPPING = """\
separator: ";"
decimal: ","
thousands: "."
dates: ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
time_zone: Europe/Berlin
empty: [k.A.]
tables:
  interactions:
    file: events.txt
    columns: {Kunde: customer_id, Artikel: product_id, Kanal: touchpoint, Vorgang: action,
              Zeit: timestamp, Betrag: value}
    values:
      action: {Kauf: purchase, Ansicht: view}
      touchpoint: {E-Mail: email, Filiale: branch}
    drop_rows: {touchpoint: [Test]}
"""


def loaded(folder: Path, mapping: str, **files: str | bytes) -> Tables:
    for name, text in files.items():
        path = folder / f"{name}.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    source = Files(root=str(folder), mapping=str(folder / "mapping.yaml"))
    return check_tables(source.load())


def test_cells_become_what_the_mapping_says(tmp_path: Path) -> None:
    events = loaded(tmp_path, MAPPING, events=EVENTS).interactions
    assert events["customer_id"].tolist() == ["007", "008", "007"]
    assert events["product_id"].astype("str").fillna("").tolist() == ["A1", "", "A2"]
    assert events["touchpoint"].tolist() == ["email", "branch", "email"]
    assert events["action"].tolist() == ["purchase", "view", "purchase"]
    np.testing.assert_array_equal(events["value"], [1234.5, np.nan, -3])
    # Berlin is one hour ahead of UTC in winter and two in summer.
    assert events["timestamp"].dt.strftime("%Y-%m-%d %H:%M").tolist() == [
        "2025-12-31 22:30", "2025-07-01 10:00", "2025-03-27 23:00",
    ]  # fmt: skip


def test_an_encoding_is_read(tmp_path: Path) -> None:
    text = "customer_id,context_ort\n1,Köln\n2,Süd\n".encode("cp1252")
    mapping = "tables: {interactions: {file: events.txt, encoding: cp1252}}"
    events = loaded(tmp_path, mapping, events=text).interactions
    assert events["context_ort"].tolist() == ["Köln", "Süd"]
    with pytest.raises(InputError, match=r"events.txt cannot be read: it is not UTF-8; .*mapping"):
        loaded(tmp_path, mapping.replace(", encoding: cp1252", ""), events=text)


def test_open_ends_flags_and_blanks(tmp_path: Path) -> None:
    products = "product_id,neu,valid_to\n01 ,J,9999-12-31\n02, N,2026-01-01\n"
    customers = "customer_id,consent_app\na,1\nb,Nein\n"
    mapping = """
    flags: {J: true, N: false, Nein: false}
    tables:
      interactions: {file: events.txt}
      products: {file: products.txt, strip: true, open_ends: [9999-12-31]}
      customers: {file: customers.txt}
    """
    tables = loaded(
        tmp_path, mapping, products=products, customers=customers,
        events="customer_id,product_id\na,01\nb,02\n",
    )  # fmt: skip
    assert tables.products is not None and tables.customers is not None  # noqa: PT018
    assert tables.products["product_id"].tolist() == ["01", "02"]
    assert tables.products["neu"].tolist() == [True, False]
    assert tables.products["valid_to"].isna().tolist() == [True, False]
    assert tables.customers["consent_app"].tolist() == [True, False]


def test_tables_without_an_entry_are_read_from_their_usual_files(tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "tables")
    (tmp_path / "m.yaml").write_text("tables: {products: {ignore: [margin]}}")
    mapped = Files(root=str(folder), mapping=str(tmp_path / "m.yaml")).load()
    plain = check_tables(Files(root=str(folder)).load())
    for name, table in check_tables(mapped).items():
        wanted = getattr(plain, name).drop(columns=["margin"] if name == "products" else [])
        pd.testing.assert_frame_equal(table, wanted, check_dtype=False)


def test_parquet_can_be_mapped(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Kunde": [1, 2], "Art": ["Kauf", "Kauf"], "neu": ["J", "N"]})
    frame.to_parquet(tmp_path / "e.parquet")
    mapping = """
    tables:
      interactions:
        file: e.parquet
        columns: {Kunde: customer_id, Art: action}
        ignore: [neu]
        values: {action: {Kauf: purchase}}
    """
    events = loaded(tmp_path, mapping).interactions
    assert events["customer_id"].tolist() == [1, 2]
    assert events["action"].tolist() == ["purchase", "purchase"]


def test_spreadsheets_are_read(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Kunde", "Zeit"], ["007", pd.Timestamp("2025-01-01")], [8, None], [None, None]):
        book.active.append(row)
    book.save(tmp_path / "e.xlsx")
    mapping = "tables: {interactions: {file: e.xlsx, columns: {Kunde: customer_id, Zeit: order}}}"
    with pytest.raises(InputError, match=r"line 2 of e.xlsx, column 'order' \('Zeit'\)"):
        loaded(tmp_path, mapping)
    mapping = mapping.replace("order", "timestamp")
    with pytest.raises(InputError, match=r"line 3 of e.xlsx, column 'timestamp'.*got none"):
        loaded(tmp_path, mapping)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tables": {"events": {}}}, "m.yaml: tables.events: no such table; tables are inter"),
        ({"tables": None}, "m.yaml: expected a key 'tables'"),
        ({"seperator": ";"}, "m.yaml: seperator: no such key; did you mean 'separator'?"),
        ({"tables": {"customers": {"colums": {}}}},
         "m.yaml: tables.customers.colums: no such key; did you mean 'columns'?"),
        ({"separator": ";;"}, "m.yaml: separator: expected a single character, got ';;'"),
        ({"decimal": 3}, "m.yaml: decimal: expected a text; put it in quotes, got 3"),
        ({"dates": "%d"}, "m.yaml: dates: expected a list, got '%d'"),
        ({"time_zone": "Berlin"}, "m.yaml: time_zone: expected a time zone of the IANA"),
        ({"flags": {"J": "yes"}}, "m.yaml: flags.J: expected true or false, got 'yes'"),
        ({"open_ends": ["31.12.9999"]}, "m.yaml: open_ends: expected days such as '9999-12-31'"),
        ({"tables": {"customers": {"columns": {"K": "id"}, "file": None}, "interactions": {}}},
         ""),
        ({"tables": {"interactions": {"columns": {"K": "customer"}}}},
         "m.yaml: tables.interactions.columns.K: no column 'customer'; interactions has customer_"),
        ({"tables": {"customers": {"columns": {"K": "age", "L": "age"}}}},
         "m.yaml: tables.customers.columns.L: column 'age' is mapped twice, from 'K' too"),
        ({"tables": {"interactions": {"bad_cells": {"value": "skip"}}}},
         "m.yaml: tables.interactions.bad_cells.value: expected 'drop' or 'empty', got 'skip'"),
        ({"tables": {"interactions": {"values": {"actoin": {}}}}},
         "m.yaml: tables.interactions.values.actoin: no column 'actoin'"),
        ({"tables": {"interactions": {"duplicates": "all"}}},
         "m.yaml: tables.interactions.duplicates: expected 'first' or 'last', got 'all'"),
        ({"tables": {"interactions": ["a"]}}, "m.yaml: tables.interactions: expected a mapping"),
    ],
)  # fmt: skip
def test_a_fault_of_a_mapping_is_one_line_that_names_the_key(change: dict, says: str) -> None:
    content = {"tables": {"interactions": {}}, **change}
    if not says:
        mapping_of(content, "m.yaml")
        return
    with pytest.raises(InputError) as caught:
        mapping_of(content, "m.yaml")
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_mapping_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data.mapping=.*no.yaml: cannot be read: No such file"):
        read_mapping(str(tmp_path / "no.yaml"))
    (tmp_path / "m.yaml").write_text("tables: [a\nb: c")
    with pytest.raises(InputError, match=r"data.mapping=.*: expected YAML, got a fault in line 2"):
        read_mapping(str(tmp_path / "m.yaml"))


def test_a_file_or_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_shop(tmp_path / "tables")
    for entry, says in {
        "products: {file: no.csv}": "products: expected no.csv in .*, and there is none",
        "products: {columns: {Preis: price}}":
            r"tables.products.columns of the mapping names column 'Preis', which products.csv",
        "products: {ignore: [x]}": r"tables.products.ignore of the mapping names column 'x'",
    }.items():  # fmt: skip
        (tmp_path / "m.yaml").write_text(f"tables: {{{entry}}}")
        with pytest.raises(InputError, match=says):
            Files(root=str(tmp_path / "tables"), mapping=str(tmp_path / "m.yaml")).load()


NUMBERS = st.decimals(-(10**7), 10**7, places=2, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_german_numbers_are_read_back(numbers: list) -> None:
    german = [f"{number:,.2f}".translate(str.maketrans(",.", ".,")) for number in numbers]
    cells = with_point(pd.Series(german, dtype="str"), ",", ".")
    assert [float(cell) for cell in cells] == [float(number) for number in numbers]


@pytest.mark.parametrize("cell", ["12.50", "1,234.50", "1.23.456"])
def test_a_number_with_the_other_signs_is_refused(cell: str) -> None:
    with pytest.raises(CellError, match=r"expected a number such as 1\.234,50"):
        with_point(pd.Series(["1,5", cell], dtype="str"), ",", ".")


def test_an_hour_that_comes_twice_is_the_first_and_one_that_is_skipped_its_end() -> None:
    cells = pd.Series(["26.10.2025 02:30", "30.03.2025 02:30", "no"], dtype="str")
    moments = parsed(cells, ["%d.%m.%Y %H:%M"], "Europe/Berlin")
    assert moments.dt.strftime("%m-%d %H:%M").tolist()[:2] == ["10-26 00:30", "03-30 01:00"]
    assert moments.isna().tolist() == [False, False, True]


TEXT = "a,b\n1,x\n\n2,y,z\n" + '3,"p\nq"\n' + "4,r\n5\n6,s\n"


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TEXT)
    # Records 3 and 6 were not read; a blank line is no record, and a value has a line end.
    lines = Lines(path, ",", "utf-8", 4, [3, 6])
    assert lines.of_rows([0, 1, 2, 3]) == [2, 5, 7, 9]
    assert lines.of_records([3, 6]) == [4, 8]


def test_faults_name_lines_behind_bad_ones(tmp_path: Path) -> None:
    folder = write_shop(tmp_path / "tables")
    path = folder / "interactions.csv"
    lines = path.read_text().splitlines()
    lines[2] += ",x"
    lines[5] = lines[5].replace("contact", "call")
    path.write_text("\n".join(lines))
    faults = inspect(Files(root=str(folder))).faults
    assert [(fault.lines, fault.count) for fault in faults] == [((3,), 1), ((6,), 1)]


TIMES = ["2026-01-01", "2026-01-01T10:00", "2026-01-01 10:00:00.25Z", "2026-01-01T10:00:00+02:00",
         "2026-1-1", "2026-01-01 24:00", "2026-02-30", "9999-12-31", "2026-01", "12:30",
         ""]  # fmt: skip
AMOUNTS = ["1", "-1.50", "1e5", ".5", "5.", "+3", "inf", "Infinity", "0x10", "1_000", " 1", "1,5",
           "12345678.9", "0.1000000000000000055511151231257827"]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TIMES), min_size=1, max_size=3))
def test_what_arrow_reads_as_times_pandas_reads_alike(texts: list[str]) -> None:
    same_readings("timestamp", texts)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(AMOUNTS), min_size=1, max_size=3))
def test_what_arrow_reads_as_numbers_pandas_reads_alike(texts: list[str]) -> None:
    same_readings("value", texts)


def same_readings(label: str, texts: list[str]) -> None:
    """Cells are read, or refused, as a load of the same texts does."""
    cells = pd.Series([text or None for text in texts], dtype="str", name=label)
    read = cell_reader(TableMapping(), is_text=True)
    readings = []
    for reader in (read, read_column):
        try:
            readings.append(reader("interactions", label, cells).tolist())
        except CellError as error:
            readings.append(["refused", error.row])
    assert repr(readings[0]) == repr(readings[1])
