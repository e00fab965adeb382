"""Rows, span, actions by touchpoint and duplicates: what the tables hold."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.faults.inspected import Inspected
from recsys.data.kinds import kind_of
from recsys.ops.filter_seen import FilterSeen
from recsys.reports.data_check.leaving import leaving_line
from recsys.reports.data_check.section import Section, share
from recsys.reports.rendering import PageTable

_MOST = 20
"""So many touchpoints are shown, the most frequent."""

_GUESSED = (
    "The files are not written as a load expects them. They were read by a mapping that was "
    "guessed from them; suggest=true writes it."
)
_NO_TOUCHPOINT = "(none)"


def table_section(inspected: Inspected) -> Section:
    """Tables with their files, rows and spans of time."""
    rows = []
    lines = [_GUESSED] if inspected.is_guessed else []
    for name, table in inspected.collected.tables.items():
        file = inspected.files.get(name)
        rows.append(
            [
                name,
                file.name if file else "",
                f"{len(table.frame):,}",
                f"{len(table.frame.columns)}",
                _span(name, table.frame),
            ]
        )
        lines += [
            f"{name}: {count:,} {why}, as the mapping says."
            for why, count in table.left_out.items()
        ]
    head = ["table", "file", "rows", "columns", "first and last time"]
    return Section(title="Tables", lines=lines, tables=[PageTable("What was read", head, rows)])


def _span(name: str, frame: pd.DataFrame) -> str:
    moments = [label for label in frame if kind_of(name, str(label)) == "moment"]
    if not moments or not len(frame):
        return ""
    moment = columns.TIMESTAMP if columns.TIMESTAMP in frame else moments[0]
    known = frame[moment].dropna()
    return f"{known.min():%Y-%m-%d} .. {known.max():%Y-%m-%d}" if len(known) else "no time"


def event_section(events: pd.DataFrame, filter_seen: FilterSeen | None) -> Section:
    """What happened: with products or without, twice, and by touchpoint; what leaves the list.

    Args:
        events: [E] the interactions as read; ids may be categories.
        filter_seen: what leaves the list; None where the setting does not fit the data.
    """
    lines = list(_event_lines(events))
    if filter_seen is not None:
        lines.append(leaving_line(events, filter_seen))
    return Section(title="Events", lines=lines, tables=[_actions_by_touchpoint(events)])


def _event_lines(events: pd.DataFrame) -> Iterator[str]:
    size = len(events)
    if columns.PRODUCT in events:
        without = int(events[columns.PRODUCT].isna().sum())
        yield (
            f"{share(without, size)} of {size:,} events have no product: they teach where and when "
            "a customer is reached, not what they want."
        )
    else:
        yield "No event has a product, so nothing can be recommended."
    if columns.TOUCHPOINT in events:
        unknown = int(events[columns.TOUCHPOINT].isna().sum())
        if unknown:
            yield f"{share(unknown, size)} events have no touchpoint."
    repeated = duplicates(events)
    if repeated:
        yield (
            f"{share(repeated, size)} events repeat another in every column. They count; drop them "
            "if a file was exported twice."
        )
    else:
        yield "No event repeats another in every column."


def duplicates(events: pd.DataFrame) -> int:
    """Number of rows [E] that are equal to an earlier row in every column."""
    # Sorted numbers of 64 bits: of ten million rows two differ and collide once in 400,000 tables.
    hashes = np.sort(pd.util.hash_pandas_object(events, index=False, categorize=False).to_numpy())
    return int(np.count_nonzero(hashes[1:] == hashes[:-1]))


def _actions_by_touchpoint(events: pd.DataFrame) -> PageTable:
    size = len(events)
    actions, action_names = _codes(events, columns.ACTION, columns.DEFAULT_ACTION)
    touchpoints, names = _codes(events, columns.TOUCHPOINT, _NO_TOUCHPOINT)
    width = len(action_names)
    counts = np.bincount(touchpoints * width + actions, minlength=len(names) * width)
    counts = counts.reshape(len(names), width)
    shown = _most_frequent_first(counts.sum(0), action_names)
    order = _most_frequent_first(counts.sum(1), names)
    rows = [
        [
            names[row],
            *(f"{counts[row, action]:,}" for action in shown),
            share(int(counts[row].sum()), size),
        ]
        for row in order[:_MOST]
    ]
    head = ["touchpoint", *(action_names[action] for action in shown), "all"]
    more = f"; {len(order) - _MOST:,} more touchpoints" if len(order) > _MOST else ""
    return PageTable(f"Events by touchpoint and action{more}", head, rows)


def _most_frequent_first(counts: IntArray, names: list[str]) -> list[int]:
    present = np.flatnonzero(counts).tolist()
    return sorted(present, key=lambda position: (-counts[position], names[position]))


def _codes(events: pd.DataFrame, column: str, missing: str) -> tuple[IntArray, list[str]]:
    if column not in events:
        return np.zeros(len(events), np.int64), [missing]
    coded = events[column].astype("category").cat
    codes = coded.codes.to_numpy().astype(np.int64)
    names = [str(name) for name in coded.categories]
    codes[codes < 0] = len(names)
    return codes, [*names, missing if column == columns.TOUCHPOINT else "(none)"]
