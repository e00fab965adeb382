"""Features of decisions for a reward model, from a table by decision or by customer."""

from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.cells import CellError, bad_cell, first_true, listed, read_numbers
from recsys.data.codes import read_ids
from recsys.errors import InputError
from recsys.reports.off_policy.decision_log import read_table


def read_features(path: Path, decisions: pd.DataFrame) -> FloatArray:
    """[N, D] the numbers of each decision, scaled to a variance of 1.

    Args:
        path: a Parquet or CSV file with decision_id or customer_id; all other columns are numbers
            that were known at the time of the decision.
        decisions: [N] the log.

    Raises:
        InputError: a cell is no number, or a decision has no row.
    """
    table = read_table("features", path, "customers")
    keys = [key for key in (columns.DECISION, columns.CUSTOMER) if key in table]
    if not keys:
        raise InputError(
            f"features={path}: expected column '{columns.DECISION}' or '{columns.CUSTOMER}', got "
            f"{listed(table.columns)}"
        )
    key = keys[0]
    names = [str(name) for name in table if name not in keys]
    if not names:
        raise InputError(f"features={path}: expected columns with numbers beside '{key}'")
    read = {key: _read(table[key], key)}
    for name in names:
        read[name] = _read(table[name], name)
    checked = pd.DataFrame(read)
    repeated = checked[key].duplicated()
    if repeated.any():
        row = first_true(repeated)
        raise bad_cell("features", row, key, "each id once", checked[key].iloc[row], "keep one row")
    joined = checked.set_index(key)[names].reindex(decisions[key])
    gaps = joined.isna().any(axis=1).reset_index(drop=True)
    if gaps.any():
        absent = decisions[key].iloc[first_true(gaps)]
        raise InputError(
            f"features={path}: expected numbers for every {key}, got none for {absent}"
        )
    values = joined.to_numpy(np.float64)
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _read(column: pd.Series, name: str) -> pd.Series:
    reader = read_ids if name in (columns.DECISION, columns.CUSTOMER) else read_numbers
    try:
        return reader(column)
    except CellError as error:
        raise bad_cell(
            "features", error.row, name, error.expected, error.got, error.remedy
        ) from None
