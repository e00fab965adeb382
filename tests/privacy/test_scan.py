"""The scan finds an id in every kind of file, however it is written there."""

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from matplotlib.figure import Figure
from safetensors.numpy import save_file

from recsys.privacy.scan.scan import scan

ID = "C-00/42@x"


def _table(path: Path, ids: list[str], **options: object) -> None:
    pq.write_table(pa.table({"note": pa.array(ids).dictionary_encode()}), path, **options)


def _freed(path: Path) -> None:
    """A row that was deleted, in a page that is free now."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE notes (text TEXT)")
        database.execute("INSERT INTO notes VALUES (?)", (ID,))
        database.commit()
        database.execute("DELETE FROM notes")


def _unused(path: Path) -> None:
    """A dictionary with a value that no row has, as a filter of Arrow leaves it."""
    column = pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), pa.array(["a", ID]))
    table = pa.table({"x": column})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside/log.txt", f"customer {ID}")


def _drawn(path: Path) -> None:
    Figure().savefig(path, metadata={"Description": f"customer {ID}"})


WRITTEN: dict[str, Callable[[Path], object]] = {
    "column.parquet": lambda path: _table(path, ["a", ID]),
    "statistics.parquet": lambda path: _table(path, ["a", ID], use_dictionary=False),
    "brotli.parquet": lambda path: _table(path, ["a", ID], compression="brotli"),
    "metadata.parquet": lambda path: pq.write_table(
        pa.table({"x": [1]}).replace_schema_metadata({"who": ID}), path
    ),
    "list.parquet": lambda path: pq.write_table(pa.table({"x": [["a"], [ID]]}), path),
    "struct.parquet": lambda path: pq.write_table(pa.table({"x": [{"y": ID}]}), path),
    "unused.arrow": _unused,
    "cells.csv": lambda path: path.write_text(f'a,b\n1,"{ID}"\n'),
    "wide.csv": lambda path: path.write_text(f"a\tb\n1\t{ID}\n", encoding="utf-16"),
    "packed.csv.gz": lambda path: path.write_bytes(gzip.compress(f"a\n{ID}\n".encode())),
    "escaped.json": lambda path: path.write_text(json.dumps({"x": ID}).replace("@", "\\u0040")),
    "lines.jsonl": lambda path: path.write_text('{"x": 1}\n{"x": "C-00\\/42\\u0040x"}\n'),
    "page.html": lambda path: path.write_text(ID.replace("/", "&#47;").replace("@", "&#x40;")),
    "link.txt": lambda path: path.write_text("GET /customers/C-00%2F42%40x"),
    "note.md": lambda path: path.write_text(ID.replace("-", "\\-")),
    "free.db": _freed,
    "texts.npy": lambda path: np.save(path, np.array(["a", ID])),
    "texts.npz": lambda path: np.savez_compressed(path, x=np.array(["a", ID])),
    "weights.pt": lambda path: torch.save({"identity": {"who": ID}}, path),
    "vectors.safetensors": lambda path: save_file({"x": np.ones(2)}, path, metadata={"who": ID}),
    "archive.zip": _zipped,
    "picture.png": _drawn,
    "plain.bin": lambda path: path.write_bytes(b"\x00\x01" + ID.encode() + b"\x02"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_id_is_found(name: str, tmp_path: Path) -> None:
    WRITTEN[name](tmp_path / name)

    assert {finding.path.name for finding in scan([tmp_path], [ID])} == {name}
    assert scan([tmp_path], ["C-00/43@x"]) == []


def test_the_name_of_a_file_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "C0000042").mkdir()
    (tmp_path / "C0000042" / "x.png").write_bytes(b"")

    assert [finding.where for finding in scan([tmp_path], ["C0000042"])] == ["the name"]


@pytest.mark.parametrize("short", ["7", "ann"])
def test_a_short_id_counts_only_where_customers_are(short: str, tmp_path: Path) -> None:
    pd.DataFrame({"product_id": [short], "stars": [7]}).to_parquet(tmp_path / "other.parquet")
    assert scan([tmp_path], [short]) == []

    pd.DataFrame({"customer_id": [short, "x"]}).to_csv(tmp_path / "customers.csv", index=False)
    (tmp_path / "answers.json").write_text(json.dumps([{"customer_id": short}]))
    (tmp_path / "table.json").write_text(
        json.dumps({"columns": ["customer_id"], "data": [[short]]})
    )
    found = {finding.path.name for finding in scan([tmp_path], [short])}
    assert found == {"customers.csv", "answers.json", "table.json"}

    pd.DataFrame({"kunde": [short]}).to_csv(tmp_path / "kunden.csv", index=False)
    assert "kunden.csv" in {f.path.name for f in scan([tmp_path], [short], columns=["Kunde"])}


def test_whole_numbers_are_found_in_columns_with_gaps(tmp_path: Path) -> None:
    pd.DataFrame({"customer_id": [7.0, None]}).to_parquet(tmp_path / "gaps.parquet")

    assert len(scan([tmp_path], ["7"])) > 0
    assert scan([tmp_path], ["8"]) == []


def test_a_file_that_cannot_be_decoded_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no end")

    (finding,) = scan([tmp_path], ["C0000042"])
    assert finding.where.startswith("cannot be decoded")
