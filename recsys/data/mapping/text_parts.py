"""Reads a table of CSV files as texts: one file, or a folder of parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.cells import listed
from recsys.data.faults.inspected import Line, LinesOf
from recsys.data.mapping.mapping import Format
from recsys.data.mapping.text_file import BadLine, TextFile, read_text_file
from recsys.data.sources.parts import (
    Partitions,
    is_text,
    partition_texts,
    parts_of,
    rows_of_parts,
    shown_part,
    typed_partition,
)
from recsys.errors import InputError


@dataclass(frozen=True)
class TextTable:
    """What was read of a table.

    Attributes:
        frame: [n] texts, null where a cell is empty; partitions as they are declared.
        lines: where rows stand: line numbers, with several parts as "part-1.csv:17".
        bad_lines: lines that were not read, with the same numbers.
    """

    frame: pd.DataFrame
    lines: LinesOf
    bad_lines: list[tuple[Line, BadLine]]


def read_text_table(
    path: Path,
    form: Format,
    is_repeated: Callable[[str], bool] | None = None,
    partitions: Partitions | None = None,
) -> TextTable:
    """Reads a CSV file, or all parts in a folder, each with the same header.

    Args:
        path: of the file or folder.
        form: separator and encoding.
        is_repeated: as for `read_text_file`.
        partitions: how values in names of folders are read, where not as text.

    Raises:
        InputError: a part or its header cannot be read, or parts have other columns.
    """
    parts = [part for part in parts_of(path) if is_text(part)]
    if not parts:
        raise InputError(f"{path.name}: expected CSV parts in the folder, got none")
    names = [shown_part(path, part) for part in parts]
    texts = [_read(name, part, form, is_repeated) for name, part in zip(names, parts, strict=True)]
    for name, text in zip(names, texts, strict=True):
        if set(text.frame) != set(texts[0].frame):
            raise InputError(
                f"{path.name}: expected the columns of {names[0]} in every part, got "
                f"{listed(text.frame.columns)} in {name}; export it again"
            )
    columns: dict[Any, pd.Series] = {
        label: _joined([text.frame[label] for text in texts]) for label in texts[0].frame
    }
    rows = rows_of_parts([len(text.frame) for text in texts])
    for name, values in partition_texts(path, parts).items():
        column = typed_partition(name, values, rows, partitions or {})
        if column is not None and name not in columns:
            columns[name] = column
    lines = _LinesOfParts(names if path.is_dir() else [], texts)
    return TextTable(pd.DataFrame(columns), lines.of_rows, lines.bad())


def _read(
    name: str, part: Path, form: Format, is_repeated: Callable[[str], bool] | None
) -> TextFile:
    try:
        return read_text_file(part, form, is_repeated)
    except InputError as error:  # parts of several folders have the same names
        raise InputError(str(error).replace(part.name, name, 1)) from None


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return pd.Series(pd.api.types.union_categoricals(list(parts)))
    return pd.concat(parts, ignore_index=True)


class _LinesOfParts:
    """Where the rows of a table stand.

    Args:
        names: of its parts; empty for a single file, whose lines need no name.
        texts: its parts.
    """

    def __init__(self, names: Sequence[str], texts: Sequence[TextFile]) -> None:
        self._names, self._texts = names, texts
        self._ends = np.cumsum([len(text.frame) for text in texts])

    def of_rows(self, rows: Sequence[int]) -> list[Line]:
        """Lines [n] of rows [n] of the table."""
        if not self._names:
            return [*self._texts[0].lines.of_rows(rows)]
        places: list[Line] = []
        for row in rows:
            part = int(np.searchsorted(self._ends, row, side="right"))
            start = int(self._ends[part]) - len(self._texts[part].frame)
            places.append(self._place(part, self._texts[part].lines.of_rows([row - start])[0]))
        return places

    def bad(self) -> list[tuple[Line, BadLine]]:
        """The lines of all parts that were not read."""
        bad: list[tuple[Line, BadLine]] = []
        for part, text in enumerate(self._texts):
            numbers = text.lines.of_records([line.record for line in text.bad_lines])
            places = [self._place(part, number) for number in numbers]
            bad += zip(places, text.bad_lines, strict=True)
        return bad

    def _place(self, part: int, number: int) -> Line:
        return f"{self._names[part]}:{number}" if self._names else number
