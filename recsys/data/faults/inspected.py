"""Tables with all their faults, and where their rows stand in the files they come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from recsys.data.faults.collect import Collected, collect, with_number_of_others
from recsys.data.faults.fault import Fault
from recsys.data.source import Source, load_tables
from recsys.data.tables import Tables
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.data.mapping.suggest import Suggestion

Line: TypeAlias = int | str
"""A line of a file, from 1; of a table in several files "part-1.csv:17"."""

LinesOf: TypeAlias = Callable[[Sequence[int]], Sequence[Line]]
"""Positions of rows in a table, from 0 -> lines of its file."""


@dataclass(frozen=True, kw_only=True)
class FileOf:
    """The file that a table comes from.

    Attributes:
        name: of the file.
        lines: the lines of rows; None where the file has none, as Parquet.
        theirs: name of the library -> name of the column in the file, where they differ.
    """

    name: str
    lines: LinesOf | None = None
    theirs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """What `recsys check` knows of the tables of a source.

    Attributes:
        collected: the tables and their faults.
        files: table -> its file; without those that are read from no file.
        suggestion: the mapping that the files were read by, if it was guessed; a load needs it.
    """

    collected: Collected
    files: Mapping[str, FileOf] = field(default_factory=dict)
    suggestion: "Suggestion | None" = None

    @property
    def is_guessed(self) -> bool:
        """Whether the files were read by a mapping that was guessed."""
        return self.suggestion is not None

    @cached_property
    def faults(self) -> list[Fault]:
        """All kinds of fault, with lines and, in their messages, files."""
        return [located(fault, self.files.get(fault.table)) for fault in self.collected.faults]


def inspect(source: Source) -> Inspected:
    """Reads the tables of a source with all their faults.

    Args:
        source: one with a method `inspected` reads them itself, and knows the lines of its files.

    Raises:
        InputError: the source cannot be read at all.
    """
    inspected = getattr(source, "inspected", None)
    if inspected is not None:
        read: Inspected = inspected()
        return read
    tables: Tables = load_tables(source)
    return Inspected(collected=collect(tables))


def located(fault: Fault, file: FileOf | None) -> Fault:
    """A fault with the lines of its rows, and a message that names them.

    Args:
        fault: with positions of rows.
        file: that its table comes from; None for none.
    """
    if file is None or file.lines is None or not fault.rows:
        return fault
    lines = file.lines(fault.rows)
    theirs = file.theirs.get(fault.column or "")
    column = f"'{fault.column}' ('{theirs}')" if theirs else f"'{fault.column}'"
    number, name = numbered(lines[0], file.name)
    message = (
        f"{fault.table}: line {number} of {name}, column {column}: {fault.what}, got "
        f"{fault.cells[0]}; {fault.remedy}"
    )
    return replace(fault, lines=tuple(lines), message=message)


def numbered(line: Line, file: str) -> tuple[int, str]:
    """The number of a line, and the file that it is a line of.

    Args:
        line: with its part, where the table has several.
        file: the name of the table's file.
    """
    if isinstance(line, int):
        return line, file
    part, _, number = line.rpartition(":")
    return int(number), part


def refuse_first(inspected: Inspected) -> None:
    """Raises the first fault as `InputError`, with the number of the others."""
    faults = inspected.faults
    if faults:
        raise with_number_of_others(InputError(faults[0].message), faults)
