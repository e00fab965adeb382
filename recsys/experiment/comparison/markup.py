"""HTML that needs nothing from elsewhere: escaped text, tables, pictures, one page around them."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from recsys.shown_text import for_terminal


def text(value: object) -> str:
    """A value as text of a page or of an attribute between double quotes."""
    return escape(for_terminal(str(value)))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table whose first cell of each row names the row.

    Args:
        caption: as text.
        head: cells of markup.
        rows: cells of markup; one that is a whole `<td>` stays as it is.
        kind: CSS class.
    """
    headings = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = "\n".join(
        f'<tr><th scope="row">{first}</th>{"".join(map(_cell, rest))}</tr>' for first, *rest in rows
    )
    return (
        f'<div class="scroll"><table class="{kind}"><caption>{text(caption)}</caption>'
        f"<thead><tr>{headings}</tr></thead>\n<tbody>{lines}</tbody></table></div>"
    )


def picture(svg: str, alt: str) -> str:
    """An SVG inside the page; `alt` says what it shows to those who do not see it."""
    data = b64encode(svg.encode()).decode()
    return f'<figure><img alt="{text(alt)}" src="data:image/svg+xml;base64,{data}"></figure>'


def paragraphs(sentences: Iterable[str]) -> str:
    """One paragraph of text each."""
    return "\n".join(f"<p>{text(sentence)}</p>" for sentence in sentences)


def section(title: str, *parts: str) -> str:
    """A heading and the markup below it."""
    return f"<section><h2>{text(title)}</h2>\n" + "\n".join(parts) + "</section>"


def page(title: str, parts: Sequence[str]) -> str:
    """The whole document, style included."""
    style = files("recsys.experiment.comparison").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style></head>\n<body><main>\n"
        f"<h1>{text(title)}</h1>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def _cell(cell: str) -> str:
    return cell if cell.startswith("<td") else f"<td>{cell}</td>"
