"""Texts of a file, decoded: all that a reader of the file could see, and what it no longer shows.

A decoder takes the bytes of a file and yields (where, name, text): the place in the file, the name
of the column or key ("" where there is none) and the text. Numbers are texts of their digits.
"""

import csv
import gzip
import html
import io
import json
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

Texts: TypeAlias = Iterator[tuple[str, str, str]]

BYTES, PAGES = "bytes", "pages"
"""Where a text is no text but bytes: a number or another value may follow an id at once, and in the
pages of a database, which hold one cell beside the other, any text."""
_SQLITE = b"SQLite format 3\x00"
_LARGEST = 2**31
"""Bytes that a packed file may have once it is unpacked."""
_DEEPEST = 4
_PATTERNS = (
    (b"PAR1", "parquet"), (b"ARROW1", "arrow"), (_SQLITE, "sqlite"),
    (b"\x93NUMPY", "npy"), (b"PK\x03\x04", "zip"), (b"\x1f\x8b", "gzip"),
    (b"\x89PNG\r\n", "png"),
)  # fmt: skip


def texts(name: str, raw: bytes, depth: int = 0) -> Texts:
    """All texts of a file, as its kind writes them, and the file as plain bytes.

    Args:
        name: of the file.
        raw: its bytes.
        depth: of archives in archives.

    Raises:
        ValueError: archives are nested too deeply, or unpack to too much.
    """
    if depth > _DEEPEST:
        raise ValueError("archives are nested too deeply")
    yield from _plain(raw)
    kind = next((kind for start, kind in _PATTERNS if raw.startswith(start)), "")
    if kind in _OF_BYTES:
        yield from _OF_BYTES[kind](raw)
    elif kind == "zip":
        yield from _zip(raw, depth)
    elif kind == "gzip":
        yield from texts(name.removesuffix(".gz"), _bounded(gzip.GzipFile, raw), depth + 1)
    elif name.lower().endswith((".csv", ".tsv", ".txt")):
        yield from _csv(raw)
    elif name.lower().endswith(".safetensors"):
        yield from _safetensors(raw)
    else:
        yield from _json(raw)


def _plain(raw: bytes) -> Texts:
    """The bytes as text in the ways that programs write it."""
    text = raw.decode("latin-1")
    if raw.startswith(_SQLITE):
        yield PAGES, "", text
    try:
        yield "text", "", raw.decode("utf-8")
    except UnicodeDecodeError:
        yield BYTES, "", text
    else:
        if "\0" in text:
            yield BYTES, "", text
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield "text", "", raw.decode("utf-16", "replace")
    if "&" in text:
        yield "escapes of HTML", "", html.unescape(text)
    if "%" in text:
        yield "escapes of URIs", "", unquote(text)
    if "\\" in text:
        yield "escapes", "", re.sub(r"\\([^\w\s])", r"\1", text)


def _parquet(raw: bytes) -> Texts:
    file = pq.ParquetFile(pa.BufferReader(raw))
    metadata = file.metadata
    for key, value in (metadata.metadata or {}).items():
        yield f"metadata {key!r}", "", value.decode("utf-8", "replace")
    for group in range(metadata.num_row_groups):
        for at in range(metadata.num_columns):
            about = metadata.row_group(group).column(at)
            if about.is_stats_set and about.statistics.has_min_max:
                for bound in (about.statistics.min, about.statistics.max):
                    yield "statistics", about.path_in_schema.split(".")[0], _text(bound)
        yield from _table(file.read_row_group(group), f"row group {group}")


def _arrow(raw: bytes) -> Texts:
    with ipc.open_file(pa.BufferReader(raw)) as file:
        for at in range(file.num_record_batches):
            yield from _table(pa.Table.from_batches([file.get_batch(at)]), f"batch {at}")


def _table(table: pa.Table, where: str) -> Texts:
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks:
            yield from _column(chunk, name, f"{where}, column {name}")


def _column(values: Any, name: str, where: str) -> Texts:
    """Every value, each once, and entries of dictionaries that no row uses."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        yield from _column(values.dictionary, name, f"{where} (dictionary)")
    elif pa.types.is_struct(kind):
        for at in range(kind.num_fields):
            yield from _column(values.field(at), kind.field(at).name, where)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _column(values.flatten(), name, where)
    elif not pa.types.is_floating(kind) and not pa.types.is_temporal(kind):
        for value in values.unique().to_pylist():
            yield where, name, _text(value)
    elif pa.types.is_floating(kind):
        numbers = np.unique(values.to_numpy(zero_copy_only=False))
        for number in numbers[np.isfinite(numbers) & (numbers == np.floor(numbers))].tolist():
            yield where, name, str(int(number))


def _sqlite(raw: bytes) -> Texts:
    # The bytes have been read already: with them free pages, which no query shows.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "copy.db"
        path.write_bytes(raw)
        with closing(sqlite3.connect(path)) as database:
            database.text_factory = lambda value: value.decode("utf-8", "replace")
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in names.fetchall():
                quoted = table.replace('"', '""')
                rows = database.execute(f'SELECT * FROM "{quoted}"')
                columns = [column[0] for column in rows.description]
                for row in rows:
                    for name, value in zip(columns, row, strict=True):
                        yield f"table {table}, column {name}", name, _text(value)


def _npy(raw: bytes) -> Texts:
    values = np.load(io.BytesIO(raw), allow_pickle=False)
    if values.dtype.kind in "US":
        for value in np.unique(values).tolist():
            yield "array", "", _text(value)


def _png(raw: bytes) -> Texts:
    position = 8
    while position + 8 <= len(raw):
        size, kind = int.from_bytes(raw[position : position + 4]), raw[position + 4 : position + 8]
        body = raw[position + 8 : position + 8 + size]
        if kind in (b"zTXt", b"iTXt"):
            with suppress(zlib.error):
                yield (
                    "text of the picture",
                    "",
                    zlib.decompress(body.split(b"\0", 2)[-1]).decode("latin-1"),
                )
        position += 12 + size


def _zip(raw: bytes, depth: int) -> Texts:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for entry in archive.infolist():
            if entry.file_size > _LARGEST:
                raise ValueError(f"{entry.filename} unpacks to {entry.file_size:,} bytes")
            yield "name of a member", "", entry.filename
            for where, name, text in texts(entry.filename, archive.read(entry), depth + 1):
                yield f"{entry.filename}: {where}", name, text


def _csv(raw: bytes) -> Texts:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = raw.decode(encoding, "replace")
    csv.field_size_limit(_LARGEST - 1)
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    names = [name.strip() for name in next(rows, [])]
    for number, row in enumerate(rows):
        for at, cell in enumerate(row):
            yield f"row {number}", names[at] if at < len(names) else "", cell.strip()


def _json(raw: bytes) -> Texts:
    """A document of JSON, or a document a line."""
    try:
        yield from _values(json.loads(raw), "")
        return
    except (ValueError, RecursionError):
        pass
    for number, line in enumerate(raw.splitlines()):
        if line[:1] in (b"{", b"["):
            with suppress(ValueError, RecursionError):
                for _, name, text in _values(json.loads(line), ""):
                    yield f"line {number}", name, text


def _values(value: Any, name: str) -> Texts:
    if isinstance(value, dict):
        names, rows = value.get("columns"), value.get("data")
        if isinstance(names, list) and isinstance(rows, list):
            for row in rows:
                for column, cell in zip(names, row if isinstance(row, list) else [], strict=False):
                    yield from _values(cell, str(column))
        for key, item in value.items():
            yield "key", name, key
            yield from _values(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, name)
    elif value is not None:
        yield "value", name, _text(value)


def _safetensors(raw: bytes) -> Texts:
    size = int.from_bytes(raw[:8], "little")
    yield from _values(json.loads(raw[8 : 8 + size]), "")


def _bounded(kind: Callable[..., Any], raw: bytes) -> bytes:
    with kind(fileobj=io.BytesIO(raw)) as file:
        content: bytes = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"it unpacks to more than {_LARGEST:,} bytes")
    return content


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_OF_BYTES: dict[str, Callable[[bytes], Texts]] = {
    "parquet": _parquet, "arrow": _arrow, "sqlite": _sqlite, "npy": _npy, "png": _png,
}  # fmt: skip
