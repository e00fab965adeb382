"""Folders of parts: CSV, gzip, and values in names of folders, which are text until declared."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys import Dataset
from recsys.data.check import check_tables
from recsys.data.faults.inspected import inspect
from recsys.data.sources.files import Files
from recsys.errors import InputError

HEADER = "customer_id,product_id,action"
FOLDERS = ("branch=007/day=2026-01-01", "branch=12/day=2026-01-02")
RENAMED = {"interactions": {"branch": "touchpoint", "day": "timestamp"}}


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def csv_parts(root: Path) -> Path:
    write(root / "interactions" / FOLDERS[0] / "part.csv", HEADER, "1,007,view", "2,8,purchase")
    write(root / "interactions" / FOLDERS[1] / "part.csv.gz", HEADER, "1,007,view", "2,9,view")
    write(root / "interactions" / FOLDERS[1] / "_SUCCESS")
    return root


def parquet_parts(root: Path) -> Path:
    for folder, products in zip(FOLDERS, (["007", "8"], ["007", "9"]), strict=True):
        path = root / "interactions" / folder / "part.parquet"
        path.parent.mkdir(parents=True)
        actions = ["view", "purchase" if products[1] == "8" else "view"]
        rows = {"customer_id": [1, 2], "product_id": products, "action": actions}
        pq.write_table(pa.table(rows), path)
    return root


@pytest.fixture(params=[csv_parts, parquet_parts])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made: Path = request.param(tmp_path / "tables")
    return made


def test_values_in_names_of_folders_are_text_until_declared(root: Path) -> None:
    events = check_tables(Files(root=str(root), rename=RENAMED).load()).interactions
    assert events["touchpoint"].tolist() == ["007", "007", "12", "12"]
    assert events["product_id"].tolist() == ["007", "8", "007", "9"]
    first, _, _, last = events["timestamp"].tolist()
    assert (first, last) == tuple(pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True))


def test_declared_values_have_their_types(root: Path) -> None:
    source = Files(root=str(root), partitions={"branch": "integer", "day": "date"}, rename=RENAMED)
    events = source.load().interactions
    assert events["touchpoint"].tolist() == [7, 7, 12, 12]
    assert pd.api.types.is_datetime64_any_dtype(events["timestamp"].dtype)
    ignored = Files(root=str(root), partitions={"branch": "ignore", "day": "ignore"})
    assert list(ignored.load().interactions) == ["customer_id", "product_id", "action"]


def test_csv_parts_and_parquet_parts_are_the_same_data(tmp_path: Path) -> None:
    prints = {
        Dataset.from_source(
            Files(root=str(make(tmp_path / make.__name__)), name="shop", rename=RENAMED)
        ).fingerprint
        for make in (csv_parts, parquet_parts)
    }
    assert len(prints) == 1


def test_a_partition_without_a_value_is_empty(root: Path) -> None:
    empty = "branch=__HIVE_DEFAULT_PARTITION__/day=2026-01-03"
    (root / "interactions" / FOLDERS[0]).rename(root / "moved")
    (root / "interactions" / empty).parent.mkdir()
    (root / "moved").rename(root / "interactions" / empty)
    (root / "interactions" / "branch=007").rmdir()
    events = Files(root=str(root), partitions={"branch": "integer"}, rename=RENAMED).load()
    assert events.interactions["touchpoint"].isna().sum() == 2


def test_a_column_of_the_parts_counts_more_than_their_folder(tmp_path: Path) -> None:
    rows = pa.table({"customer_id": [1], "touchpoint": ["app"]})
    path = tmp_path / "interactions" / "touchpoint=web" / "part.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(rows, path)
    assert Files(root=str(tmp_path)).load().interactions["touchpoint"].tolist() == ["app"]


def test_whole_numbers_with_gaps_keep_their_digits(tmp_path: Path) -> None:
    ids = pa.array([2**53 + 1, None, 2**53 + 3])
    rows = pa.table({"customer_id": [1, 2, 3], "product_id": ids})
    pq.write_table(rows, tmp_path / "interactions.parquet")
    products = check_tables(Files(root=str(tmp_path)).load()).interactions["product_id"]
    assert products.dropna().tolist() == [2**53 + 1, 2**53 + 3]


def test_a_file_with_gzip_is_the_file_without(tmp_path: Path) -> None:
    lines = (HEADER, "1,007,view", '2,"a\nb",purchase', "3,,contact")
    write(tmp_path / "plain" / "interactions.csv", *lines)
    write(tmp_path / "packed" / "interactions.csv.gz", *lines)
    prints = {
        Dataset.from_source(Files(root=str(tmp_path / name), name="shop")).fingerprint
        for name in ("plain", "packed")
    }
    assert len(prints) == 1


def test_a_fault_names_part_and_line(tmp_path: Path) -> None:
    csv_parts(tmp_path)
    part = "branch=12/day=2026-01-02/part.csv.gz"
    write(tmp_path / "interactions" / part, HEADER, "1,7,view", "", "2,8,vew", "3,9,view,more")
    source = Files(root=str(tmp_path), rename=RENAMED)
    faults = {fault.column: fault for fault in inspect(source).faults}
    assert faults["action"].message.startswith(
        f"interactions: line 4 of {part}, column 'action': expected one of view"
    )
    assert faults["action"].lines == (f"{part}:4",)
    assert faults[None].message.startswith(
        f"interactions: {part}: line 5: expected 3 fields, got 4"
    )
    with pytest.raises(InputError, match=r"line 5: expected 3 fields.* and 1 more kind of fault"):
        source.load()


def test_german_parts_are_read_by_the_mapping_that_a_check_suggests(tmp_path: Path) -> None:
    header = "Kundennr;Produktnr;Aktion;Betrag;Zeitpunkt"
    for part, day in (("teil-1.csv", "01"), ("teil-2.csv.gz", "02")):
        rows = [f"K{row};P{row};Kauf;1,5;{day}.02.2026 10:00:00" for row in range(20)]
        write(tmp_path / "tables" / "Umsaetze" / part, header, *rows)
    source = Files(root=str(tmp_path / "tables"))
    inspected = inspect(source)
    assert inspected.is_guessed
    assert not inspected.faults
    (tmp_path / "mapping.yaml").write_text(source.suggestion(inspected))
    mapped = Files(root=str(tmp_path / "tables"), mapping=str(tmp_path / "mapping.yaml")).load()
    assert len(mapped.interactions) == 40
    assert mapped.interactions["value"].unique().tolist() == [1.5]


BAD: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "no such partition": ({"partitions": {"shop": "text"}},
        r"data.partitions.shop: expected folders shop=VALUE in .*, and there are none; remove"),
    "no date": ({"partitions": {"branch": "date"}},
        r"interactions: data.partitions.branch=date: expected a day such as 2026-01-31, got a "
        r"folder branch=007; set data.partitions.branch=text"),
    "no number": ({"partitions": {"day": "integer"}},
        r"data.partitions.day=integer: expected a whole number, got a folder day=2026-01-01"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_a_partition_cannot_be_is_refused(root: Path, name: str) -> None:
    settings, says = BAD[name]
    with pytest.raises(InputError, match=says):
        Files(root=str(root), **settings).load()


def test_parts_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    csv_parts(tmp_path)
    other = write(tmp_path / "interactions" / FOLDERS[0] / "other.csv", "customer_id,colour", "1,2")
    with pytest.raises(InputError, match=r"expected the columns of branch=007/day=2026-01-01/oth"):
        Files(root=str(tmp_path)).load()
    other.rename(tmp_path / "interactions" / "other.csv")
    with pytest.raises(InputError, match=r"expected the columns of|expected every part in folders"):
        Files(root=str(tmp_path)).load()
    (tmp_path / "interactions" / "other.csv").rename(tmp_path / "interactions" / "other.parquet")
    with pytest.raises(InputError, match=r"interactions: expected parts of one kind, got branch="):
        Files(root=str(tmp_path)).load()


def test_a_damaged_gzip_and_one_that_explodes_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "interactions.csv.gz", HEADER, *["1,7,view"] * 2_000)
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    with pytest.raises(InputError, match=r"interactions.csv.gz cannot be unpacked: expected a wh"):
        Files(root=str(tmp_path)).load()
    path.write_bytes(gzip.compress(bytes(300_000_000), 1))
    with pytest.raises(InputError, match=r"interactions.csv.gz unpacks to more than 268,435,456 b"):
        Files(root=str(tmp_path)).load()
