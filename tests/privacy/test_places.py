"""How each kind of place forgets: what goes, and what stays as it was."""

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data.identity import IdentityRules
from recsys.errors import InputError
from recsys.privacy.forget import Request, forget
from recsys.privacy.links import linked_ids
from recsys.privacy.person import Person
from recsys.privacy.places import csv_rows, documents, parquet_rows
from recsys.privacy.places.all_places import PLACES
from recsys.privacy.scan.scan import scan

ANN = Person(frozenset({"C0000042"}))
SHORT = Person(frozenset({"7"}))


def test_other_records_of_a_csv_file_stay_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    kept = b'customer_id;note\r\nC1;"two\r\nlines; C0000041"\r\n"C2";\xff\xfe\r\n'
    path.write_bytes(kept + b'C0000042;"her\r\nown"\r\nC3;"x C0000042 y"\r\n"C0000042";z\r\n')

    assert csv_rows.forget(path, ANN, True) == 2
    assert path.read_bytes() == kept + b'C3;"x C0000042 y"\r\n'


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_in_any_dress(name: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / name
    whole = "customer_id,x\n7,1\n8,2\nä,7\n".encode(encoding)
    path.write_bytes(gzip.compress(whole) if name.endswith("gz") else whole)

    assert csv_rows.forget(path, SHORT, True) == 1
    left = path.read_bytes()
    left = gzip.decompress(left) if name.endswith("gz") else left
    assert left == "customer_id,x\n8,2\nä,7\n".encode(encoding)


def test_parquet_keeps_types_and_loses_what_dictionaries_hold(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table(
        {
            "customer_id": pa.array(["a", "C0000042", "b"]).dictionary_encode(),
            "seen": [["x"], [], ["y", "z"]],
            "when": pa.array([1, 2, 3], pa.timestamp("us", "UTC")),
        }
    ).replace_schema_metadata({"recsys": "kept"})
    pq.write_table(table, path, compression="zstd", row_group_size=2)

    assert parquet_rows.forget(path, ANN, True) == 1
    left = pq.ParquetFile(path)
    assert left.schema_arrow.metadata[b"recsys"] == b"kept"
    assert left.read().drop(["customer_id"]).equals(table.take([0, 2]).drop(["customer_id"]))
    assert left.read()["customer_id"].to_pylist() == ["a", "b"]
    assert left.metadata.row_group(0).column(0).compression == "ZSTD"
    assert scan([tmp_path], ["C0000042"]) == []


@pytest.mark.parametrize("kind", [pa.int64(), pa.int32(), pa.uint64(), pa.float64(), pa.string()])
def test_a_number_goes_by_column_only(kind: pa.DataType, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    values = pa.array([7, 8, None]).cast(kind)
    pq.write_table(pa.table({"customer_id": values, "product_id": values[::-1]}), path)

    assert parquet_rows.forget(path, SHORT, True) == 1
    assert pq.read_table(path)["product_id"].to_pylist() == values[::-1].to_pylist()[1:]


@pytest.mark.parametrize(("ids", "gone"), [(["C0000042", "C1"], "C0000042"), ([7, 8], "7")])
def test_rows_of_metrics_stay_under_a_stand_in(ids: list, gone: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer_id": ids * 2, "recall@5": [0.1, 0.2, 0.3, 0.4]})
    for name in ("per_query_valid.parquet", "per_query_test.parquet"):
        frame.to_parquet(tmp_path / name)
    request = Request(
        person=Person(frozenset({gone})), folders=[tmp_path], receipts=tmp_path / "receipts"
    )

    (first, _) = forget(request).changes

    assert (first.place, first.count) == ("metrics by query", 2)
    valid, test = (
        pd.read_parquet(tmp_path / f"per_query_{part}.parquet") for part in ("valid", "test")
    )
    # The same in all files, so that runs can be paired; one stands for one.
    pd.testing.assert_frame_equal(valid, test)
    pd.testing.assert_frame_equal(valid.iloc[:, 1:], frame.iloc[:, 1:])
    assert valid["customer_id"].tolist() == [valid["customer_id"][0], ids[1]] * 2
    assert valid["customer_id"].dtype == frame["customer_id"].dtype
    assert scan([tmp_path], [gone]) == []
    assert forget(request).changes == []


def test_a_json_document_loses_entries_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text(
        json.dumps(
            {
                "answers": [{"customer_id": "C0000042", "k": 1}, {"customer_id": "C1", "k": 2}],
                "by_id": {"C0000042": 1, "C1": 2},
                "said": "to C0000042, politely",
                "product": "C0000043",
            }
        )
    )

    assert documents.forget_document(path, ANN, True) == 3
    assert json.loads(path.read_text()) == {
        "answers": [{"customer_id": "C1", "k": 2}],
        "by_id": {"C1": 2},
        "said": "to forgotten, politely",
        "product": "C0000043",
    }


def test_a_page_goes_with_its_picture(tmp_path: Path) -> None:
    for name in ("her.html", "her.png", "other.html", "other.png"):
        (tmp_path / name).write_text("<b>C0000042</b>" if name == "her.html" else "x")

    assert documents.forget_page(tmp_path / "her.html", ANN, True) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"other.html", "other.png"}


def test_lines_of_a_log_that_name_a_short_id(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text('7 answers\ncustomer=7 ok\n{"customer_id": 7}\n{"customer_id": 77}\n')

    assert documents.forget_lines(path, SHORT, True) == 2
    assert path.read_text() == '7 answers\n{"customer_id": 77}\n'


def test_ids_are_followed_as_when_data_are_merged(tmp_path: Path) -> None:
    pd.DataFrame(
        {
            "id_a": ["ann", "phone", "bob", *["kiosk"] * 25],
            "id_b": ["phone", "cookie", "mail", *(f"c{n}" for n in range(25))],
            "confidence": [0.9, 0.8, 0.2, *[1.0] * 25],
        }
    ).to_csv(tmp_path / "identities.csv", index=False)
    pd.DataFrame({"record_id": ["r1", "r2"], "customer_id": ["cookie", None]}).to_parquet(
        tmp_path / "records.parquet"
    )
    rules = IdentityRules()

    assert linked_ids([tmp_path], ["ann"], rules) == {"ann", "phone", "cookie", "r1"}
    assert linked_ids([tmp_path], ["bob"], rules) == {"bob"}
    assert linked_ids([tmp_path], ["c3"], rules) == {"c3"}


def test_links_lead_out_of_no_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    for folder in ("in", "out"):
        (tmp_path / folder / "t.csv").write_text("customer_id\nC0000042\nC1\n")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "out" / "t.csv")

    done = forget(Request(person=ANN, folders=[tmp_path / "in"], receipts=tmp_path / "receipts"))

    assert [change.path for change in done.changes] == [(tmp_path / "in" / "t.csv").resolve()]
    assert "C0000042" in (tmp_path / "out" / "t.csv").read_text()


def test_what_kills_left_unread_is_read_again(tmp_path: Path) -> None:
    """The table of links is gone already, and the journal still knows who was meant."""
    (tmp_path / "t.csv").write_text("customer_id\nphone-77\nC1\n")
    receipts = tmp_path / "receipts"
    receipts.mkdir()
    (receipts / "unfinished-1.json").write_text(
        json.dumps(
            {
                "receipt": "1",
                "ids": ["C0000042", "phone-77"],
                "removed": {"CSV files": 4},
                "salt": "s",
            }
        )
    )

    done = forget(Request(person=ANN, folders=[tmp_path / "t.csv"], receipts=receipts))

    assert (tmp_path / "t.csv").read_text() == "customer_id\nC1\n"
    assert done.receipt == receipts / "receipt-1.json"
    assert json.loads(done.receipt.read_text())["removed"] == {"CSV files": 5}
    assert [path.name for path in receipts.iterdir()] == ["receipt-1.json"]


def test_checkpoints_stay_where_nobody_is_found(tmp_path: Path) -> None:
    import torch

    torch.save({"identity": {}}, tmp_path / "fit.pt")
    torch.save({"other": 1}, tmp_path / "model.pt")
    request = Request(person=ANN, folders=[tmp_path], receipts=tmp_path / "receipts")

    assert forget(request).changes == []
    assert (tmp_path / "fit.pt").exists()

    (tmp_path / "t.csv").write_text("customer_id\nC0000042\n")
    assert forget(request).receipt is not None
    assert not (tmp_path / "fit.pt").exists()
    assert (tmp_path / "model.pt").exists()


@pytest.mark.parametrize(("who", "kept"), [(ANN, "C0000042"), (SHORT, 7)])
def test_a_store_of_events_goes_where_it_has_the_person(
    who: Person, kept: object, tmp_path: Path
) -> None:
    for name, value in (("with", kept), ("without", "C1" if kept == "C0000042" else 8)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "store.json").write_text('{"format": 1, "parts": [], "values": []}')
        table = pa.table({"customer_id": [[value]], "product_id": [["7"]]})
        path = str(folder / "values-0.arrow")
        with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    request = Request(person=who, folders=[tmp_path], receipts=tmp_path / "receipts")

    (change,) = forget(request).changes

    assert change.place == "stores of events"
    assert not (tmp_path / "with").exists()
    assert (tmp_path / "without" / "values-0.arrow").exists()


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE customers (customer_id TEXT)")
        database.execute("INSERT INTO customers VALUES ('C0000042')")

    request = Request(person=ANN, folders=[tmp_path], receipts=tmp_path / "receipts")
    assert forget(request).changes == []


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no end")
    request = Request(person=ANN, folders=[tmp_path], receipts=tmp_path / "receipts")

    with pytest.raises(InputError, match=r"cut\.parquet cannot be read"):
        forget(request)


def test_every_place_says_what_it_holds() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES)
    assert all(place.holds for place in PLACES)
