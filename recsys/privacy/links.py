"""Ids that belong to one person, by the tables of links that lie below some folders."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data import columns
from recsys.data.identity import IdentityRules, linked_groups, used_links
from recsys.privacy.person import Person
from recsys.privacy.places.all_places import places_below
from recsys.privacy.places.csv_rows import CSV, header_and_records
from recsys.privacy.places.parquet_rows import PARQUET

_PAIRS = (
    (columns.ID_A, columns.ID_B), (columns.RECORD, columns.CUSTOMER), (columns.RECORD, "person_id"),
)  # fmt: skip


def linked_ids(folders: Sequence[Path], ids: Iterable[str], rules: IdentityRules) -> set[str]:
    """The ids, and all that links join them to, directly or through others.

    As when a data set is made, groups of more than `rules.largest` ids are no person (a shared
    kiosk): of these only the ids themselves are returned.

    Args:
        folders: where tables of identities, records and persons lie, in Parquet or CSV.
        ids: of one person or of several.
        rules: which links count.
    """
    tables = [used_links(table, rules) for table in _tables(folders)]
    wanted = set(ids)
    if not tables:
        return wanted
    links = pd.concat(tables, ignore_index=True)[[columns.ID_A, columns.ID_B]].astype(str)
    known, group = linked_groups(links)
    size = np.bincount(group)
    of_wanted = np.unique(group[known.isin(sorted(wanted))])
    usable = of_wanted[size[of_wanted] <= rules.largest]
    return wanted | set(known[np.isin(group, usable)].astype(str))


def _tables(folders: Sequence[Path]) -> Iterator[pd.DataFrame]:
    """Pairs of ids, as columns id_a and id_b, with a confidence where the table has one."""
    for place, path in places_below(folders, Person(frozenset())):
        if place not in (PARQUET, CSV):
            continue
        try:
            yield from _pairs(path, place is PARQUET)
        except (pa.ArrowException, OSError, EOFError, UnicodeError, csv.Error):
            # Said where the file is to be changed.
            continue


def _pairs(path: Path, is_parquet: bool) -> Iterator[pd.DataFrame]:
    names = pq.read_schema(path).names if is_parquet else next(header_and_records(path), [])
    for a, b in _PAIRS:
        if a not in names or b not in names:
            continue
        wanted = [a, b, *([columns.CONFIDENCE] if columns.CONFIDENCE in names else [])]
        table = _read(path, wanted, names, is_parquet).dropna(subset=[a, b])
        yield table.rename(columns={a: columns.ID_A, b: columns.ID_B})


def _read(path: Path, wanted: list[str], names: list[str], is_parquet: bool) -> pd.DataFrame:
    if is_parquet:
        with pq.ParquetFile(path) as file:
            frame: pd.DataFrame = file.read(columns=wanted).to_pandas()
        return frame
    rows = iter(header_and_records(path))
    next(rows)
    at = [names.index(name) for name in wanted]
    cells = [[row[i] or None for i in at] for row in rows if len(row) == len(names)]
    frame = pd.DataFrame(cells, columns=wanted)
    if columns.CONFIDENCE in frame:
        frame[columns.CONFIDENCE] = pd.to_numeric(frame[columns.CONFIDENCE], errors="coerce")
    return frame
