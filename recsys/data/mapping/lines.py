"""Line numbers of a CSV file's rows, as an editor counts them."""

import csv
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from recsys.arrays import IntArray
from recsys.data.sources.gzipped import open_bytes, open_text

_ASCII_LIKE = ("utf-8", "utf-8-sig", "cp1252", "iso-8859-1", "iso-8859-15", "latin-1", "ascii")


class Lines:
    """Line numbers of the rows that were read of a file.

    Args:
        path: of the file.
        separator: of its fields.
        encoding: as Python names it.
        rows: number of rows that were read.
        left_out: [m] sorted record numbers of the lines that were not read; the header is 1.
    """

    def __init__(
        self, path: Path, separator: str, encoding: str, rows: int, left_out: Sequence[int]
    ) -> None:
        self._path, self._separator, self._encoding = path, separator, encoding
        self._rows = rows
        self._left_out = np.asarray(left_out, dtype=np.int64)

    def of_rows(self, rows: Sequence[int]) -> list[int]:
        """Line numbers [n] of rows [n], which count from 0; the header is line 1."""
        return self.of_records(self._records(np.asarray(rows, dtype=np.int64)).tolist())

    def of_records(self, records: Sequence[int]) -> list[int]:
        """Line numbers [n] of records [n]; the header is record 1, and empty lines are none."""
        if not records or self._is_a_line_each:
            return list(records)
        wanted, lines = set(records), {}
        with open_text(self._path, self._encoding) as file:
            reader = csv.reader(file, delimiter=self._separator)
            record, before = 0, 0
            for fields in reader:
                record += bool(fields)
                if fields and record in wanted:
                    lines[record] = before + 1
                    if len(lines) == len(wanted):
                        break
                before = reader.line_num
        return [lines.get(record, record) for record in records]

    def _records(self, rows: IntArray) -> IntArray:
        """Record numbers: the header is 1, and lines that were not read are counted."""
        # The i-th line that was left out stands behind `left_out[i] - 2 - i` rows.
        behind = self._left_out - 2 - np.arange(len(self._left_out))
        return rows + 2 + np.searchsorted(behind, rows, side="right")

    @cached_property
    def _is_a_line_each(self) -> bool:
        if self._encoding.lower().replace("_", "-") not in _ASCII_LIKE:
            return False
        ends, last = 0, b"\n"
        with open_bytes(self._path) as file:
            while block := file.read(1 << 24):
                ends += block.count(b"\n")
                last = block[-1:]
        return ends + (last != b"\n") == self._rows + len(self._left_out) + 1
