"""The report of `recsys check`: faults first, then what the tables hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap

from recsys.data.faults.fault import Fault
from recsys.data.faults.inspected import FileOf, Inspected
from recsys.data.filter_seen import filter_of
from recsys.data.identity import IdentityRules
from recsys.data.source import Source
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen
from recsys.reports.data_check.allows import allowed_section
from recsys.reports.data_check.features import column_section, feature_section
from recsys.reports.data_check.ids import consent_section, id_section, identity_section
from recsys.reports.data_check.section import Section
from recsys.reports.data_check.tables import event_section, table_section
from recsys.reports.rendering import Cells, PageTable, TableCell, render

PAGE = "data_check.html"
"""Name of the template, and of a page that is written to a folder."""

_WIDTH = 100


@dataclass(frozen=True, kw_only=True)
class DataCheck:
    """What a check of tables says.

    Attributes:
        name: of the data.
        faults: all kinds of fault.
        sections: what the tables hold.
        files: table -> the file that it comes from.
        is_guessed: whether the files were read by a mapping that was guessed.
    """

    name: str
    faults: list[Fault]
    sections: list[Section]
    files: Mapping[str, FileOf]
    is_guessed: bool = False

    @property
    def is_fatal(self) -> bool:
        """Whether a load refuses the tables."""
        return bool(self.faults) or self.is_guessed


def data_check(source: Source, inspected: Inspected) -> DataCheck:
    """Makes the report of the tables of a source.

    Args:
        source: for its name, targets and `filter_seen`.
        inspected: its tables with all faults.
    """
    faults, filter_seen = list(inspected.faults), None
    if "interactions" in inspected.collected.tables:
        try:
            events = inspected.collected.tables["interactions"].frame
            filter_seen = filter_of(source.filter_seen, events)
        except InputError as error:
            faults.append(Fault.of_error("interactions", error))
    return DataCheck(
        name=source.name,
        faults=faults,
        sections=list(_sections(source, inspected, filter_seen)),
        files=inspected.files,
        is_guessed=inspected.is_guessed,
    )


def _sections(
    source: Source, inspected: Inspected, filter_seen: FilterSeen | None
) -> Iterator[Section]:
    tables = dict(inspected.collected.tables)
    yield table_section(inspected)
    if "interactions" not in tables or tables["interactions"].frame.empty:
        return
    yield event_section(tables["interactions"].frame, filter_seen)
    if inspected.collected.known:
        yield id_section(inspected)
    if "identities" in tables and {"id_a", "id_b"} <= set(tables["identities"].frame):
        yield identity_section(tables["identities"].frame, IdentityRules())
    if "customers" in tables:
        yield consent_section(tables)
    yield feature_section(tables)
    yield column_section(tables)
    yield allowed_section(tables, tuple(source.targets))


def headline(check: DataCheck) -> str:
    """How many kinds of fault there are."""
    if not check.is_fatal:
        return f"{check.name}: no fault; every command can load these tables."
    if not check.faults:
        return f"{check.name}: no fault, but a load needs a mapping; suggest=true writes one."
    kinds, tables = len(check.faults), len({fault.table for fault in check.faults})
    return (
        f"{check.name}: {kinds} {'kinds' if kinds > 1 else 'kind'} of fault in {tables} "
        f"{'tables' if tables > 1 else 'table'}; no command loads them before that is mended."
    )


def where(fault: Fault) -> str:
    """The first rows of a fault, as `lines 17, 230, 4001`; "" where it is none of rows."""
    numbers = fault.lines or fault.rows
    if not numbers:
        return ""
    word = "line" if fault.lines else "row"
    more = " ..." if fault.count > len(numbers) else ""
    return f"{word}{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}{more}"


def terminal_lines(check: DataCheck) -> Iterator[str]:
    """The report as lines of at most 100 characters, where the words allow it."""
    yield headline(check)
    table = ""
    for fault in check.faults:
        if fault.table != table:
            table = fault.table
            yield ""
            yield f"{table} ({check.files[table].name})" if table in check.files else table
        yield from _fault_lines(fault, _column(check, fault))
    for section in check.sections:
        yield ""
        yield section.title
        for line in section.lines:
            yield from wrap(line, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        for content in section.tables:
            yield from _table_lines(content)


def _column(check: DataCheck, fault: Fault) -> tuple[str, str]:
    """The column of a fault as the library calls it, and its name in the file if that differs."""
    file = check.files.get(fault.table)
    return fault.column or "", file.theirs.get(fault.column or "", "") if file else ""


def _fault_lines(fault: Fault, column: tuple[str, str]) -> Iterator[str]:
    count = f"{fault.count:,}" if fault.count else ""
    name, theirs = column
    called = f"{name} ('{theirs}')" if theirs else name
    head = f"{called}: {fault.what}" if name and fault.count else fault.what
    yield from wrap(f"{count:>9}  {head}", _WIDTH, subsequent_indent=" " * 11, drop_whitespace=True)
    if numbers := where(fault):
        cells = ", ".join(dict.fromkeys(fault.cells))
        yield f"{'':11}{numbers}: {cells}"
    yield from wrap(
        f"-> {fault.remedy}", _WIDTH, initial_indent=" " * 11, subsequent_indent=" " * 14
    )


def _table_lines(content: PageTable) -> Iterator[str]:
    rows = [[_text(cell) for cell in row] for row in (content.head, *content.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    is_left = [i == 0 or content.style == "texts" for i in range(len(widths))]
    for row in rows:
        cells = (
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, is_left, strict=True)
        )
        yield f"  {'  '.join(cells)}".rstrip()


def _text(cell: str | TableCell) -> str:
    return cell if isinstance(cell, str) else cell.text


def page(check: DataCheck) -> str:
    """The report as an HTML document that loads nothing from elsewhere."""
    return render(
        PAGE,
        title=f"Check of the data: {check.name}",
        facts={"data": check.name, "kinds of fault": len(check.faults)},
        summary=[headline(check)],
        faults=_fault_table(check) if check.faults else None,
        parts=check.sections,
    )


def _fault_table(check: DataCheck) -> PageTable:
    rows: list[Cells] = [
        [
            fault.table,
            TableCell(*_column(check, fault), "left"),
            f"{fault.count:,}" if fault.count else "",
            TableCell(fault.what, style="left long"),
            TableCell(where(fault), ", ".join(dict.fromkeys(fault.cells)), "left long"),
            TableCell(fault.remedy, style="left long"),
        ]
        for fault in check.faults
    ]
    head: Cells = [
        "table",
        *(TableCell(name, style="left") for name in ("column", "rows", "fault", "where", "remedy")),
    ]
    return PageTable("Every kind of fault; the first rows of each", head, rows)
