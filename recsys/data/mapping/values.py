"""Reads the cells of a file as its mapping says they are written.

What a mapping has no words for is left to the readers of every load, so that a fault is named in
the same way whatever the file.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.categories import plain
from recsys.data.cells import CellError
from recsys.data.faults.cells import Reader
from recsys.data.feature_columns import NEARLY_ALL
from recsys.data.kinds import kind_of
from recsys.data.mapping.dates import example, parsed
from recsys.data.mapping.mapping import Format, TableMapping
from recsys.data.mapping.numbers import with_point
from recsys.data.readers import read_column
from recsys.data.sources.csv_file import EMPTY_IT, ID_OR_EMPTY, NULLS, as_whole_numbers

_FLAG_WORDS = {"true", "false"}


def cell_reader(mapping: TableMapping, is_text: bool) -> Reader:
    """Reads a column as `recsys.data.readers.read_column` does, by the mapping of its table.

    Args:
        mapping: of the table.
        is_text: whether the file has texts alone, as CSV, where NA stands for no value.
    """

    def read(table: str, label: Any, cells: pd.Series) -> pd.Series:
        kind = kind_of(table, str(label))
        if kind == "feature":
            cells = plain(cells)  # folded to save memory, not because its texts are no numbers
        cells = _in_our_words(cells, mapping.values.get(str(label), {}), mapping)
        if not isinstance(cells.dtype, pd.StringDtype):
            return read_column(table, label, _of_file_types(cells, kind, mapping))
        if is_text:
            cells = _without_nulls(cells, kind)
        return read_column(table, label, _READ[kind](cells, mapping))

    return read


def _of_file_types(cells: pd.Series, kind: str, mapping: Format) -> pd.Series:
    """Cells that have a type already, as those of Parquet and spreadsheets."""
    if kind == "moment" and pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return _closed(cells, mapping)
    if kind == "flag" and cells.dtype == object:
        return cells.map(
            lambda cell: mapping.flags.get(cell, cell) if isinstance(cell, str) else cell
        )
    return cells


def _in_our_words(cells: pd.Series, words: dict[str, str | None], mapping: Format) -> pd.Series:
    is_text = isinstance(cells.dtype, pd.StringDtype)
    if is_text and mapping.strip:
        cells = cells.str.strip()
    named = words | dict.fromkeys(mapping.empty)
    if not named or not (is_text or cells.dtype == object or words):
        return cells
    texts = cells if is_text else cells.astype(object).map(str, na_action="ignore")
    known = texts.isin(list(named))
    if not known.any():
        return cells
    changed = cells.astype(object)
    changed[known] = texts[known].map(lambda cell: named[cell])
    return changed.astype("str") if is_text else changed


def _without_nulls(cells: pd.Series, kind: str) -> pd.Series:
    is_null = cells.isin(NULLS)
    if kind == "id":
        doubtful = is_null & (cells != "")
        if doubtful.any():
            raise CellError.of(cells, doubtful, ID_OR_EMPTY, EMPTY_IT)
    return cells.mask(is_null) if is_null.any() else cells


def _numbers(cells: pd.Series, mapping: Format) -> pd.Series:
    texts = with_point(cells, mapping.decimal, mapping.thousands)
    numbers = cast_all(texts, pa.float64())
    return texts if numbers is None else numbers


def _moments(cells: pd.Series, mapping: Format) -> pd.Series:
    if not mapping.dates:
        present = cells.dropna()
        # As numbers they are refused with the remedy for numbers.
        if len(present) and present.str.fullmatch(r"\d+").all():
            return pd.to_numeric(cells)
        for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
            if (moments := cast_all(cells, kind)) is not None:
                return _closed(moments, mapping)
        return _closed(cells, mapping)
    moments = parsed(cells, mapping.dates, mapping.time_zone)
    bad = moments.isna() & cells.notna()
    if bad.any():
        raise CellError.of(
            cells, bad, f"a time such as {example(mapping.dates)}",
            "fix the value, or add its format to dates in the mapping",
        )  # fmt: skip
    return _closed(moments, mapping)


def cast_all(texts: pd.Series, kind: pa.DataType) -> pd.Series | None:
    """The texts [n] as Arrow reads them, ten times as fast as pandas; None unless it reads all.

    Arrow takes fewer spellings than pandas and gives the same values, so what it does not take is
    left to the readers of every load.
    """
    try:
        cells: pd.Series = pc.cast(pa.array(texts), kind).to_pandas()
    except pa.ArrowInvalid:
        return None
    return cells.set_axis(texts.index)


def _closed(cells: pd.Series, mapping: Format) -> pd.Series:
    """Without the days that stand for no date."""
    if not mapping.open_ends:
        return cells
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        days = cells.dt.strftime("%Y-%m-%d")
    else:
        days = cells.astype("str").str.slice(0, 10)
    return cells.mask(days.isin(mapping.open_ends))


def _flags(cells: pd.Series, mapping: Format) -> pd.Series:
    if not mapping.flags:
        return cells
    return cells.map(
        lambda cell: str(mapping.flags[cell]) if cell in mapping.flags else cell, na_action="ignore"
    ).astype("str")


def _features(cells: pd.Series, mapping: Format) -> pd.Series:
    """Dates, flags and numbers of a column whose type follows from its cells."""
    present = cells.dropna()
    if not len(present):
        return cells
    words = set(present.unique()[:100])
    if mapping.flags and words <= set(mapping.flags):
        return cells.map(mapping.flags, na_action="ignore")
    if {word.lower() for word in words} <= _FLAG_WORDS:
        return cells.str.lower().map({"true": True, "false": False}, na_action="ignore")
    if mapping.dates:
        moments = parsed(cells, mapping.dates, mapping.time_zone)
        if moments.notna().sum() >= NEARLY_ALL * len(present):
            return _moments(cells, mapping)
    if mapping.decimal != "." or mapping.thousands:
        try:
            numbers = with_point(cells, mapping.decimal, mapping.thousands)
        except CellError as error:
            # A column of texts may have some cells that look like numbers.
            if error.bad is not None and error.bad.sum() <= (1 - NEARLY_ALL) * len(present):
                raise
            return cells
        return numbers
    return cells


def _as_written(cells: pd.Series, mapping: Format) -> pd.Series:
    return cells


def _ids(cells: pd.Series, mapping: Format) -> pd.Series:
    return as_whole_numbers(cells)


_READ = {
    "id": _ids, "code": _ids, "text": _as_written, "moment": _moments, "flag": _flags,
    "number": _numbers, "feature": _features,
}  # fmt: skip
"""Kind of a column -> what its texts become before the readers of every load see them."""


def dropped_rows(frame: pd.DataFrame, mapping: TableMapping) -> dict[str, Any]:
    """Column -> mask [n] of the rows that `drop_rows` leaves out; an empty cell is "".

    Args:
        frame: as the file has it, with names of the library.
        mapping: of the table.
    """
    dropped = {}
    for column, words in mapping.drop_rows.items():
        if column in frame:
            cells = frame[column]
            wanted = cells.astype("str").isin(words)
            if "" in words:
                wanted |= cells.isna()
            if wanted.any():
                dropped[column] = np.asarray(wanted, dtype=bool)
    return dropped
