"""What reports are written as: pages from templates, the tables and pictures in them, CSV files.

A page is a template of `recsys/reports/templates`, filled by `render`. Whatever is put into a
template is escaped, so tables and pictures are handed over as plain values and become HTML there.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from recsys.ops.result_tables import text_table
from recsys.ops.shown_text import for_csv, for_terminal

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class TableCell:
    """A cell of a `PageTable`; a cell of text alone may be a plain `str`.

    Attributes:
        text: what the cell says.
        detail: a second, smaller line below it.
        style: CSS classes.
        title: what a browser shows while the pointer is over the cell.
    """

    text: str
    detail: str = ""
    style: str = ""
    title: str = ""


Cells: TypeAlias = Sequence[str | TableCell]
"""The cells of a row; the first names the row."""


@dataclass(frozen=True)
class PageTable:
    """A table of a page. The first cell of a row names the row.

    Attributes:
        caption: a line above the table.
        head: [C] the headings of the columns.
        rows: [R][C] the cells of each row.
        style: CSS classes.
    """

    caption: str
    head: Cells
    rows: Sequence[Cells]
    style: str = ""


@dataclass(frozen=True)
class PagePicture:
    """A picture inside a page.

    Attributes:
        svg: the picture as SVG.
        alt: what it shows, for readers who cannot see it.
    """

    svg: str = field(repr=False)
    alt: str

    @property
    def source(self) -> str:
        """The picture as a `data:` URL."""
        return f"data:image/svg+xml;base64,{b64encode(self.svg.encode()).decode()}"


def plain(cell: str | TableCell) -> str:
    """The text of a cell with its detail, for a terminal."""
    return cell if isinstance(cell, str) else f"{cell.text} {cell.detail}".strip()


def table_lines(table: PageTable) -> Iterator[str]:
    """An empty line, and the table as lines for a terminal."""
    rows = [[plain(cell) for cell in row] for row in table.rows]
    yield ""
    yield from text_table(table.caption, [plain(name) for name in table.head], rows).split("\n")


MARKS = {"win": "▲", "tie": "=", "loss": "▼"}
"""Verdicts by shape, for readers who cannot tell the colours apart."""


def verdict_cell(verdict: str, detail: str = "", style: str = "") -> TableCell:
    """A cell with a verdict as shape, word and colour.

    Args:
        verdict: "win", "tie" or "loss".
        detail: a smaller line below it.
        style: CSS classes besides that of the verdict.
    """
    return TableCell(f"{MARKS[verdict]} {verdict}", detail, f"{verdict} {style}".strip())


def render(template: str, **values: object) -> str:
    """Fills a template.

    Args:
        template: file name in `recsys/reports/templates`.
        **values: the variables of the template. Text is escaped for HTML, and characters that
            cannot be seen are replaced by visible escapes.

    Returns:
        an HTML document that loads nothing from elsewhere and runs no script.

    Raises:
        jinja2.UndefinedError: the template uses a variable that is not given.
    """
    return _environment().get_template(template).render(values)


def as_csv(table: pd.DataFrame) -> str:
    """A whole table as CSV, one line a row.

    Text that a spreadsheet would take for a formula is quoted; numbers stay numbers.
    """
    shown = table.map(lambda cell: for_csv(cell) if isinstance(cell, str) else cell)
    return shown.rename(columns=lambda name: for_csv(str(name))).to_csv(index=False)


@cache
def _environment() -> "Environment":
    # Imported late: most commands write no page.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("recsys.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: object) -> object:
    """A value as text without invisible characters; what is HTML already stays as it is."""
    return value if hasattr(value, "__html__") else for_terminal(str(value))
