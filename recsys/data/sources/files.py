"""Your own tables: Parquet or CSV, one file (or a folder of Parquet parts) a table.

Cut-offs: those you give. Seen products are masked unless you say `data.masks_seen=false`.
Odd: whatever your tables hold; `recsys.data.schema` says what is expected of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from recsys.data import columns
from recsys.data.moments import parse_moment
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.tables import Tables
from recsys.errors import InputError

_IDS = (columns.CUSTOMER, columns.PRODUCT, columns.OFFER, columns.ID_A, columns.ID_B)
_TABLES = tuple(field.name for field in fields(Tables))


class Files:
    """Reads `interactions.parquet` (or `.csv`, or `interactions/*.parquet`) and the other tables.

    Args:
        root: the folder.
        rename: per table, their column name to ours: `{interactions: {user: customer_id}}`.
        targets: the actions that make a product relevant.
        masks_seen: whether products already had leave the ranking.
        valid_from, test_from: cut-offs, a time or a position; both or neither.
        name: what runs are called in comparisons; by default the folder's name.
    """

    version: str = "1"

    def __init__(
        self,
        *,
        root: str,
        rename: Mapping[str, Mapping[str, str]] | None = None,
        targets: Sequence[str] = ("accept", "purchase"),
        masks_seen: bool = True,
        valid_from: str | int | None = None,
        test_from: str | int | None = None,
        name: str | None = None,
    ) -> None:
        self.folder = data_folder(root, ())
        self.rename = rename or {}
        self.targets = tuple(targets)
        self.masks_seen = masks_seen
        self.name = name or self.folder.resolve().name
        self.cutoffs = _cutoffs(valid_from, test_from)
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
        return Tables(**found)

    def _read(self, table: str) -> pd.DataFrame | None:
        path = next(
            (path for path in (self.folder / f"{table}.parquet", self.folder / f"{table}.csv",
                               self.folder / table) if path.exists()), None,
        )  # fmt: skip
        if path is None:
            return None
        try:
            frame = self._read_csv(path, table) if path.suffix == ".csv" else pd.read_parquet(path)
        except InputError:
            raise
        except UnicodeDecodeError:
            raise InputError(
                f"{table}: {path.name} cannot be read: it is not UTF-8; save it as UTF-8"
            ) from None
        except (ValueError, OSError, pa.ArrowException) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise InputError(f"{table}: {path.name} cannot be read: {reason}") from None
        mapping = self.rename.get(table, {})
        unknown = sorted(set(mapping) - set(frame.columns))
        if unknown:
            raise InputError(
                f"{table}: data.rename.{table} names column '{unknown[0]}', which {path.name} does "
                f"not have; it has {', '.join(map(str, frame.columns))}"
            )
        return frame.rename(columns=dict(mapping))

    def _read_csv(self, path: Path, table: str) -> pd.DataFrame:
        header = pd.read_csv(path, nrows=0).columns
        if len(header) == 1 and ";" in header[0]:
            raise InputError(f"{table}: {path.name} is separated by ';'; save it with commas")
        mapping = self.rename.get(table, {})
        ids = [column for column in header if mapping.get(column, column) in _IDS]
        frame = pd.read_csv(path, dtype=dict.fromkeys(ids, "str"))
        for column in ids:
            written = frame[column].dropna()
            # 007 is not 7: only what reads back as it was written becomes a number.
            if len(written) and written.str.fullmatch(r"0|-?[1-9]\d{0,17}").all():
                frame[column] = frame[column].astype(
                    "Int64" if len(written) < len(frame) else "int64"
                )
        return frame


def _cutoffs(valid_from: str | int | None, test_from: str | int | None) -> Cutoffs | None:
    if (valid_from is None) != (test_from is None):
        raise InputError("data.valid_from and data.test_from go together; set both or neither")
    if valid_from is None or test_from is None:
        return None
    return Cutoffs(valid_from=_cutoff(valid_from), test_from=_cutoff(test_from))


def _cutoff(value: str | int) -> pd.Timestamp | int:
    return value if isinstance(value, int) else parse_moment(value, "data cut-off")


def _check_names(rename: Mapping[str, Mapping[str, str]], targets: tuple[str, ...]) -> None:
    for table in rename:
        if table not in _TABLES:
            raise InputError(f"data.rename: no table '{table}'; tables are {', '.join(_TABLES)}")
    for action in targets:
        if action not in columns.ACTIONS:
            raise InputError(
                f"data.targets: no action '{action}'; actions are {', '.join(columns.ACTIONS)}"
            )
