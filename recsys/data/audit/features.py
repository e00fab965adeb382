"""Checks features: the dated rows of side tables are those known at the cut-off."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.data import columns
from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import Check, leak
from recsys.errors import InputError

DATED = (
    ("customers", columns.CUSTOMER, columns.VALID_FROM),
    ("decisions", columns.DECISION, columns.TIMESTAMP),
    ("identities", columns.ID_A, columns.TIMESTAMP),
)
"""Tables whose rows become known at a moment, with their columns of id and date."""

UNDATED = "its rows have no date and count as always known"
NO_ORDER = "not checked: the order of events is unknown"


def unplaced(tables: Mapping[str, pd.DataFrame], clock: str | None) -> str | None:
    """Why dated rows cannot be compared with a cut-off; None if they can."""
    if clock == "timestamp":
        return None
    for name, _, date in DATED:
        if name in tables and date in tables[name]:
            return f"{name} are dated by time ('{date}'), interactions are not"
    return None


def check_features(boundary: Boundary, tables: Mapping[str, pd.DataFrame]) -> list[Check]:
    """Checks that no dated row of a side table is at or after the cut-off, table by table.

    `valid_from` and `valid_to` of products and offers are the firm's own calendar, known in
    advance; they may be later.

    Raises:
        InputError: a row is; names it.
    """
    checks = [
        _check_table(boundary, tables[name], name, key, date)
        for name, key, date in DATED
        if name in tables
    ]
    return checks or [_check(boundary, "none", None, 0, None, "no table of features to examine")]


def _check_table(boundary: Boundary, raw: pd.DataFrame, name: str, key: str, date: str) -> Check:
    past = boundary.past.side_tables.get(name, raw.iloc[:0])
    start, latest = boundary.window.start, None
    if date not in raw:
        how = UNDATED
    elif start is None or boundary.past.clock != "timestamp":
        how = NO_ORDER
    else:
        how = "dates compared with the cut-off, rows by id counted against those dated before it"
        late = (raw[date] >= pd.Timestamp(start, unit="us", tz="UTC")).to_numpy(bool)
        too_late = pd.Series(False, index=past.index)
        if date in past:
            too_late = past[date] >= pd.Timestamp(start, unit="us", tz="UTC")
        known = raw.loc[~late, key]
        # Counting the ids of a long table takes much more memory than comparing them.
        is_same = past[key].reset_index(drop=True).equals(known.reset_index(drop=True))
        if too_late.any() or not is_same:
            # A row that lost its date still makes its id occur too often.
            often = past[key].value_counts().sub(known.value_counts(), fill_value=0)
            if too_late.any() or (often > 0).any():
                wrong = raw[key].isin(often.index[often > 0]) | raw[key].isin(
                    past.loc[too_late, key]
                )
                raise _leak(boundary, raw, (name, key, date), wrong.to_numpy(bool) & late)
        last = raw.loc[~late, date].max()
        latest = None if pd.isna(last) else last.isoformat()
    return _check(boundary, name, date if date in raw else None, len(past), latest, how)


def _leak(
    boundary: Boundary, raw: pd.DataFrame, names: tuple[str, str, str], culprits: BoolArray
) -> InputError:
    name, key, date = names
    where, got = name, "a row that is not in the checked table"
    if culprits.any():
        row = int(np.flatnonzero(culprits)[0])
        where = f"{name}: row {row} ({key} {raw[key].iloc[row]}), column '{date}'"
        got = raw[date].iloc[row].isoformat()
    return leak(
        "features",
        boundary.name,
        where,
        f"a moment before the cut-off {boundary.cutoff}",
        got,
        "join side tables as of the cut-off",
    )


def _check(
    boundary: Boundary, table: str, column: str | None, rows: int, latest: str | None, how: str
) -> Check:
    return Check(
        kind="features",
        window=boundary.name,
        table=table,
        column=column,
        rows=rows,
        latest=latest,
        cutoff=boundary.cutoff,
        how=how,
    )
