"""HTML that needs nothing from elsewhere: escaped text, tables, pictures, one page around them."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from recsys.ops.shown_text import for_terminal

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may do with a page: no script, nothing from elsewhere."""


class Markup(str):
    """What is markup already; everything else that comes into a page is escaped."""

    __slots__ = ()


def text(value: object) -> Markup:
    """A value as text of a page, or of an attribute between double quotes; markup as it is."""
    return value if isinstance(value, Markup) else Markup(escape(for_terminal(str(value))))


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = ""
) -> Markup:
    """A table whose first cell of each row names the row.

    Args:
        caption: as text.
        head: cells, text or markup.
        rows: cells, text or markup; markup that is a whole `<td>` stays as it is.
        kind: CSS class.
    """
    headings = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    lines = "\n".join(
        f'<tr><th scope="row">{text(first)}</th>{"".join(map(_cell, rest))}</tr>'
        for first, *rest in rows
    )
    return Markup(
        f'<div class="scroll"><table class="{kind}"><caption>{text(caption)}</caption>'
        f"<thead><tr>{headings}</tr></thead>\n<tbody>{lines}</tbody></table></div>"
    )


def picture(svg: str, alt: str) -> Markup:
    """An SVG inside the page; `alt` says what it shows to those who do not see it."""
    data = b64encode(svg.encode()).decode()
    return Markup(
        f'<figure><img alt="{text(alt)}" src="data:image/svg+xml;base64,{data}"></figure>'
    )


def paragraphs(sentences: Iterable[str]) -> Markup:
    """One paragraph of text each."""
    return Markup("\n".join(f"<p>{text(sentence)}</p>" for sentence in sentences))


def section(title: str, *parts: Markup) -> Markup:
    """A heading and the markup below it."""
    return Markup(f"<section><h2>{text(title)}</h2>\n" + "\n".join(parts) + "</section>")


def page(title: str, parts: Sequence[Markup]) -> str:
    """The whole document, style included."""
    style = files("recsys.reports.comparison").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style></head>\n<body><main>\n"
        f"<h1>{text(title)}</h1>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def _cell(cell: str) -> str:
    shown = text(cell)
    return shown if shown.startswith("<td") else f"<td>{shown}</td>"
