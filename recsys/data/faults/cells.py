"""All faults of a column: the reader of a load, called again without the cells it has refused.

A reader of texts of events sees each distinct text once, so that ten million rows of a few thousand
products cost no more than the products.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data.categories import plain
from recsys.data.cells import FILL, FIX, CellError
from recsys.data.faults.fault import Fault
from recsys.data.kinds import WORDS, kind_of
from recsys.data.schema import SCHEMAS
from recsys.data.vocabulary import normalise_ids

Reader: TypeAlias = Callable[[str, Any, pd.Series], pd.Series]
"""Table, column and cells [n] -> cells of the type that the library relies on, as `read_column`."""

CHUNK = 1_000_000
"""Texts of times and numbers are read in chunks of so many rows: pandas reads them as objects."""

_WORDS = (*WORDS, "flag")

REPEATED = 4
"""Values that stand in so many rows on average are kept as categories."""


class ReadCells(NamedTuple):
    """What the cells of a column say.

    Attributes:
        values: [n] read; null where a cell is at fault, False in a column of flags.
        bad: [n] bool, the cells at fault.
        faults: kinds of fault.
    """

    values: pd.Series
    bad: BoolArray
    faults: list[Fault]


class _Kind(NamedTuple):
    expected: str
    remedy: str
    bad: BoolArray
    got: object = None  # as read, where the message shows that


def read_cells(table: str, label: Any, cells: pd.Series, read: Reader, coded: bool) -> ReadCells:
    """Reads a column and names every kind of fault in it.

    Args:
        table: name of the table.
        label: name of the column.
        cells: [n] as loaded, with an index from 0.
        read: raises `CellError` at cells that it refuses.
        coded: return ids and texts as categories, which take 4 bytes a row.
    """
    kind = kind_of(table, str(label))
    is_category = isinstance(cells.dtype, pd.CategoricalDtype)
    if is_category and not isinstance(cells.cat.categories.dtype, pd.StringDtype):
        cells, is_category = plain(cells), False
    is_text = isinstance(cells.dtype, pd.StringDtype)
    if kind == "feature":
        values, kinds = _until_clean(table, label, cells, read)
        values = plain(values)
    elif is_category or (is_text and kind in _WORDS and (coded or kind == "flag")):
        values, kinds = _by_distinct(table, label, cells, read, coded)
    elif is_text and kind not in _WORDS and len(cells) > CHUNK:
        values, kinds = _by_chunk(table, label, cells, read)
    else:
        values, kinds = _until_clean(table, label, cells, read)
    kinds += _empty_cells(table, label, values, kinds)
    bad = np.zeros(len(cells), dtype=bool)
    for fault in kinds:
        bad |= fault.bad
    cells = cells.rename(label)
    faults = [
        Fault.of_rows(table, cells, of.bad, of.expected, of.remedy, got=of.got) for of in kinds
    ]
    return ReadCells(values.rename(label), bad, faults)


def _until_clean(
    table: str, label: Any, cells: pd.Series, read: Reader
) -> tuple[pd.Series, list[_Kind]]:
    kept, positions = cells.reset_index(drop=True), np.arange(len(cells))
    kinds: list[_Kind] = []

    def refuse(bad: BoolArray, expected: str, remedy: str, got: object = None) -> BoolArray:
        mask = np.zeros(len(cells), dtype=bool)
        mask[positions[bad]] = True
        kinds.append(_Kind(expected, remedy, mask, got))
        return ~bad

    values = pd.Series(dtype=object)
    while len(kept):
        try:
            values = read(table, label, kept)
            break
        except CellError as error:
            whole = kept.notna().to_numpy(dtype=bool)
            bad = error.bad if error.bad is not None else whole if whole.any() else ~whole
            good = refuse(bad, error.expected, error.remedy)
            kept, positions = kept[good].reset_index(drop=True), positions[good]
    for expected, bad in _against_schema(table, label, values):
        good = refuse(bad, expected, FIX, values.iloc[int(bad.argmax())])
        values, positions = values[good].reset_index(drop=True), positions[good]
    return _spread(values, positions, len(cells)), kinds


def _against_schema(table: str, label: Any, values: pd.Series) -> Iterator[tuple[str, BoolArray]]:
    column = SCHEMAS[table].columns.get(label)
    good = np.ones(len(values), dtype=bool)
    for check in column.checks if column is not None else ():
        present = values.notna().to_numpy(dtype=bool) & good
        bad = np.zeros(len(values), dtype=bool)
        bad[present] = ~check(values[present]).check_output.to_numpy(dtype=bool)
        if bad.any():
            yield str(check.error), bad[good]
            good &= ~bad


def _spread(values: pd.Series, positions: IntArray, size: int) -> pd.Series:
    """The values at their positions among `size` rows, null (of flags False) elsewhere."""
    if len(values) == size:
        return values
    if values.dtype == bool:
        return values.set_axis(positions).reindex(range(size), fill_value=False)
    if values.dtype == np.int64:
        values = values.astype("Int64")
    return values.set_axis(positions).reindex(range(size))


def _empty_cells(table: str, label: Any, values: pd.Series, kinds: list[_Kind]) -> Iterator[_Kind]:
    column = SCHEMAS[table].columns.get(label)
    if column is None or column.nullable:
        return
    empty = values.isna().to_numpy(dtype=bool, copy=True)
    for fault in kinds:
        empty &= ~fault.bad
    if empty.any():
        yield _Kind("a value in every row", FILL, empty)


def _by_distinct(
    table: str, label: Any, cells: pd.Series, read: Reader, coded: bool
) -> tuple[pd.Series, list[_Kind]]:
    codes, texts = _codes_and_texts(cells)
    # The last entry stands for the empty cells, whose code is -1.
    distinct = pd.concat([texts, pd.Series([None], dtype="str")], ignore_index=True)
    with_empty = bool((codes < 0).any())
    values, kinds = _until_clean(table, label, distinct if with_empty else texts, read)
    if not with_empty:
        values = _spread(values, np.arange(len(values)), len(values) + 1)
    spread = [_Kind(of.expected, of.remedy, _at(of.bad, codes, len(texts))) for of in kinds]
    is_repeated = len(texts) * REPEATED <= len(cells)
    if not (coded and is_repeated) or kind_of(table, str(label)) in ("moment", "number", "flag"):
        return values.take(codes).reset_index(drop=True), spread
    if values[:-1].equals(texts):
        return pd.Series(pd.Categorical.from_codes(codes, pd.Index(texts))), spread
    again, categories = pd.factorize(normalise_ids(values))
    return pd.Series(pd.Categorical.from_codes(again[codes], categories)), spread


def _codes_and_texts(cells: pd.Series) -> tuple[IntArray, pd.Series]:
    if isinstance(cells.dtype, pd.CategoricalDtype):
        # A value in no row is no fault.
        cells = cells.cat.remove_unused_categories()
        return cells.cat.codes.to_numpy(np.int32), pd.Series(cells.cat.categories)
    codes, texts = pd.factorize(cells)
    return codes.astype(np.int32), pd.Series(texts, dtype=cells.dtype)


def _at(bad: BoolArray, codes: IntArray, distinct: int) -> BoolArray:
    if len(bad) == distinct:
        bad = np.append(bad, False)
    return bad[codes]


def _by_chunk(
    table: str, label: Any, cells: pd.Series, read: Reader
) -> tuple[pd.Series, list[_Kind]]:
    parts: list[pd.Series] = []
    joined: dict[tuple[str, str], BoolArray] = {}
    for start in range(0, len(cells), CHUNK):
        chunk = slice(start, start + CHUNK)
        values, kinds = _until_clean(table, label, cells.iloc[chunk], read)
        parts.append(values)
        for of in kinds:
            mask = joined.setdefault((of.expected, of.remedy), np.zeros(len(cells), dtype=bool))
            mask[chunk] |= of.bad
    return pd.concat(parts, ignore_index=True), [_Kind(*key, bad) for key, bad in joined.items()]
