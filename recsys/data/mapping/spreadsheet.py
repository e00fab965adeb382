"""Reads a sheet of an Excel file by openpyxl, which `pip install 'recsys[excel]'` adds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.data.cells import listed
from recsys.data.sources.csv_file import check_names
from recsys.data.sources.folder import require_file
from recsys.errors import InputError

ENDINGS = (".xlsx", ".xlsm")


def read_sheet(path: Path, sheet: str | None, texts: Sequence[str]) -> pd.DataFrame:
    """The table in a sheet, whose first row is the header; empty rows are left out.

    Args:
        path: of the file.
        sheet: its name; None for the first.
        texts: columns read as texts: 7.0 becomes "7", and 00123 written as text keeps its zeros.

    Raises:
        InputError: openpyxl is missing, or the file or its sheet cannot be read.
    """
    require_file(path)
    rows = _rows(path, sheet)
    if not rows:
        raise InputError(f"{path.name} is empty: expected a header; export it again")
    header = ["" if cell is None else str(cell) for cell in rows[0]]
    check_names(path, header)
    frame = pd.DataFrame(rows[1:], columns=header, dtype=object)
    frame.index = pd.RangeIndex(2, len(frame) + 2)  # rows of the sheet
    frame = frame.dropna(how="all")
    return frame.assign(**{name: frame[name].map(_text, na_action="ignore") for name in texts})


def _rows(path: Path, sheet: str | None) -> list[tuple[Any, ...]]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise InputError(
            f"{path.name}: reading Excel files needs openpyxl; pip install 'recsys[excel]', or "
            "save the sheet as CSV"
        ) from None
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        if sheet is not None and sheet not in book.sheetnames:
            raise InputError(f"{path.name}: no sheet '{sheet}'; it has {listed(book.sheetnames)}")
        return list(book[sheet or book.sheetnames[0]].iter_rows(values_only=True))
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged file leads to
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path.name} cannot be read as Excel: {reason[:120]}; save it again"
        ) from None


def _text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell % 1 == 0 else str(cell)
