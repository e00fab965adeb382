"""Purposes as tables for the terminal and a page, and as figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.rules import rule_strands
from recsys.journeys.purposes.strands import Strands
from recsys.journeys.purposes.tables import (
    BROAD,
    OPEN,
    PURPOSE,
    SILENCE,
    STAGE,
    as_of_text,
    strand_table,
)
from recsys.ops.result_tables import text_table
from recsys.reports.rendering import Cells, PageTable, plain, render

PAGE = "purposes.html"
"""File name of the page."""
_MOST = 40
"""Purposes that are shown."""
_LEAST = 0.2
"""Agreement of two halves below which purposes are no finding."""
_MEMBERS = 6
"""Purposes of a broad one that are named."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PurposeReport:
    """What is shown of purposes.

    Attributes:
        data: the data set.
        model: that was fitted on it.
        strands: of its events.
        table: one row a strand, see `strand_table`.
        open_from: least probability of going on for a strand to count as open.
        rules: name of a rule -> adjusted Rand index of its strands with those found.
    """

    data: Dataset
    model: PurposeModel
    strands: Strands
    table: pd.DataFrame
    open_from: float
    rules: Mapping[str, float]

    @classmethod
    def of(cls, data: Dataset, model: PurposeModel, open_from: float) -> "PurposeReport":
        """The report about the strands of a data set.

        Args:
            data: events up to the cut-off.
            model: fitted on them.
            open_from: least probability of going on for a strand to count as open.
        """
        strands = model.assign(data)
        used = strands.of_event >= 0
        cut = rule_strands(data, used, model.tree.purpose)
        return cls(
            data=data,
            model=model,
            strands=strands,
            table=strand_table(model, strands, data),
            open_from=open_from,
            rules={
                name: float(adjusted_rand_score(strands.of_event[used], of_event[used]))
                for name, of_event in cut.items()
            },
        )

    @property
    def open(self) -> pd.DataFrame:
        """The rows of open strands."""
        return self.table[self.table[OPEN] >= self.open_from]


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


def purpose_table(report: PurposeReport) -> PageTable:
    """Purposes with how many strands each has, how many are open, and how they end."""
    rows: list[Cells] = [
        [str(row.Index), f"{row.strands:,}", f"{row.customers:,}", f"{row.visits:.1f}",
         f"{row.open:,}", f"{row.bought:.0%}"]
        for row in _counted(report, PURPOSE).head(_MOST).itertuples()
    ]  # fmt: skip
    head = ["purpose", "strands", "customers", "visits a strand", "open", "bought"]
    return PageTable("Purposes, the most frequent first", head, rows)


def broad_table(report: PurposeReport) -> PageTable:
    """Broad purposes: which purposes the same customers have on long journeys."""
    tree = report.model.tree
    members = {
        name: _listed([tree.names[row] for row in np.flatnonzero(tree.broad == broad)])
        for broad, name in enumerate(tree.broad_names)
    }
    rows: list[Cells] = [
        [members[str(row.Index)], f"{row.strands:,}",
         f"{row.customers:,}", f"{row.open:,}"]
        for row in _counted(report, BROAD).head(_MOST).itertuples()
    ]  # fmt: skip
    return PageTable(
        "Purposes that go together", ["purposes", "strands", "customers", "open"], rows
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MEMBERS} more" if len(names) > _MEMBERS else ""
    return ", ".join(names[:_MEMBERS]) + more


def _counted(report: PurposeReport, by: str) -> pd.DataFrame:
    is_open = report.table[OPEN] >= report.open_from
    grouped = report.table.assign(open=is_open, bought=report.table[STAGE] == "bought").groupby(by)
    counted = grouped.agg(
        strands=("visits", "size"), customers=(columns.CUSTOMER, "nunique"),
        visits=("visits", "mean"), open=("open", "sum"), bought=("bought", "mean"),
    )  # fmt: skip
    return counted.sort_values("strands", ascending=False, kind="stable")


def return_table(report: PurposeReport) -> PageTable:
    """How a strand goes on after each action, as learned from the gaps between visits."""
    known, actions = report.model.renewal, report.strands.actions
    unit = "days" if report.data.clock == "timestamp" else "positions"
    mean = known.gap.shape * known.gap.scale
    rows: list[Cells] = [
        [action, f"{known.returns[row]:.0%}", f"{mean[row]:,.1f}",
         *(f"{known.steps[row, after]:.0%}" for after in range(len(actions)))]
        for row, action in enumerate(actions)
    ]  # fmt: skip
    head = ["deepest action of a visit", "comes back", f"{unit} before it on average",
            *(f"then {action}" for action in actions)]  # fmt: skip
    return PageTable("How strands go on", head, rows)


def stage_table(report: PurposeReport) -> PageTable:
    """Open strands by stage: how many, how long they rest, and whether they reach what is next."""
    rows: list[Cells] = [
        [str(stage), str(part["next_milestone"].iloc[0]), f"{len(part):,}",
         f"{part[SILENCE].median():,.1f}", f"{part[OPEN].mean():.0%}",
         f"{part['reaches_milestone'].mean():.0%}"]
        for stage, part in report.open.groupby(STAGE)
    ]  # fmt: skip
    head = ["stage", "next milestone", "strands", "median silence", "goes on", "reaches it"]
    return PageTable("Open strands by stage", head, rows)


def rule_table(report: PurposeReport) -> PageTable:
    """How far rules of thumb give the same strands."""
    rows: list[Cells] = [[name, f"{value:.2f}"] for name, value in report.rules.items()]
    return PageTable("Rules of thumb", ["rule", "adjusted Rand index with these strands"], rows)


def tried_table(report: PurposeReport) -> PageTable:
    """The partitions of the graph that were compared."""
    unit = "gap, hours" if report.data.clock == "timestamp" else "gap, positions"
    scale = 3_600 if report.data.clock == "timestamp" else 1
    rows: list[Cells] = [
        [f"{each.gap / scale:,.2f}", f"{each.resolution:g}", str(each.purposes),
         f"{each.agreement:.2f}{' (chosen)' if each is report.model.tree.chosen else ''}"]
        for each in report.model.tree.tried
    ]  # fmt: skip
    head = [unit, "resolution", "purposes", "agreement of two halves of the customers"]
    return PageTable("Partitions of the graph of products", head, rows)


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
            rows = [[plain(cell) for cell in row] for row in table.rows]
            head = [plain(name) for name in table.head]
            yield ""
            yield from text_table(table.caption, head, rows).split("\n")


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


def customer_text(report: PurposeReport, customer: object) -> Iterator[str]:
    """Lines about the strands of one customer, the open ones first."""
    mine = report.table[report.table[columns.CUSTOMER] == customer]
    ordered = mine.sort_values([OPEN, "strand"], ascending=[False, True], kind="stable")
    rows = [
        [str(row.strand), str(row.purpose), str(row.stage), f"{row.visits}", str(row.last_product),
         f"{row.silence:,.1f}", f"{row.comes_back:.0%}", str(row.next_milestone),
         f"{row.reaches_milestone:.0%}", *([str(row.offer)] if "offer" in mine else [])]
        for row in ordered.itertuples()
    ]  # fmt: skip
    head = ["strand", "purpose", "stage", "visits", "last product", "silence", "goes on",
            "next milestone", "reaches it", *(["offer"] if "offer" in mine else [])]  # fmt: skip
    yield from text_table(f"Strands of {customer}", head, rows).split("\n")
