"""`read_seeds`: a list of customers in a file, who are known and what is known of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.customers.similar.list_file import read_list
from recsys.customers.similar.vectors import CustomerVectors
from recsys.data import columns
from recsys.data.cells import CellError, bad_cell
from recsys.data.codes import read_ids
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.data.moments import read_moments
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Seeds:
    """A list of customers against those with vectors.

    Attributes:
        listed: different ids of the list.
        unknown: of them, ids that the data do not have.
        without_events: known ids without an event that could be compared.
        dated_before: those dated before the cut-off, whose vectors may know what they were listed
            for; None where the list has no dates.
        is_seed: [n] whether a customer with a vector is listed.
    """

    listed: int
    unknown: int
    without_events: int
    dated_before: int | None
    is_seed: BoolArray


def read_seeds(path: Path) -> pd.DataFrame:
    """A list of customers: `customer_id`, and `timestamp` where the file has it.

    Args:
        path: of a .csv or .parquet file; other columns are not read.

    Raises:
        InputError: there is no such file, it cannot be read, lacks customer_id or has no row, or a
            cell is wrong.
    """
    table = read_list("seeds", path, (columns.CUSTOMER,))
    column = columns.CUSTOMER
    try:
        made = {column: read_ids(table[column])}
        if columns.TIMESTAMP in table:
            column = columns.TIMESTAMP
            made[column] = read_moments(table[column])
    except CellError as error:
        raise bad_cell(
            "seeds", error.row, column, error.expected, error.got, error.remedy
        ) from None
    seeds = pd.DataFrame(made).dropna(subset=[columns.CUSTOMER])
    if seeds.empty:
        raise InputError(f"seeds={path}: expected a row for each customer of the list, got none")
    return seeds


def known_seeds(seeds: pd.DataFrame, data: Dataset, vectors: CustomerVectors) -> Seeds:
    """Finds the customers of a list.

    Args:
        seeds: of `read_seeds`.
        data: up to the cut-off.
        vectors: of its customers.

    Raises:
        InputError: the data know none of them.
    """
    first = seeds.drop_duplicates(columns.CUSTOMER)
    rows = data.customers.rows(first[columns.CUSTOMER])
    if not (rows >= 0).any():
        raise InputError(
            f"seeds: expected ids among the {len(data.customers):,} customers of data={data.name}, "
            f"which are such as {data.customers.ids[0]}, got {first[columns.CUSTOMER].iloc[0]} and "
            f"{len(first) - 1:,} others, none of them known"
        )
    listed = np.zeros(len(data.customers), dtype=bool)
    listed[rows[rows >= 0]] = True
    is_seed = listed[vectors.customers]
    return Seeds(
        listed=len(first),
        unknown=int((rows < 0).sum()),
        without_events=int(listed.sum() - is_seed.sum()),
        dated_before=_dated_before(first, rows, data),
        is_seed=is_seed,
    )


def _dated_before(seeds: pd.DataFrame, rows: IntArray, data: Dataset) -> int | None:
    if columns.TIMESTAMP not in seeds or data.clock != "timestamp" or data.as_of is None:
        return None
    before = seeds[columns.TIMESTAMP] < timestamp(data.as_of)
    return int((before.to_numpy(bool) & (rows >= 0)).sum())
