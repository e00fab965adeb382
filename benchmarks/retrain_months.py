"""A simulated market as a firm exports it month by month, and exports that went wrong."""

import shutil
from pathlib import Path

import pandas as pd

from recsys.data import columns
from recsys.simulation import SimulatedMarket

HALF_LOST, SWAPPED = "half_lost", "swapped"
_YEAR = pd.Timestamp("2025-01-01", tz="UTC")
_MONTHS = 12


def month_folder(folder: Path, month: int) -> Path:
    """The folder of what was known at the end of a month, from 1."""
    return folder / f"month_{month:02}"


def month_end(month: int) -> pd.Timestamp:
    """The first moment after a month, from 1."""
    return _YEAR + pd.DateOffset(months=month)


def write_months(market: SimulatedMarket, folder: Path, months: int = _MONTHS) -> None:
    """Writes the tables as they were at the end of each month, as Parquet; existing ones stay.

    Args:
        market: whose year it is.
        folder: gets `month_01` and so on.
        months: number of them.
    """
    tables = dict(market.load().items())
    for month in range(1, months + 1):
        target = month_folder(folder, month)
        if target.exists():
            continue
        target.mkdir(parents=True)
        for name, table in tables.items():
            if columns.TIMESTAMP in table:
                when = table[columns.TIMESTAMP]
                table = table[when.isna() | (when < month_end(month))]
            table.to_parquet(target / f"{name}.parquet", index=False)


def spoil(folder: Path, month: int, kind: str) -> Path:
    """Copies a month with a fault in its newest events and returns the copy.

    Args:
        folder: of the months.
        month: from 1.
        kind: "half_lost", every other event is missing; "swapped", value and duration are.
    """
    target = folder / f"month_{month:02}_{kind}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(month_folder(folder, month), target)
    path = target / "interactions.parquet"
    events = pd.read_parquet(path)
    is_new = events[columns.TIMESTAMP] >= month_end(month - 1)
    if kind == HALF_LOST:
        events = events[~is_new | (events.index % 2 == 0)]
    else:
        pair = [columns.VALUE, columns.DURATION]
        events.loc[is_new, pair] = events.loc[is_new, pair[::-1]].to_numpy()
    events.to_parquet(path, index=False)
    return target
