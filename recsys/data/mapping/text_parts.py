"""Reads a table of CSV files as texts: one file, or a folder of parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.cells import listed
from recsys.data.faults.inspected import LinesOf
from recsys.data.mapping.lines import Lines
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
    bad_lines: list[tuple[str | int, BadLine]]


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
    if not path.is_dir():
        text = read_text_file(path, form, is_repeated)
        numbers = text.lines.of_records([line.record for line in text.bad_lines])
        return TextTable(
            text.frame, text.lines.of_rows, list(zip(numbers, text.bad_lines, strict=True))
        )
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
    rows = rows_of_parts([len(text.frame) for text in texts])
    columns: dict[Any, pd.Series] = {
        label: _joined([text.frame[label] for text in texts]) for label in texts[0].frame
    }
    for name, values in partition_texts(path, parts).items():
        column = typed_partition(name, values, rows, partitions or {})
        if column is not None and name not in columns:
            columns[name] = column
    return TextTable(
        pd.DataFrame(columns),
        _lines_of(names, [text.lines for text in texts], [len(text.frame) for text in texts]),
        [
            (f"{name}:{number}", line)
            for name, text in zip(names, texts, strict=True)
            for number, line in zip(
                text.lines.of_records([line.record for line in text.bad_lines]),
                text.bad_lines,
                strict=True,
            )
        ],
    )


def _read(
    name: str, part: Path, form: Format, is_repeated: Callable[[str], bool] | None
) -> TextFile:
    try:
        return read_text_file(part, form, is_repeated)
    except InputError as error:  # parts of several folders have the same names
        raise InputError(str(error).replace(part.name, name, 1)) from None


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return pd.Series(pd.api.types.union_categoricals(list(parts)))
    return pd.concat(parts, ignore_index=True)


def _lines_of(names: Sequence[str], lines: Sequence[Lines], sizes: Sequence[int]) -> LinesOf:
    ends = np.cumsum(sizes)

    def of_rows(rows: Sequence[int]) -> list[str | int]:
        places: list[str | int] = []
        for row in rows:
            part = int(np.searchsorted(ends, row, side="right"))
            start = ends[part] - sizes[part]
            places.append(f"{names[part]}:{lines[part].of_rows([int(row - start)])[0]}")
        return places

    return of_rows
