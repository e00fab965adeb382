"""Refuses values that the schema of a table does not allow: empty cells, numbers out of range."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandera.pandas import Check

from recsys.arrays import BoolArray
from recsys.data.categories import codes_of, gathered, has_usual_categories, used
from recsys.data.cells import FILL, FIX, bad_cell, first_true
from recsys.data.schema import SCHEMAS
from recsys.ops.chunks import slices

_CHUNK = 1 << 20


def refuse_outside(name: str, read: Mapping[Any, pd.Series]) -> None:
    """Refuses the first row with a value that `recsys.data.schema.SCHEMAS` does not allow.

    As pandera's lazy validation, which would copy the table first and look at each cell of
    categories.

    Args:
        name: of the table.
        read: column -> [n] cells of the types of `recsys.data.check.check_tables`.

    Raises:
        InputError: names the row; of several columns the first of the schema.
    """
    failures = list(_failures(name, read))
    if failures:
        row, label, expected, remedy = min(failures, key=lambda failure: failure[0])
        raise bad_cell(name, row, label, expected, read[label].iloc[row], remedy)


def _failures(name: str, read: Mapping[Any, pd.Series]) -> Iterator[tuple[int, Any, str, str]]:
    for label, allowed in SCHEMAS[name].columns.items():
        if label not in read:
            continue
        cells = read[label]
        if not allowed.nullable and (row := _first_empty(cells)) is not None:
            yield row, label, "a value in every row", FILL
        for check in allowed.checks:
            if (row := _first_outside(cells, check)) is not None:
                yield row, label, str(check.error), FIX


def _first_empty(cells: pd.Series) -> int | None:
    for chunk in slices(len(cells), _CHUNK):
        empty = cells.iloc[chunk].isna()
        if empty.any():
            return int(chunk.start) + first_true(empty)
    return None


def _first_outside(cells: pd.Series, check: Check) -> int | None:
    is_coded = has_usual_categories(cells)
    is_good: BoolArray = np.ones(1, dtype=bool)
    if is_coded:
        is_good = np.append(_passes(pd.Series(cells.cat.categories), check) | ~used(cells), True)
        if is_good.all():
            return None
    for chunk in slices(len(cells), _CHUNK):
        part = cells.iloc[chunk]
        good = gathered(is_good, codes_of(part)) if is_coded else _passes(part, check)
        if not good.all():
            return int(chunk.start) + int(good.argmin())
    return None


def _passes(cells: pd.Series, check: Check) -> BoolArray:
    """[n] bool, which cells pass; empty ones do."""
    passes: BoolArray = cells.isna().to_numpy(dtype=bool, copy=True)
    if not passes.all():
        passes[~passes] = check(cells[~passes]).check_output.to_numpy(dtype=bool)
    return passes
