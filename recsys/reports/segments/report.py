"""Segments as tables for the terminal and a page, as one table for a file, and as figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.customers.segments.members import Members
from recsys.customers.segments.summary import (
    Cell,
    Estimate,
    Overlap,
    SegmentSummary,
    overlaps,
    ranked_cells,
    summaries,
)
from recsys.data.interactions import timestamp
from recsys.reports.rendering import Cells, PageTable, TableCell, render, table_lines

PAGE = "segments.html"
"""File name of the page."""
_MOST = 30
"""Cells and overlaps that are shown."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentReport:
    """What is shown of segments.

    Attributes:
        data: name of the data.
        library: name of the file of segments.
        now: members as of the cut-off.
        before: as of an earlier one.
        segments: summaries, the most valuable first.
        cells: segment x stage, the most valuable first.
        overlaps: of the segments that a customer may be in together.
    """

    data: str
    library: str
    now: Members
    before: Members
    segments: Sequence[SegmentSummary]
    cells: Sequence[Cell]
    overlaps: Sequence[Overlap]

    @classmethod
    def of(cls, data: str, library: str, now: Members, before: Members) -> "SegmentReport":
        """The report about the members of two cut-offs."""
        return cls(
            data=data,
            library=library,
            now=now,
            before=before,
            segments=summaries(now, before),
            cells=ranked_cells(now),
            overlaps=overlaps(now.segments),
        )


def title(report: SegmentReport) -> str:
    """A line that says what the report is about."""
    return f"Segments '{report.library}' of {report.data}, as of {_day(report.now)}"


def summary(report: SegmentReport) -> str:
    """The result in a sentence, and what was left out."""
    left_out = report.now.left_out
    said = (
        f"{len(report.now.customers):,} customers are known; drift and stability are since "
        f"{_day(report.before)}."
    )
    if left_out:
        said += f" Left out, because the data lack a column: {', '.join(left_out)}."
    return said


def segment_table(report: SegmentReport) -> PageTable:
    """Size, value, drift and stability of each segment."""
    rows: list[Cells] = [
        [each.name, f"{each.customers:,}", _percent(each.share), _number(each.value),
         _plain_percent(each.value_share), _percent(each.drift, "+"), _percent(each.stays)]
        for each in report.segments
    ]  # fmt: skip
    head = ["segment", "customers", "share", "value a customer", "of all value", "drift", "stays"]
    return PageTable("Segments, the most valuable customers first", head, rows, style="cards")


def cell_table(report: SegmentReport) -> PageTable:
    """Segment x stage of the journey by value."""
    rows: list[Cells] = [
        [cell.segment, cell.stage, f"{cell.customers:,}", _number(cell.value)]
        for cell in report.cells[:_MOST]
    ]
    head = ["segment", "stage", "customers", "value a customer"]
    return PageTable("Segment and stage of the journey, by value", head, rows, style="cards")


def overlap_table(report: SegmentReport) -> PageTable:
    """Pairs of segments by what they share."""
    rows: list[Cells] = [
        [pair.first, pair.second, f"{pair.both:,}", f"{pair.jaccard:.1%}"]
        for pair in report.overlaps[:_MOST]
    ]
    head = ["segment", "and", "in both", "of those in either"]
    return PageTable("Overlap", head, rows, style="cards")


def segment_text(report: SegmentReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield summary(report)
    for table in (segment_table(report), cell_table(report), overlap_table(report)):
        if table.rows:
            yield from table_lines(table)


def segment_page(report: SegmentReport) -> str:
    """The page as an HTML document."""
    return render(
        PAGE,
        title=title(report),
        facts={"data": report.data, "segments": report.library, "as of": _day(report.now),
               "earlier cut-off": _day(report.before)},
        summary=[summary(report)],
        segments=segment_table(report),
        cells=cell_table(report),
        overlaps=overlap_table(report),
    )  # fmt: skip


def segment_figures(report: SegmentReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    numbers = {"customers": float(len(report.now.customers))}
    for each in report.segments:
        name = each.name.replace("=", "_")
        for key in ("share", "value", "drift", "stays"):
            numbers[f"{name}/{key}"] = getattr(each, key).value
    return {name: value for name, value in numbers.items() if np.isfinite(value)}


def member_table(report: SegmentReport) -> pd.DataFrame:
    """One row a customer, with a column for each segment, band, cell and the stage."""
    return report.now.table()


def _day(members: Members) -> str:
    return f"{timestamp(members.as_of):%Y-%m-%d %H:%M} UTC"


def _number(estimate: Estimate) -> TableCell:
    if np.isnan(estimate.value):
        return TableCell("-")
    return TableCell(f"{estimate.value:,.4g}", f"[{estimate.low:,.4g}, {estimate.high:,.4g}]")


def _plain_percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.1%}"


def _percent(estimate: Estimate, sign: str = "") -> TableCell:
    if np.isnan(estimate.value):
        return TableCell("-")
    return TableCell(
        f"{estimate.value:{sign}.1%}", f"[{estimate.low:{sign}.1%}, {estimate.high:{sign}.1%}]"
    )
