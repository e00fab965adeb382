"""What a CSV file says is read as it is written, in every table and under every name."""

import os
import time
from pathlib import Path

import pandas as pd
import pytest
from test_codes import TABLES

from recsys.data.check import check_tables
from recsys.data.sources.files import Files
from recsys.data.sources.folder import require_file
from recsys.data.sources.json_lines import read_json_lines
from recsys.data.tables import Tables
from recsys.errors import InputError

ROWS = {
    "interactions": "customer_id,product_id,touchpoint,action,session_id,context_shop\n"
    "007,0011,01,view,09,03\n7,11,1,view,9,3\n",
    "customers": "customer_id,language,zip,income\n007,de,01234,1964\n7,en,12345,2000.5\n",
    "products": "product_id,name,category,size\n0011,00011,0007,1\n11,11,7,2\n",
    "offers": "offer_id,product_id,touchpoint,variant\n01,0011,01,02\n1,11,1,2\n",
    "touchpoints": "touchpoint,cost\n01,1\n1,2\n",
    "identities": "id_a,id_b,kind\n007,0100,01\n7,100,1\n",
    "decisions": "decision_id,customer_id,offer_id,touchpoint,timestamp,policy,outcome,slate_id\n"
    "007,007,01,01,2026-01-01,02,accept,03\n7,7,1,1,2026-01-01,2,ignore,3\n",
}  # fmt: skip


def load(folder: Path, **settings: object) -> Tables:
    return check_tables(Files(root=str(folder), **settings).load())  # type: ignore[arg-type]


def shop(folder: Path) -> Path:
    for name, text in ROWS.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("table", "column", "wanted"),
    [
        ("interactions", "customer_id", ["007", "7"]),
        ("interactions", "product_id", ["0011", "11"]),
        ("interactions", "touchpoint", ["01", "1"]), ("interactions", "session_id", ["09", "9"]),
        ("interactions", "context_shop", ["03", "3"]), ("customers", "zip", ["01234", "12345"]),
        ("products", "name", ["00011", "11"]), ("products", "category", ["0007", "7"]),
        ("offers", "offer_id", ["01", "1"]), ("offers", "variant", ["02", "2"]),
        ("touchpoints", "touchpoint", ["01", "1"]), ("identities", "id_b", ["0100", "100"]),
        ("identities", "kind", ["01", "1"]), ("decisions", "decision_id", ["007", "7"]),
        ("decisions", "policy", ["02", "2"]), ("decisions", "slate_id", ["03", "3"]),
    ],
)  # fmt: skip
def test_codes_keep_their_zeros(tmp_path: Path, table: str, column: str, wanted: list[str]) -> None:
    assert getattr(load(shop(tmp_path)), table)[column].tolist() == wanted


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    tables = load(shop(tmp_path))
    assert tables.customers is not None
    assert tables.products is not None
    assert tables.customers["income"].tolist() == [1964.0, 2000.5]
    assert tables.products["size"].tolist() == [1, 2]


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    written = load(shop(tmp_path))
    other = tmp_path / "parquet"
    other.mkdir()
    for name, text in ROWS.items():
        (tmp_path / "text.csv").write_text(text)
        frame = pd.read_csv(tmp_path / "text.csv", dtype="str")
        numbers = {"income": "float64", "size": "int64", "cost": "int64"}
        frame = frame.astype({key: kind for key, kind in numbers.items() if key in frame})
        frame.to_parquet(other / f"{name}.parquet")
    for name, table in load(other).items():
        pd.testing.assert_frame_equal(table, getattr(written, name))


def test_a_renamed_column_is_read_as_what_it_becomes(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("client,channel,visit\n007,01,0009\n8,2,1\n")
    new = {"client": "customer_id", "channel": "touchpoint", "visit": "session_id"}
    table = load(tmp_path, rename={"interactions": new}).interactions
    assert table.iloc[0].tolist() == ["007", "01", "0009"]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["01234", "2"], ["01234", "2"]),
        (["+4915112345678", "2"], ["+4915112345678", "2"]),
        (["12E4", "2"], ["12E4", "2"]),
        (["-007", ""], ["-007", None]),
        (["0.5", "00.5"], ["0.5", "00.5"]),
        (["0", "10"], [0, 10]),
        (["0.5", "-0.25"], [0.5, -0.25]),
        (["1.5e-05", "1e+06"], [1.5e-05, 1e6]),
        (["+5", "-3"], [5, -3]),
        (["True", "False"], [True, False]),
    ],
)
def test_a_feature_is_a_number_unless_its_digits_are_a_code(
    tmp_path: Path, cells: list[str], wanted: list[object]
) -> None:
    (tmp_path / "interactions.csv").write_text("customer_id\na\nb\n")
    lines = "".join(f"{name},{cell}\n" for name, cell in zip("ab", cells, strict=True))
    (tmp_path / "customers.csv").write_text(f"customer_id,feature\n{lines}")
    customers = load(tmp_path).customers
    assert customers is not None
    read = customers["feature"]
    assert [None if pd.isna(cell) else cell for cell in read] == wanted


@pytest.mark.parametrize("digits", ["9" * 5_000, "1" * 19 + "0"])
def test_an_id_of_any_length_stays_whole(tmp_path: Path, digits: str) -> None:
    (tmp_path / "interactions.csv").write_text(f"customer_id\n{digits}\n1\n")
    assert load(tmp_path).interactions["customer_id"].tolist() == [digits, "1"]


def test_digits_of_another_script_are_no_whole_number(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("customer_id\n1\u0667\n2\n", encoding="utf-8")
    assert load(tmp_path).interactions["customer_id"].tolist() == ["1\u0667", "2"]


@pytest.mark.parametrize("header", ["customer_id, product_id", "customer_id ,product_id"])
def test_blanks_around_a_name_are_named(tmp_path: Path, header: str) -> None:
    (tmp_path / "interactions.csv").write_text(f"{header}\na,b\n")
    with pytest.raises(InputError, match=r"column \d of the header: .* without blanks around it"):
        load(tmp_path)


def test_a_header_of_40_000_names_is_read_in_seconds(tmp_path: Path) -> None:
    # Counting each name among all of them took 40,000 x 40,000 comparisons.
    names = [f"column_{number}" for number in range(40_000)]
    (tmp_path / "interactions.csv").write_text(",".join([*names, names[-1]]) + "\n")
    before = time.process_time()
    with pytest.raises(InputError, match="column 'column_39999' appears 2 times"):
        load(tmp_path)
    assert time.process_time() - before < 15


def test_a_missing_column_among_many_is_one_short_line(tmp_path: Path) -> None:
    names = [f"column_{number}" for number in range(2_000)]
    (tmp_path / "interactions.csv").write_text(",".join(names) + "\n" + ",".join("1" * 2_000))
    with pytest.raises(InputError, match=r"'customer_id' is missing; .* and 1,988 more") as caught:
        load(tmp_path)
    assert len(str(caught.value)) < 400


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    for name in ("interactions.csv", "lines.json"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match=r"interactions.csv cannot be read: expected a file"):
        load(tmp_path)
    with pytest.raises(InputError, match=r"lines.json cannot be read: expected a file"):
        read_json_lines(tmp_path / "lines.json", ["id"])
    with pytest.raises(InputError, match="null cannot be read: expected a file, got a pipe or a d"):
        require_file(Path("/dev/null"))


@pytest.mark.parametrize("line", ["[" * 100_000, '{"id": ' + "[" * 100_000, "9" * 5_000])
def test_json_in_json_in_json_is_one_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "lines.json").write_text(line)
    with pytest.raises(InputError, match="line 1: expected a JSON object") as caught:
        read_json_lines(tmp_path / "lines.json", ["id"])
    assert len(str(caught.value)) < 200


def test_every_table_is_tried() -> None:
    assert set(ROWS) == set(TABLES)
