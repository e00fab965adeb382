"""Artifacts and tables made to harm, with fresh hashes: one line, bounded memory, bounded time."""

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents, features
from safetensors.numpy import load_file, save_file

from recsys.errors import InputError
from recsys.serving import load, write
from recsys.serving.product_file import new_products

IDS, VECTORS, MANIFEST = "ids.parquet", "embeddings.safetensors", "manifest.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crafted") / "artifact"
    write(folder, contents(features=features()))
    return folder


@pytest.fixture
def artifact(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "artifact")


def sealed(folder: Path, change: Callable[[dict[str, Any]], object] = lambda body: None) -> None:
    """Fresh hashes for whatever lies there."""
    body = json.loads((folder / MANIFEST).read_text())
    del body["sha256"]
    for name in body["files"]:
        raw = (folder / name).read_bytes()
        body["files"][name] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    change(body)
    body["sha256"] = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(body, indent=2) + "\n")


def refused(folder: Path, says: str, within: float = 5) -> None:
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=says) as raised:
        load(folder)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600
    assert time.process_time() - began < within
    # Kilobytes: far from the gigabytes that such files speak of.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def with_ids(folder: Path, table: pa.Table, **counts: int) -> None:
    pq.write_table(table, folder / IDS, compression="zstd")
    sealed(folder, lambda body: body["counts"].update(counts))


def ids_of(folder: Path) -> pa.Table:
    return pq.read_table(folder / IDS)


def changed(table: pa.Table, name: str, change: Callable[[list[Any]], None]) -> pa.Table:
    values = table[name].to_pylist()
    change(values)
    column = table.column_names.index(name)
    return table.set_column(column, name, pa.array(values, table.schema.field(name).type))


def swap(first: int, second: int) -> Callable[[list[Any]], None]:
    def change(values: list[Any]) -> None:
        values[first], values[second] = values[second], values[first]

    return change


def put(position: int, value: Any) -> Callable[[list[Any]], None]:
    return lambda values: values.__setitem__(position, value)


def test_fresh_hashes_are_no_objection(artifact: Path) -> None:
    sealed(artifact)
    load(artifact)


@pytest.mark.parametrize(
    ("column", "change", "says"),
    [
        ("id", swap(3, 4), "the customer ids are not sorted, or one appears twice"),
        ("id", put(4, "C0003"), "the customer ids are not sorted, or one appears twice"),
        ("id", put(41, "P000"), "the product ids are not sorted, or one appears twice"),
        ("row", put(1, 0), "a row of the customer ids appears twice"),
        ("row", put(0, 10**6), "the rows of the customer ids are not 0 to 39"),
        ("row", swap(70, 71), "the rows of the touchpoint ids are not 0 to 2 in order"),
        ("kind", swap(0, 45), "the customer ids are not in consecutive"),
        ("kind", put(39, "product"), r"ids.parquet has 39 customer ids where there are 40"),
        ("kind", put(74, "thing"), "ids.parquet has lines of an unknown kind"),
    ],
)
def test_ids_that_lie_otherwise_are_refused(
    artifact: Path, column: str, change: Any, says: str
) -> None:
    with_ids(artifact, changed(ids_of(artifact), column, change))
    refused(artifact, says)


def test_columns_beyond_those_of_ids_are_not_unpacked(artifact: Path) -> None:
    table = ids_of(artifact)
    # A megabyte in each line, and a few bytes on disk.
    bomb = pa.array(["x" * 2**20]).take(pa.array([0] * len(table)))
    with_ids(artifact, table.append_column("more", bomb))
    refused(artifact, "ids.parquet has the columns kind, id, row, strand, name, category, more")


def test_a_dictionary_that_unpacks_to_gigabytes_is_not_unpacked(artifact: Path) -> None:
    table = ids_of(artifact)
    names = pa.array([f"{number:07d}".ljust(2**20, "x") for number in range(len(table))])
    with_ids(artifact, table.set_column(4, "name", names))
    refused(artifact, r"ids.parquet would unpack to [\d,]+ bytes")


def test_a_billion_rows_are_not_believed(artifact: Path) -> None:
    table = ids_of(artifact)
    line = table.slice(0, 1)
    group = pa.concat_tables([line] * 1000)
    with pq.ParquetWriter(artifact / IDS, table.schema, compression="zstd") as writer:
        for _ in range(200):
            writer.write_table(group)
    sealed(artifact, lambda body: body["counts"].update(customer_rows=199_960))
    refused(artifact, "the manifest counts 199960 customer_rows where there are 40")
    sealed(artifact, lambda body: body["counts"].update(customer_rows=40, touchpoints=10**9))
    refused(artifact, "the manifest counts 1000000000 touchpoints where there are 3")
    arrays = load_file(artifact / VECTORS)
    save_file({**arrays, "customers": np.zeros((10**9, 0), np.float32)}, artifact / VECTORS)
    sealed(artifact, lambda body: body["counts"].update(customer_rows=10**9))
    refused(artifact, "customers and products are no vectors")


def test_events_that_are_not_sorted_are_refused(artifact: Path) -> None:
    arrays = load_file(artifact / VECTORS)
    backwards = {name: arrays[name][::-1].copy() for name in arrays if name.startswith("event_")}
    save_file(arrays | backwards, artifact / VECTORS)
    sealed(artifact)
    refused(artifact, "the events are not sorted by customer and product, each pair once")


@pytest.mark.parametrize(
    ("missing", "added", "says"),
    [
        ("event_products", {}, "contents.events: customers, products and weights go together"),
        ("fold_in_products", {"fold_in_gram": np.eye(5)}, "contents.fold_in.gram: needs factors"),
    ],
)
def test_arrays_that_lack_what_they_need_are_refused(
    artifact: Path, missing: str, added: dict[str, Any], says: str
) -> None:
    arrays = load_file(artifact / VECTORS)
    del arrays[missing]
    save_file(arrays | added, artifact / VECTORS)
    sealed(artifact)
    refused(artifact, says)


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_deep_json_is_refused(artifact: Path, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    (artifact / "rules.json").write_text(deep)
    sealed(artifact)
    refused(artifact, "cannot be read: ")
    (artifact / MANIFEST).write_text(deep)
    refused(artifact, r"manifest.json is (damaged|not the manifest)")


def test_a_manifest_or_rules_of_many_megabytes_are_not_parsed(artifact: Path) -> None:
    (artifact / "rules.json").write_text(" " * (2**24 + 1) + "{}")
    sealed(artifact)
    refused(artifact, "rules.json has 16,777,219 bytes")
    with (artifact / MANIFEST).open("ab") as file:
        file.truncate(10**12)  # sparse
    refused(artifact, "manifest.json has 1,000,000,000,000 bytes; at most 16,777,216 are read")


def test_a_header_of_many_megabytes_is_not_parsed(artifact: Path) -> None:
    raw = (2**24 + 1).to_bytes(8, "little") + b" " * (2**24 + 100)
    (artifact / VECTORS).write_bytes(raw)
    sealed(artifact)
    refused(artifact, "the header is longer than the file, or than headers are")


@pytest.mark.parametrize("name", [MANIFEST, VECTORS, IDS, "rules.json"])
def test_a_pipe_or_a_device_instead_of_a_file_is_refused_at_once(artifact: Path, name: str) -> None:
    (artifact / name).unlink()
    os.mkfifo(artifact / name)
    ask = f"from recsys.serving import load; load({str(artifact)!r})"
    done = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=False
    )
    assert f"{name}" in done.stderr.splitlines()[-1]
    assert "InputError" in done.stderr.splitlines()[-1]
    (artifact / name).unlink()
    (artifact / name).symlink_to("/dev/zero")
    refused(artifact, f"{name} (is missing|cannot be read)")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    pytest.importorskip("faiss")
    folder = tmp_path_factory.mktemp("indexed")
    write(folder / "a", contents(), index_kind="hnsw")
    write(folder / "b", contents(product_rows=29, event_customers=None, event_products=None,
        event_weights=None, event_actions=None, event_touchpoints=None, event_when=None),
        index_kind="hnsw")  # fmt: skip
    return folder / "a", folder / "b"


def test_an_index_of_other_products_is_refused(indexed: tuple[Path, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(indexed[0], tmp_path / "a")
    raw = (indexed[1] / "index.faiss").read_bytes()
    (folder / "index.faiss").write_bytes(raw)
    sealed(folder)
    refused(folder, r"index.faiss is of 29 vectors of length 5, not of \(30, 5\)")
    for crafted, says in (
        (raw[:8] + (30).to_bytes(8, "little") + raw[16:], "index.faiss is"),
        (raw[:4] + (2**31 - 1).to_bytes(4, "little") + raw[8:], "of length 2,147,483,647"),
        (b"IxHX" + raw[4:8] + (30).to_bytes(8, "little") + raw[16:], "index.faiss is no index"),
        (raw[:10], "index.faiss is cut"),
    ):
        (folder / "index.faiss").write_bytes(crafted)
        sealed(folder)
        refused(folder, says)
    shutil.copy(indexed[0] / "index.faiss", folder)
    for about in ({"kind": "exact"}, {"kind": "ivfpq", "effort": 4}, {"effort": 10**9}):
        sealed(folder, lambda body, about=about: body["index"].update(about))
        refused(folder, r"index.faiss is (described|another)|cannot be read")
        sealed(folder, lambda body: body["index"].update(kind="hnsw", effort=64))
    assert load(folder).index is not None


def test_a_table_of_products_is_bounded_before_it_is_read(whole: Path, tmp_path: Path) -> None:
    artifact = load(whole)

    def says(message: str, path: Path) -> None:
        began = time.process_time()
        with pytest.raises(InputError, match=message) as raised:
            new_products(path, artifact)
        assert "\n" not in str(raised.value)
        assert time.process_time() - began < 5

    path = tmp_path / "products.parquet"
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), ["x" * 2**20])
    table = pa.table({"product_id": [f"N{row}" for row in range(2_000)], "name": long})
    pq.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 100_000
    says(r"products.parquet: 2,000 rows, 2,097,1[\d,]+ bytes once unpacked; at most", path)
    ids = pa.array(["N1"]).take(pa.array(np.zeros(1_000_000, np.int8)))
    with pq.ParquetWriter(path, pa.schema({"product_id": pa.string()})) as writer:
        for _ in range(21):
            writer.write_table(pa.table({"product_id": ids}))
    says("products.parquet: 21,000,000 rows, .* at most 20,000,000", path)
    fifo = tmp_path / "pipe.csv"
    os.mkfifo(fifo)
    says("pipe.csv: expected a file, and this is a folder, pipe or device", fifo)
    says("expected a file, and this is a folder", tmp_path)
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{column}" for column in range(40_000)) + "\n")
    says("wide.csv: expected a column product_id, got c0, c1, .* c19 ...", wide)
    twice = pa.Table.from_arrays([pa.array(["N1"])] * 2, names=["product_id", "product_id"])
    pq.write_table(twice, path)
    says("column product_id appears twice", path)


def test_an_extra_column_of_products_costs_nothing(whole: Path, tmp_path: Path) -> None:
    count = 1_000
    bomb = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), ["x" * 2**20])
    table = pa.table({
        "product_id": [f"N{row}" for row in range(count)],
        "price": np.arange(count) * 1.0,
    })  # fmt: skip
    pq.write_table(table, tmp_path / "p.parquet")
    assert len(new_products(tmp_path / "p.parquet", load(whole))) == count
    # Of columns that no feature comes from only what they say of their size is read.
    pq.write_table(table.append_column("story", pc.dictionary_encode(bomb)), tmp_path / "q.parquet")
    assert len(new_products(tmp_path / "q.parquet", load(whole))) == count
