"""Small tables of results as text for a terminal and as HTML for a notebook."""

from collections.abc import Sequence
from html import escape

from recsys.ops.shown_text import for_terminal

Rows = Sequence[Sequence[str]]
"""Cells of a table, row by row; each row is as long as the header."""


def text_table(title: str, header: Sequence[str], rows: Rows, note: str = "") -> str:
    """A table in columns for a terminal; the first is aligned left, the others right.

    Args:
        title: the line above it.
        header: names of the columns.
        rows: the cells.
        note: the line below it; no line if empty.
    """
    cells = [[for_terminal(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    return "\n".join([for_terminal(title), *lines, *([for_terminal(note)] if note else [])])


def html_table(title: str, header: Sequence[str], rows: Rows, note: str = "") -> str:
    """The same table as HTML, with every text escaped; arguments as for `text_table`."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    below = f"<p>{escape(note)}</p>" if note else ""
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{below}"
    )
