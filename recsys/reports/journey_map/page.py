"""A journey map as an HTML page that loads nothing from elsewhere, and as lines of text."""

from collections.abc import Iterator

from recsys.journeys.purposes.tables import as_of_text
from recsys.reports.journey_map.picture import NARROW, WIDE, picture
from recsys.reports.journey_map.report import JourneyMap, summary, title
from recsys.reports.journey_map.tables import difference_rows, map_tables
from recsys.reports.rendering import PagePicture, render, table_lines

PAGE = "journey_map.html"
"""File name of the page."""


def journey_page(report: JourneyMap) -> str:
    """The page as an HTML document; it prints on one A4 page, without the tables."""
    alone = report.second is None
    alt = (
        "Strands from know over consider to a purchase, silence or still open, by touchpoint"
        if alone
        else "The same flow, coloured where the first group surely has more or less"
    )
    return render(
        PAGE,
        title=title(report),
        facts={"data": report.data.name, "as of": as_of_text(report.data)},
        summary=summary(report),
        wide=PagePicture(picture(report, WIDE), alt),
        narrow=PagePicture(picture(report, NARROW), alt),
        alone=alone,
        differences=None if alone else difference_rows(report),
        tables=map_tables(report),
    )


def journey_text(report: JourneyMap) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield from summary(report)
    differences = [] if report.second is None else [difference_rows(report)]
    for table in [*differences, *map_tables(report)]:
        yield from table_lines(table)
