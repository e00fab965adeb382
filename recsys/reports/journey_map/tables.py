"""Journey maps as tables: for files, for the page, and for the terminal."""

from typing import Any

import numpy as np
import pandas as pd

from recsys.journeys.journey_map.differences import BOUGHT_SHARE, MEAN_DAYS, NOT_SURE, TOO_FEW
from recsys.journeys.journey_map.flows import (
    flow_table,
    move_table,
    purpose_table,
    stage_table,
)
from recsys.journeys.journey_map.paths import OPEN
from recsys.journeys.purposes.tables import PURPOSE
from recsys.reports.journey_map.report import Group, JourneyMap
from recsys.reports.rendering import Cells, PageTable, TableCell

GROUP = "group"
_MOST = 40
"""Rows of a table of the page."""


def _groups(report: JourneyMap) -> list[Group]:
    return [report.first, *([report.second] if report.second is not None else [])]


def flow_file(report: JourneyMap) -> pd.DataFrame:
    """Column group before those of `flow_table`: of all strands, then of each purpose."""
    parts = [
        flow_table(group.paths, by_purpose=by_purpose).assign(**{GROUP: group.name})
        for group in _groups(report)
        for by_purpose in (False, True)
    ]
    return _group_first(pd.concat(parts, ignore_index=True))


def move_file(report: JourneyMap) -> pd.DataFrame:
    """Column group before those of `move_table`."""
    parts = [move_table(group.paths).assign(**{GROUP: group.name}) for group in _groups(report)]
    return _group_first(pd.concat(parts, ignore_index=True))


def _group_first(table: pd.DataFrame) -> pd.DataFrame:
    return table[[GROUP, *(name for name in table.columns if name != GROUP)]]


def map_tables(report: JourneyMap) -> list[PageTable]:
    """The tables of the page, those about each group one after the other."""
    made = []
    for group in _groups(report):
        called = f"{group.name}. " if report.second is not None else ""
        made += [
            _stages(group, report.unit, called),
            _moves(group, report.unit, called),
            _purposes(group, report.unit, called),
        ]
    return made


def _stages(group: Group, unit: str, called: str) -> PageTable:
    rows: list[Cells] = [
        [f"{row['stage']}, {row['touchpoint']}", f"{row['strands']:,}", _percent(row["share"]),
         f"{row['customers']:,}", _percent(row["goes_on"]), _percent(row["drop_off"]),
         _percent(row[OPEN]), _number(row["median_days"])]
        for row in stage_table(group.shown).to_dict("records")
    ]  # fmt: skip
    head = ["stage and touchpoint", "strands", "of all", "customers", "go on", "drop off", "open",
            f"median {unit} to the next stage"]  # fmt: skip
    return PageTable(f"{called}Where strands come to each stage", head, rows)


def _moves(group: Group, unit: str, called: str) -> PageTable:
    table = move_table(group.shown).sort_values("moves", ascending=False, kind="stable")
    rows: list[Cells] = [
        [f"{row['from_touchpoint']} → {row['to_touchpoint']}", f"{row['moves']:,}",
         _percent(row["share"]), _number(row["median_days"])]
        for row in table.head(_MOST).to_dict("records")
    ]  # fmt: skip
    head = ["from one visit to the next", "moves", "of those from there", f"median {unit} between"]
    return PageTable(f"{called}Flow between touchpoints", head, rows)


def _purposes(group: Group, unit: str, called: str) -> PageTable:
    rows: list[Cells] = [
        [row[PURPOSE], f"{row['strands']:,}", f"{row['customers']:,}", f"{row['visits']:.1f}",
         _percent(row["bought"]), _percent(row["silence"]), _percent(row[OPEN]),
         _number(row["median_days"])]
        for row in purpose_table(group.shown).head(_MOST).to_dict("records")
    ]  # fmt: skip
    head = ["purpose", "strands", "customers", "visits a strand", "bought", "silence", "open",
            f"median {unit} to a purchase"]  # fmt: skip
    return PageTable(f"{called}Purposes, the most frequent first", head, rows)


def difference_rows(report: JourneyMap) -> PageTable:
    """What differs surely first, then what differs most for its interval; the file has all."""
    table = report.differences
    assert table is not None
    known = table[table["verdict"] != TOO_FEW]
    clear = (known["verdict"] == NOT_SURE).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        size = (known["difference"].abs() / (known["high"] - known["low"])).fillna(0).to_numpy()
    ordered = known.iloc[np.lexsort((-size, clear))].head(_MOST)
    rows: list[Cells] = []
    for row in ordered.to_dict("records"):
        share = row["what"] != MEAN_DAYS
        scale = 100 if share else 1
        interval = f"[{scale * row['low']:+.1f}, {scale * row['high']:+.1f}]"
        shown = [_percent(row[name]) if share else _number(row[name])
                 for name in ("first", "second")]  # fmt: skip
        colour = {"more": "win", "less": "loss"}.get(row["verdict"], "tie")
        rows.append(
            [_about(row), *shown, TableCell(f"{scale * row['difference']:+.1f}", interval),
             TableCell(row["verdict"], style=colour)]
        )  # fmt: skip
    head = ["what", "first", "second", f"difference, points or {report.unit}", "verdict"]
    return PageTable("First less second, with intervals that hold all together", head, rows)


def _about(row: dict[Any, Any]) -> str:
    if row["what"] == BOUGHT_SHARE:
        return f"bought: {row[PURPOSE]}"
    source, target = (
        ", ".join(filter(None, (row[f"{end}_stage"], row[f"{end}_touchpoint"])))
        for end in ("from", "to")
    )
    if row["what"] == MEAN_DAYS:
        return f"mean time: {source} → {target}"
    return f"{source} → {target}" if source else f"come to {target}"


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{share:.0%}"


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:,.1f}"
