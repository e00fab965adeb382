"""Reads the tables of a folder with all their faults, by a mapping or from their usual files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.cells import listed
from recsys.data.faults.cells import Reader
from recsys.data.faults.collect import CollectedTable, collect_table
from recsys.data.faults.fault import SHOWN, Fault
from recsys.data.faults.inspected import FileOf, Line, LinesOf, numbered
from recsys.data.kinds import WORDS, kind_of
from recsys.data.mapping import spreadsheet
from recsys.data.mapping.mapping import TableMapping
from recsys.data.mapping.spreadsheet import read_sheet
from recsys.data.mapping.text_file import BadLine
from recsys.data.mapping.text_parts import read_text_table
from recsys.data.mapping.values import cell_reader, dropped_rows
from recsys.data.sources.csv_file import OPEN_QUOTE
from recsys.data.sources.parquet import read_parquet
from recsys.data.sources.parquet_stream import stream_parquet
from recsys.data.sources.parts import Partitions, is_of_text_parts, is_text
from recsys.errors import InputError
from recsys.ops.memory import Memory


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A table as its file has it, with columns named as in the library.

    Attributes:
        name: of the table.
        frame: [n] cells as written; texts of ids and words as categories.
        read: reads a column of it.
        file: that it comes from.
        faults: lines and columns that could not be read.
        left_out: why rows were left out -> their number.
        rows: [n] positions of its rows in the file.
    """

    name: str
    frame: pd.DataFrame
    read: Reader
    file: FileOf
    faults: list[Fault]
    left_out: dict[str, int]
    rows: IntArray


def read_raw(
    name: str, path: Path, mapping: TableMapping, partitions: Partitions, memory: Memory
) -> RawTable:
    """Reads the file of a table.

    Args:
        name: of the table.
        path: of its file: CSV, Parquet (or a folder of parts of one of them) or Excel.
        mapping: says how it is written.
        partitions: how values in names of folders are read.
        memory: holds the columns of events.

    Raises:
        InputError: the file cannot be read, or lacks a column that the mapping names.
    """
    faults: list[Fault] = []
    left_out: dict[str, int] = {}
    lines: LinesOf | None = None
    of_texts = is_text(path) or is_of_text_parts(path)
    if of_texts:
        text = read_text_table(
            path, mapping, lambda own: _is_repeated(name, mapping.name_of(own)), partitions
        )
        frame, lines = text.frame, text.lines
        if mapping.bad_lines == "drop":
            left_out = {"lines with too many or too few fields left out": len(text.bad_lines)}
        else:
            faults = list(_of_lines(name, path.name, text.bad_lines))
    elif path.suffix.lower() in spreadsheet.ENDINGS:
        kept = [theirs for theirs, ours in mapping.columns.items() if kind_of(name, ours) in WORDS]
        frame = read_sheet(path, mapping.sheet, kept)
        frame, lines = frame.reset_index(drop=True), _at(frame.index.to_numpy())
    elif name == "interactions":
        frame = stream_parquet(
            path, lambda own: kind_of(name, mapping.name_of(own)), memory, partitions
        )
    else:
        frame = read_parquet(path, folded=True, partitions=partitions)
    _require_columns(name, path, frame, mapping)
    frame = frame.drop(columns=mapping.ignore).rename(columns=mapping.columns)
    theirs = {ours: theirs for theirs, ours in mapping.columns.items() if ours != theirs}
    raw = RawTable(
        name=name, frame=frame, read=cell_reader(mapping, of_texts), faults=faults,
        file=FileOf(name=path.name, lines=lines, theirs=theirs),
        left_out={why: count for why, count in left_out.items() if count},
        rows=np.arange(len(frame)),
    )  # fmt: skip
    return _without_dropped(raw, mapping)


def _at(numbers: IntArray) -> LinesOf:
    return lambda rows: [int(numbers[row]) for row in rows]


_OF_FEW_ROWS = (columns.SLATE, columns.DECISION)


def _is_repeated(table: str, column: str) -> bool:
    """Whether a column has few values in many rows: categories of many values are slow."""
    return kind_of(table, column) in (*WORDS, "flag") and column not in _OF_FEW_ROWS


def collected(raw: RawTable, mapping: TableMapping, ends: pd.Timestamp | None) -> CollectedTable:
    """The table with all its faults, at positions of the file.

    Args:
        raw: as read.
        mapping: says what becomes of rows at fault.
        ends: the last moment of the data.
    """
    table = collect_table(raw.name, raw.frame, ends, read=raw.read, remedies=mapping.remedies)
    faults = [fault.at(raw.rows) for fault in table.faults]
    if raw.faults:  # no row is left where every line is bad
        faults = [fault for fault in faults if fault.column or fault.count]
    return table._replace(
        faults=[*raw.faults, *faults],
        rows=raw.rows[table.rows],
        left_out={**raw.left_out, **table.left_out},
    )


def _require_columns(name: str, path: Path, frame: pd.DataFrame, mapping: TableMapping) -> None:
    for key, wanted in (("columns", mapping.columns), ("ignore", mapping.ignore)):
        unknown = [column for column in wanted if column not in frame]
        if unknown:
            raise InputError(
                f"{name}: tables.{name}.{key} of the mapping names column '{unknown[0]}', which "
                f"{path.name} does not have; it has {listed(frame.columns)}"
            )


def _without_dropped(raw: RawTable, mapping: TableMapping) -> RawTable:
    dropped = dropped_rows(raw.frame, mapping)
    if not dropped:
        return raw
    drop = np.logical_or.reduce(list(dropped.values()))
    counts = {f"rows left out by drop_rows.{name}": int(bad.sum()) for name, bad in dropped.items()}
    return replace(
        raw,
        frame=raw.frame[~drop].reset_index(drop=True),
        rows=raw.rows[~drop],
        left_out={**raw.left_out, **counts},
    )


def _of_lines(name: str, file: str, bad: Sequence[tuple[Line, BadLine]]) -> list[Fault]:
    faults = []
    for many, is_open in ((True, False), (False, False), (False, True), (True, True)):
        kind = [
            (number, line)
            for number, line in bad
            if (line.got > line.expected) == many and line.has_open_quote == is_open
        ]
        if not kind:
            continue
        number, first = kind[0]
        remedy = "fix the line, or put a value with a separator in double quotes"
        if is_open:
            remedy = OPEN_QUOTE
        what = f"expected {first.expected} fields, got {'more' if many else 'fewer'}"
        line_number, file = numbered(number, file)
        faults.append(
            Fault(
                table=name,
                message=(
                    f"{name}: {file}: line {line_number}: expected {first.expected} fields, got "
                    f"{first.got}; {remedy}"
                ),
                what=what,
                remedy=f"{remedy}; in a mapping, bad_lines: drop leaves such lines out",
                count=len(kind),
                cells=tuple(line.text for _, line in kind[:SHOWN]),
                lines=tuple(number for number, _ in kind[:SHOWN]),
            )
        )
    return faults
