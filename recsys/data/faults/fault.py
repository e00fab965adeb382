"""`Fault`: one kind of fault in a table, with the rows that have it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data.cells import bad_cell, shown_cell
from recsys.errors import InputError

SHOWN = 3
"""So many rows of a fault are shown."""

ONCE = "each id once"
"""What is expected of the column whose values occur once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fault:
    """Something in a table that a load refuses.

    Attributes:
        table: its name.
        message: the one line with which a load refuses the first of the rows.
        what: what was expected, and what came if it is no cell.
        remedy: what to do.
        column: the name of the column; None for the table as a whole.
        count: number of rows; 0 where the fault is one of the column or the table.
        rows: positions of the first `SHOWN` rows, from 0.
        cells: what these rows have in the column, as a message shows it.
        bad: [n] bool, the rows of the table that have the fault; None if it is none of rows.
        lines: the lines of the file that the first rows stand in; empty where it has no
            lines; of a table in parts as "part-1.csv:17".
    """

    table: str
    message: str
    what: str
    remedy: str
    column: str | None = None
    count: int = 0
    rows: tuple[int, ...] = ()
    cells: tuple[str, ...] = ()
    bad: BoolArray | None = field(default=None, repr=False)
    lines: tuple[int | str, ...] = ()

    @classmethod
    def of_rows(
        cls, table: str, cells: pd.Series, bad: pd.Series | BoolArray, what: str, remedy: str,
        also: str = "", got: object = None,
    ) -> Self:  # fmt: skip
        """The fault of the rows that a mask names; at least one.

        Args:
            table: its name.
            cells: [n] the column, named.
            bad: [n] bool.
            what: what a cell of the column has to be.
            remedy: what to do.
            also: what follows the value of the cell in the message.
            got: the value that the message shows; None for the first cell.
        """
        mask = np.asarray(bad, dtype=bool)
        rows = first_rows(mask)
        shown = [cells.iloc[row] for row in rows]
        column = str(cells.name)
        return cls(
            table=table,
            message=str(
                bad_cell(
                    table, rows[0], column, what, shown[0] if got is None else got, remedy, also
                )
            ),
            what=f"expected {what}",
            remedy=remedy,
            column=column,
            count=int(np.count_nonzero(mask)),
            rows=tuple(rows),
            cells=tuple(map(shown_cell, shown)),
            bad=mask,
        )

    @classmethod
    def of_table(cls, table: str, what: str, remedy: str, column: str | None = None) -> Self:
        """A fault of a whole column or table.

        Args:
            table: its name.
            what: the fault.
            remedy: what to do.
            column: its name; None if the fault is none of a single column.
        """
        message = f"{table}: {what}; {remedy}"
        return cls(table=table, message=message, what=what, remedy=remedy, column=column)

    @classmethod
    def of_error(cls, table: str, error: InputError) -> Self:
        """The fault that kept a table from being read."""
        message = str(error)
        what, _, remedy = message.removeprefix(f"{table}: ").partition("; ")
        return cls(table=table, message=message, what=what, remedy=remedy)

    def at(self, positions: IntArray) -> Self:
        """The same fault, with its rows at other positions.

        Args:
            positions: [n] of each row of the table.
        """
        return replace(self, rows=tuple(int(positions[row]) for row in self.rows))

    @property
    def is_of_repeated_id(self) -> bool:
        """Whether an id stands in several rows, of which a mapping may keep one."""
        return self.what == f"expected {ONCE}"

    @property
    def error(self) -> InputError:
        """The error with which a load refuses it."""
        return InputError(self.message)


def first_rows(bad: BoolArray) -> list[int]:
    """Positions of the first `SHOWN` True values of a mask [n]."""
    rows: list[int] = []
    start, step = 0, 1 << 16
    while start < len(bad) and len(rows) < SHOWN:
        rows += (np.flatnonzero(bad[start : start + step])[:SHOWN] + start).tolist()
        start += step
    return rows[:SHOWN]


def refuse(faults: Iterable[Fault]) -> None:
    """Raises the first of some faults as `InputError`."""
    for fault in faults:
        raise fault.error
