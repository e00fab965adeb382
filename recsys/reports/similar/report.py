"""What the reports about similar people share: text for the terminal, a page, a table, figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

import numpy as np
import pandas as pd

from recsys.customers.segments.summary import Estimate
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.evaluation.intervals import Interval
from recsys.evaluation.paired import Difference
from recsys.reports.rendering import PagePicture, PageTable, render, table_lines

PAGE = "similar.html"
"""File name of the page."""
_WIDTH = 120


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page.

    Attributes:
        title: above it.
        said: what its table and picture show, one paragraph each.
        listed: names and what is said of each.
        table: None for none.
        picture: None for none; not shown on a terminal.
        for_page: whether the table is left out on a terminal.
    """

    title: str
    said: Sequence[str] = ()
    listed: Sequence[tuple[str, str]] = ()
    table: PageTable | None = None
    picture: PagePicture | None = None
    for_page: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class SimilarReport:
    """A report about similar people.

    Attributes:
        title: a line that says what it is about.
        facts: name -> value, below the title of the page.
        summary: the result in sentences.
        sections: in their order.
        figures: name -> number, for MLflow.
        table: a row a customer, for a file.
    """

    title: str
    facts: Mapping[str, str]
    summary: Sequence[str]
    sections: Sequence[Section]
    table: pd.DataFrame
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The page as an HTML document."""
        return render(PAGE, title=self.title, facts=self.facts, summary=self.summary,
                      parts=self.sections)  # fmt: skip

    def text(self) -> Iterator[str]:
        """Lines for the terminal."""
        yield self.title
        yield from self.summary
        for part in self.sections:
            if part.listed:
                yield from ("", part.title)
                for name, said in part.listed:
                    yield from wrap(f"{name}: {said}", _WIDTH, subsequent_indent="    ")
            if part.table is not None and part.table.rows and not part.for_page:
                yield from table_lines(part.table)


def until(data: Dataset) -> str:
    """The cut-off of data in words."""
    if data.as_of is None:
        return "all events"
    return f"{timestamp(data.as_of):%Y-%m-%d %H:%M} UTC" if data.clock == "timestamp" else (
        f"position {data.as_of:,}"
    )  # fmt: skip


def ends(estimate: Estimate | Interval | Difference, form: str = ".2f") -> str:
    """A number with its interval, as 1.52 [1.40, 1.65]."""
    value = estimate.value if isinstance(estimate, Estimate) else estimate.mean
    if np.isnan(value):
        return "-"
    return f"{value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"
