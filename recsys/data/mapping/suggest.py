"""A mapping to start from, made from what the files of a folder hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from recsys.data import columns
from recsys.data.mapping import spreadsheet
from recsys.data.mapping.guess import columns_of, other_columns, table_of
from recsys.data.mapping.mapping import Format
from recsys.data.mapping.sniff import Look, encoding_of, joined_formats, look_at, separator_of
from recsys.data.mapping.spreadsheet import read_sheet
from recsys.data.mapping.text_file import read_header
from recsys.data.mapping.text_parts import read_text_table
from recsys.data.mapping.words import (
    ACTIONS,
    EMPTY,
    FLAGS,
    TOUCHPOINTS,
    meaning,
)
from recsys.data.sources.folder import content, usual_file
from recsys.data.sources.gzipped import refuse_unbounded_gzip
from recsys.data.sources.parquet import readable_as_parquet
from recsys.data.sources.parts import is_of_text_parts, is_text, parts_of
from recsys.errors import InputError

_ROWS = 100_000
"""Of a Parquet file that are looked at."""

_OUTCOMES = {name: ACTIONS[name] for name in ("accept", "reject", "ignore")}
_CLOSED = {columns.ACTION: ACTIONS, columns.OUTCOME: _OUTCOMES}


@dataclass(frozen=True)
class Suggestion:
    """A mapping to start from.

    Attributes:
        content: as YAML gives it.
        unread: files that are no table that is known.
        unknown: table -> column -> words that stand for nothing that is known.
    """

    content: dict[str, Any]
    unread: list[str]
    unknown: dict[str, dict[str, list[str]]]


def is_as_expected(folder: Path) -> bool:
    """Whether the file of interactions has its usual name and can be read without a mapping."""
    try:
        path = usual_file(folder, "interactions")
        if path is None or not (is_text(path) or is_of_text_parts(path)):
            return path is not None
        return columns.CUSTOMER in read_header(parts_of(path)[0], Format())
    except InputError:
        return True  # a fault to be named, not a file of another format


def suggested(folder: Path) -> Suggestion:
    """Looks at every file of a folder.

    Args:
        folder: with CSV, Parquet or Excel files.

    Raises:
        InputError: no file looks like a table of interactions.
    """
    tables: dict[str, dict[str, Any]] = {}
    unread: list[str] = []
    unknown: dict[str, dict[str, list[str]]] = {}
    problem = ""
    for path in sorted(folder.iterdir()):
        try:
            form, frame = _read(path)
        except InputError as error:
            unread.append(path.name)
            problem = problem or f"; {error}"
            continue
        if frame is None:
            continue
        looks = {str(name): look_at(str(name), frame[name]) for name in frame}
        table = table_of(path.name.partition(".")[0], list(looks))
        if table is None or table in tables:
            unread.append(path.name)
            continue
        tables[table], unknown[table] = _of_table(table, looks)
        tables[table] = {"file": path.name, **form, **_of_cells(looks), **tables[table]}
    if "interactions" not in tables:
        raise InputError(
            f"data.root={folder}: expected a file of events with the ids of customers; the folder "
            f"holds {content(folder)}; name it in a mapping{problem}"
        )
    return Suggestion({**_shared(tables), "tables": tables}, unread, unknown)


def _read(path: Path) -> tuple[dict[str, Any], pd.DataFrame | None]:
    """How a file is written, and its cells as texts; None if it is no table."""
    ending = path.suffix.lower()
    is_file = is_text(path) and path.is_file() and path.stat().st_size
    if is_file or is_of_text_parts(path):
        first = parts_of(path)[0]
        refuse_unbounded_gzip(first)
        encoding = encoding_of(first)
        form = Format(encoding=encoding, separator=separator_of(first, encoding))
        frame = read_text_table(path, form).frame
        return {"separator": form.separator, "encoding": form.encoding}, frame
    if ending == ".parquet" and path.is_file():
        return {}, _first_rows(path)
    if ending in spreadsheet.ENDINGS:
        return {}, read_sheet(path, None, ()).reset_index(drop=True).astype("str")
    return {}, None


def _first_rows(path: Path) -> pd.DataFrame:
    """Cells of a Parquet file as texts."""
    with readable_as_parquet(path), pq.ParquetFile(path) as file:
        none = file.schema_arrow.empty_table()
        head: pd.DataFrame = next(file.iter_batches(batch_size=_ROWS), none).to_pandas()
    return head.astype("str")


def _of_table(table: str, looks: dict[str, Look]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    mapped = columns_of(table, looks)
    context, ignored = other_columns(table, looks, mapped)
    values: dict[str, dict[str, str]] = {}
    unknown: dict[str, list[str]] = {}
    for theirs, ours in mapped.items():
        meanings = _CLOSED.get(ours) or (TOUCHPOINTS if ours == columns.TOUCHPOINT else None)
        if meanings is None:
            continue
        named = {word: meaning(word, meanings) for word in looks[theirs].words}
        values[ours] = {word: name for word, name in named.items() if name and name != word}
        if ours in _CLOSED:
            unknown[ours] = [word for word, name in named.items() if name is None]
    names = {theirs: ours for theirs, ours in {**mapped, **context}.items() if theirs != ours}
    of_table: dict[str, Any] = {
        "columns": names,
        "ignore": ignored,
        "values": {ours: words for ours, words in values.items() if words},
    }
    return {key: value for key, value in of_table.items() if value}, unknown


def _of_cells(looks: dict[str, Look]) -> dict[str, Any]:
    """How numbers, dates, flags and empty cells are written."""
    form: dict[str, Any] = {}
    numbers = [look for look in looks.values() if look.is_number]
    if sum(look.decimal_commas for look in numbers) > sum(look.decimal_points for look in numbers):
        form["decimal"] = ","
    thousands = {look.thousands for look in numbers} - {None, form.get("decimal", ".")}
    if thousands:
        form["thousands"] = thousands.pop()
    if formats := joined_formats(looks.values()):
        form["dates"] = formats
    if days := sorted({day for look in looks.values() for day in look.open_ends}):
        form["open_ends"] = days
    words = {word for look in looks.values() if look.is_flag for word in look.words}
    if flags := {word: FLAGS[word.lower()] for word in sorted(words) if word.lower() in FLAGS}:
        form["flags"] = flags
    empty = {word for look in looks.values() for word in look.words if word in EMPTY}
    if empty:
        form["empty"] = sorted(empty)
    return form


def _shared(tables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What all tables say in the same way, moved to the top; flags are joined."""
    shared: dict[str, Any] = {}
    for key in ("separator", "encoding", "decimal", "thousands"):
        values = [table[key] for table in tables.values() if key in table]
        if len(values) == len(tables) and len(set(values)) == 1:
            shared[key] = values[0]
            for table in tables.values():
                del table[key]
    flags: dict[str, bool] = {}
    for table in tables.values():
        flags |= table.pop("flags", {})
    return {**shared, "flags": flags} if flags else shared
