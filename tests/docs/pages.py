"""The code of the pages: what a reader would copy, in the order in which it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`(recsys [a-z_]+ [^`]+)`")


class Block(NamedTuple):
    """A block of code, the line it begins at, and its language."""

    line: int
    language: str
    code: str


def pages() -> list[Path]:
    """README, CONTRIBUTING and all pages of docs/ but the guides, which have tests of their own."""
    listed = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in listed if page.parent.name != "extending"]


def blocks(page: Path) -> list[Block]:
    """All blocks of a page."""
    text = page.read_text()
    return [
        Block(text.count("\n", 0, match.start()) + 1, match[1], match[2])
        for match in _FENCE.finditer(text)
    ]


def inline_commands(page: Path) -> Iterator[str]:
    """Commands in the running text, as `recsys train model=als`."""
    for command in _SPAN.findall(_FENCE.sub("", page.read_text())):
        yield " ".join(command.split())
