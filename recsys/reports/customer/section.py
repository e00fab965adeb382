"""A part of the page as values: sentences, pairs and a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.reports.rendering import PagePicture, PageTable


@dataclass(frozen=True, kw_only=True)
class CardSection:
    """A part of the page.

    Attributes:
        name: of the part, as a style of the page.
        title: above it.
        said: sentences.
        pairs: what something is called, and what it is.
        table: None for none.
        picture: None for none; not shown on a terminal.
    """

    name: str
    title: str
    said: Sequence[str] = ()
    pairs: Sequence[tuple[str, str]] = ()
    table: PageTable | None = None
    picture: PagePicture | None = None
