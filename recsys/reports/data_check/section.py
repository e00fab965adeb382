"""A part of the report, for the terminal and for the page alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.reports.rendering import PageTable


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with sentences and tables.

    Attributes:
        title: the heading.
        lines: sentences.
        tables: of texts.
    """

    title: str
    lines: Sequence[str] = ()
    tables: Sequence[PageTable] = ()


def share(part: int, whole: int) -> str:
    """A number and its share, as `1,200 (4.0 %)`."""
    return f"{part:,} ({part / whole:.1%})" if whole else f"{part:,}"
