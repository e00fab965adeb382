"""Loads the tables of a folder by Spark: what comes back is coded, checked and in memory.

On Spark: reading, the distinct values of each column of ids, joining them to codes, the checks of
cells, and sums of events. Here: whether values are ids and which (from the distinct ones), side
tables, and all that follows a load, so that no rule exists twice.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.data import columns
from recsys.data.faults.fault import refuse
from recsys.data.faults.header import header_faults
from recsys.data.source import Cutoffs
from recsys.data.sources.own_tables import TABLES, ReadTable, Renames, renamed
from recsys.data.sources.spark.checked_rows import (
    FAULT,
    checked_rows,
    is_in_dictionary,
    refuse_faults,
)
from recsys.data.sources.spark.dictionary import Dictionary, dictionary_of
from recsys.data.sources.spark.folder import (
    FILE,
    ROW,
    SparkFolder,
    collected,
    in_order,
    with_places,
)
from recsys.data.sources.spark.summed import require_windows, summed_events
from recsys.errors import InputError


def load_in_spark(
    folder: SparkFolder,
    side: ReadTable,
    rename: Renames,
    cutoffs: Cutoffs | None,
    sum_events: bool,
) -> dict[str, pd.DataFrame | None]:
    """The tables of a folder by name, with renamed columns.

    Args:
        folder: where they lie.
        side: reads a side table into memory.
        rename: table -> column of the file -> name of the library.
        cutoffs: of the data, which sums need.
        sum_events: whether events are summed, see `recsys.data.sources.spark.summed`.

    Raises:
        InputError: there are no interactions, or a cell of them is wrong.
    """
    frames = {
        name: renamed(name, side(name), rename, name) for name in TABLES if name != "interactions"
    }
    events = folder.table("interactions")
    if events is None:
        raise InputError(
            f"data.root={folder.root}: expected interactions.parquet or a folder interactions/ of "
            "Parquet parts, which engine=spark reads, got neither"
        )
    return {**frames, "interactions": _interactions(folder, events, rename, cutoffs, sum_events)}


def _interactions(
    folder: SparkFolder, events: Any, rename: Renames,
    cutoffs: Cutoffs | None, sum_events: bool,
) -> pd.DataFrame:  # fmt: skip
    header = renamed("interactions", pd.DataFrame(columns=events.columns), rename, "the table")
    dropped = {name for name, kind in folder.partitions.items() if kind == "ignore"}
    kept = [name for name in header.columns if name not in dropped]
    refuse(header_faults("interactions", pd.DataFrame(columns=kept, index=[0])))
    if sum_events:
        require_windows(kept, cutoffs)
        kept = [name for name in kept if name != columns.SESSION]
    has_clock = bool({columns.TIMESTAMP, columns.ORDER} & set(kept))
    table = with_places(events).withColumnsRenamed(dict(rename.get("interactions", {})))
    coded, dictionaries = table.select(*kept, FILE, ROW), {}
    for name in filter(is_in_dictionary, kept):
        dictionaries[name] = dictionary_of(table, name, folder.root)
        coded = dictionaries[name].coded(coded)
    plain = coded.drop(FILE, ROW) if has_clock else coded
    rows = checked_rows(plain, kept, folder.partitions)
    if sum_events:
        assert cutoffs is not None
        rows = summed_events(rows, cutoffs)
    found = collected(rows, "interactions", folder.root)
    refuse_faults(found, coded, kept, folder.partitions, folder.root)
    # Without a clock the order of the rows stands for time.
    return _frame(found if has_clock else in_order(found), dictionaries)


def _frame(rows: pa.Table, dictionaries: Mapping[str, Dictionary]) -> pd.DataFrame:
    cells: dict[str, pd.Series] = {}
    for name in rows.column_names:
        if name in (FAULT, FILE, ROW):
            continue
        column = rows[name].to_pandas()
        if name in dictionaries:
            column = dictionaries[name].decoded(column.to_numpy(np.int32))
        elif name == columns.ACTION:
            column = pd.Series(
                pd.Categorical.from_codes(column, pd.Index(columns.ACTIONS, dtype="str"))
            )
        cells[name] = column
    return pd.DataFrame(cells)
