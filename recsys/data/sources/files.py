"""Your own tables: Parquet or CSV, one file (or a folder of Parquet parts) a table.

Cut-offs: those you give. Seen products are masked unless you say `data.filter_seen=false`.
Odd: whatever your tables hold; `recsys.data.schema` says what is expected of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from recsys.data.cells import listed
from recsys.data.frames import require_targets
from recsys.data.kinds import kind_of
from recsys.data.moments import parse_moment
from recsys.data.plausible import end_of
from recsys.data.source import Cutoffs
from recsys.data.sources.csv_file import read_csv
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_parquet
from recsys.data.tables import EndingTables, Tables
from recsys.errors import InputError

_TABLES = tuple(field.name for field in fields(Tables))


class Files:
    """Reads `interactions.parquet` (or `.csv`, or `interactions/*.parquet`) and the other tables.

    Args:
        root: the folder.
        rename: per table, their column name to ours: `{interactions: {user: customer_id}}`.
        targets: the actions that make a product relevant.
        filter_seen: whether products already had leave the ranking.
        valid_from, test_from: cut-offs, a time or a position; both or neither.
        name: what runs are called in comparisons; by default the folder's name.
        ends: the last day or moment of the data, after which no event, link, decision or row of
            customers may be dated; by default now, and a day for time zones.
    """

    version: str = "1"

    def __init__(
        self,
        *,
        root: str,
        rename: Mapping[str, Mapping[str, str]] | None = None,
        targets: Sequence[str] = ("accept", "purchase"),
        filter_seen: bool = True,
        valid_from: str | int | None = None,
        test_from: str | int | None = None,
        name: str | None = None,
        ends: str | None = None,
    ) -> None:
        self.folder = data_folder(root, ())
        self.rename = rename or {}
        self.targets = tuple(targets)
        self.filter_seen = filter_seen
        self.name = name or self.folder.resolve().name
        self.cutoffs = _cutoffs(valid_from, test_from)
        self.ends = None if ends is None else end_of(parse_moment(ends, "data.ends"))
        _check_names(self.rename, self.targets)

    def load(self) -> Tables:
        """The tables found, columns renamed; `interactions` has to be among them."""
        found: dict[str, Any] = {table: self._read(table) for table in _TABLES}
        if found["interactions"] is None:
            held = ", ".join(sorted(path.name for path in self.folder.iterdir())[:8]) or "nothing"
            raise InputError(
                f"data.root={self.folder}: expected interactions.parquet, interactions.csv or a "
                f"folder interactions/ of Parquet parts; the folder holds {held}"
            )
        return EndingTables(**found, ends=self.ends)

    def _read(self, table: str) -> pd.DataFrame | None:
        names = (f"{table}.parquet", f"{table}.csv", table)
        found = [self.folder / name for name in names if (self.folder / name).exists()]
        if not found:
            return None
        if len(found) > 1:
            raise InputError(
                f"{table}: expected one file, got {' and '.join(path.name for path in found)} in "
                f"{self.folder}; take one away"
            )
        path = found[0]
        mapping = self.rename.get(table, {})
        try:
            if path.suffix == ".csv":
                frame = read_csv(path, lambda name: kind_of(table, mapping.get(name, name)))
            else:
                frame = read_parquet(path)
        except InputError as error:
            raise InputError(f"{table}: {error}") from None
        unknown = sorted(set(mapping) - set(frame.columns))
        if unknown:
            raise InputError(
                f"{table}: data.rename.{table} names column '{unknown[0]}', which {path.name} does "
                f"not have; it has {listed(frame.columns)}"
            )
        return frame.rename(columns=dict(mapping))


def _cutoffs(valid_from: str | int | None, test_from: str | int | None) -> Cutoffs | None:
    if (valid_from is None) != (test_from is None):
        raise InputError("data.valid_from and data.test_from go together; set both or neither")
    if valid_from is None or test_from is None:
        return None
    return Cutoffs(
        valid_from=_cutoff("valid_from", valid_from), test_from=_cutoff("test_from", test_from)
    )


def _cutoff(name: str, value: str | int) -> pd.Timestamp | int:
    return value if isinstance(value, int) else parse_moment(value, f"data.{name}")


def _check_names(rename: Mapping[str, Mapping[str, str]], targets: tuple[str, ...]) -> None:
    for table in rename:
        if table not in _TABLES:
            raise InputError(f"data.rename: no table '{table}'; tables are {', '.join(_TABLES)}")
    require_targets(targets)
