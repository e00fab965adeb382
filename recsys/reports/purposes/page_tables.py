"""Tables about purposes: what there is, where open strands stand, how strands go on."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.journeys.purposes.tables import BROAD, OPEN, PURPOSE, SILENCE, STAGE
from recsys.ops.result_tables import text_table
from recsys.reports.purposes.contents import PurposeReport
from recsys.reports.rendering import Cells, PageTable

_MOST = 40
"""Purposes that are shown."""
_MEMBERS = 6
"""Purposes of a broad one that are named."""


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
