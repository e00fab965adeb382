"""A resolution of identities as one HTML page, and as lines for the terminal."""

from collections.abc import Iterator

from recsys.reports.identities.report import IdentityReport, summary, tables, title
from recsys.reports.rendering import render, table_lines

PAGE = "identities.html"
"""File name of the page."""


def identities_page(report: IdentityReport) -> str:
    """The page as an HTML document."""
    made = report.resolution
    facts = {"data": report.data, "records": f"{len(made.records):,}",
             "persons": f"{report.persons:,}"}  # fmt: skip
    if made.compared is not None:
        facts["probability that two random records are one person"] = f"{made.compared.prior:.2e}"
    return render(
        PAGE, title=title(report), facts=facts, summary=[summary(report)], shown=tables(report)
    )


def identities_text(report: IdentityReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield summary(report)
    for table in tables(report):
        if table.rows:
            yield from table_lines(table)
