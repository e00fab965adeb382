"""Purposes as tables for the terminal and a page, and as figures."""

from collections.abc import Iterator

import numpy as np

from recsys.data import columns
from recsys.journeys.purposes.tables import as_of_text
from recsys.reports.purposes.contents import PurposeReport
from recsys.reports.purposes.page_tables import (
    broad_table,
    purpose_table,
    return_table,
    rule_table,
    stage_table,
    tried_table,
)
from recsys.reports.rendering import PageTable, render, table_lines

PAGE = "purposes.html"
"""File name of the page."""
_LEAST = 0.2
"""Agreement of two halves below which purposes are no finding."""


def title(report: PurposeReport) -> str:
    """A line that says what the report is about."""
    return f"Purposes of {report.data.name}, as of {as_of_text(report.data)}"


def summary(report: PurposeReport) -> str:
    """The result in a few sentences."""
    tree, table = report.model.tree, report.table
    people = table[columns.CUSTOMER].nunique()
    events = int((report.strands.of_event >= 0).sum())
    return (
        f"{events:,} events of {people:,} customers are {len(table):,} strands of "
        f"{len(tree.names)} purposes, which are {_origin(report)}; {len(report.open):,} strands "
        f"are open: they go on with a probability of at least {report.open_from:.0%}."
    )


def _origin(report: PurposeReport) -> str:
    tree = report.model.tree
    if tree.column is not None:
        return f"the values of the column {tree.column}"
    if tree.chosen is None:
        return "one only: no partition of the products was found in the graph"
    agreement = tree.chosen.agreement
    doubt = "" if agreement >= _LEAST else ", so other customers would show other ones"
    return (
        "communities of the graph of products; those of two halves of the customers agree with "
        f"an adjusted Rand index of {agreement:.2f}{doubt}"
    )


def _tables(report: PurposeReport) -> list[PageTable]:
    return [
        purpose_table(report), broad_table(report), stage_table(report), return_table(report),
        rule_table(report), tried_table(report),
    ]  # fmt: skip


def purpose_text(report: PurposeReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield summary(report)
    for table in _tables(report):
        if table.rows:
            yield from table_lines(table)


def purpose_page(report: PurposeReport) -> str:
    """The page as an HTML document."""
    purposes, broad, stages, returns, rules, tried = _tables(report)
    return render(
        PAGE,
        title=title(report),
        facts={"data": report.data.name, "as of": as_of_text(report.data),
               "purposes from": report.model.tree.column or "the graph of products"},
        summary=[summary(report)],
        purposes=purposes, broad=broad, stages=stages, returns=returns, rules=rules, tried=tried,
    )  # fmt: skip


def purpose_figures(report: PurposeReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    known, chosen = report.model.renewal, report.model.tree.chosen
    numbers = {
        "strands": float(len(report.table)),
        "open": float(len(report.open)),
        "purposes": float(len(report.model.tree.names)),
        "visits_a_strand": float(report.table["visits"].mean()),
    }
    for row, action in enumerate(report.strands.actions):
        numbers[f"comes_back/{action}"] = float(known.returns[row])
    if chosen is not None:
        numbers["agreement_of_halves"] = chosen.agreement
    return {name: value for name, value in numbers.items() if np.isfinite(value)}
