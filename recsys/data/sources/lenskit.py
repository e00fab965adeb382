"""Data sets that LensKit 2025 or later has saved: a folder with `schema.json` and Parquet files.

Cut-offs: those you set; without, where 80 % and 90 % of the interactions have passed. Seen products
leave the list, as in LensKit.
Of the interactions the attributes rating (as `value`), count (as `weight`) and timestamp are read,
and those of `data.rename`. Users and items keep their attributes as features: a list of at most 64
distinct texts is a flag for each, a vector a number for each position; sparse vectors are left out.
Odd: the files of interactions hold row numbers of users and items, not ids. Times without a zone
are UTC. `Dataset.save` empties a folder that is there already.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Unpack

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.categories import plain
from recsys.data.cells import FILL, FIX, bad_cell, first_true, listed
from recsys.data.kinds import Kind, kind_of
from recsys.data.sources.epochs import TimeUnit
from recsys.data.sources.feature_tables import header, read_feature_table
from recsys.data.sources.folder import data_folder
from recsys.data.sources.library_tables import LibraryTables
from recsys.data.sources.own_tables import Meaning, ReadTable, Renames
from recsys.data.sources.parquet import read_columns
from recsys.data.sources.parquet_stream import schema_of, stream_parts
from recsys.errors import InputError

_ENTITIES = {"customers": "user", "products": "item"}
_IDS = {columns.CUSTOMER: "user", columns.PRODUCT: "item"}


class LensKit(LibraryTables):
    """The interactions, users and items of a saved data set.

    Args:
        root: the folder that `lenskit.data.Dataset.save` wrote.
        interaction: the class of interactions; by default the one that LensKit takes by default.
        time_unit: in which times that are numbers count since 1970: "s" or "ms".
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Raises:
        InputError: an argument is wrong, or the folder has no such data set.
    """

    usual: ClassVar[Renames] = {
        "interactions": {
            "user_num": columns.CUSTOMER, "item_num": columns.PRODUCT,
            "timestamp": columns.TIMESTAMP, "rating": columns.VALUE, "count": columns.WEIGHT,
        },
        "customers": {"user_id": columns.CUSTOMER},
        "products": {"item_id": columns.PRODUCT},
    }  # fmt: skip

    def __init__(
        self,
        *,
        root: str,
        interaction: str | None = None,
        time_unit: TimeUnit = "s",
        **meaning: Unpack[Meaning],
    ) -> None:
        self.folder = data_folder(root, ("schema.json",))
        described = self._described()
        self._interaction = interaction or _default(described)
        _require_class(described, self._interaction)
        files = [f"{name}.parquet" for name in (*_ENTITIES.values(), self._interaction)]
        data_folder(root, files)
        super().__init__(described.get("name") or self.folder.resolve().name, time_unit, meaning)

    @contextmanager
    def reader(self) -> Iterator[ReadTable]:
        """Reads each table from its file."""
        yield self._read

    def origin_of(self, table: str) -> str:
        """The name of the table's file."""
        return f"{_ENTITIES.get(table, self._interaction)}.parquet"

    def _described(self) -> Mapping[str, Any]:
        try:
            described = json.loads((self.folder / "schema.json").read_text(encoding="utf8"))
        except (OSError, ValueError) as error:
            raise InputError(f"schema.json cannot be read: {error}; save it again") from None
        relations = described.get("relationships") if isinstance(described, dict) else None
        if not isinstance(relations, dict) or not isinstance(described.get("entities"), dict):
            raise InputError(
                "schema.json: expected keys entities and relationships, as LensKit writes them"
            )
        return dict(described)

    def _read(self, table: str) -> pd.DataFrame | None:
        origin = self.origin_of(table)
        if table == "interactions":
            return self._interactions(origin)
        if table not in _ENTITIES:
            return None
        path = self.folder / origin
        return read_feature_table(path, self.names(table, header(path), origin))

    def _interactions(self, origin: str) -> pd.DataFrame:
        path = self.folder / origin
        types = header(path)
        names = self.names("interactions", types, origin)
        schema = schema_of(path, path, list(names))

        def kind(name: str) -> Kind:
            return "number" if names[name] in _IDS else kind_of("interactions", names[name])

        frame = stream_parts(path, [path], schema, kind, self.memory).rename(columns=names)
        for column, entity in _IDS.items():
            ids = read_columns(self.folder / f"{entity}.parquet", [f"{entity}_id"]).iloc[:, 0]
            frame[column] = _named(frame[column], ids, entity, origin)
        return self.timed(frame, origin)


def _named(numbers: pd.Series, ids: pd.Series, entity: str, origin: str) -> pd.Series:
    """Row numbers [n] of ids as categories of these."""
    if (repeated := ids.duplicated()).any():
        row = first_true(repeated)
        raise bad_cell(f"{entity}.parquet", row, f"{entity}_id", "each id once", ids.iloc[row], FIX)
    if (is_empty := ids.isna()).any():
        row = first_true(is_empty)
        raise bad_cell(f"{entity}.parquet", row, f"{entity}_id", "an id", None, FILL)
    rows = pd.to_numeric(plain(numbers), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    is_row = (rows >= 0) & (rows < len(ids)) & (rows == np.floor(rows))
    if not is_row.all():
        row = int(is_row.argmin())
        raise bad_cell(
            origin, row, f"{entity}_num", f"a row number of {entity}.parquet, 0 to {len(ids) - 1}",
            numbers.iloc[row], "save the data set again",
        )  # fmt: skip
    return pd.Series(pd.Categorical.from_codes(rows.astype(np.int64), pd.Index(ids)))


def _default(described: Mapping[str, Any]) -> str:
    named = described.get("default_interaction")
    classes = [
        name
        for name, relation in described["relationships"].items()
        if isinstance(relation, dict) and relation.get("interaction")
    ]
    if named is None and len(classes) != 1:
        raise InputError(
            f"schema.json: expected a default_interaction, got none, and {len(classes)} classes of "
            f"interactions ({listed(classes) or 'none'}); set data.interaction=NAME"
        )
    return str(named or classes[0])


def _require_class(described: Mapping[str, Any], name: str) -> None:
    relations = described["relationships"]
    # The name becomes that of a file.
    if name not in relations or not re.fullmatch(r"\w+", name):
        raise InputError(
            f"data.interaction={name}: expected one of {listed(relations) or 'none'}, as "
            "schema.json lists them"
        )
    entities = relations[name].get("entities") if isinstance(relations[name], dict) else None
    if not isinstance(entities, dict) or not {"user", "item"} <= set(entities):
        raise InputError(
            f"schema.json: expected that {name} joins user and item, got "
            f"{listed(entities or ()) or 'nothing'}; save the data set with these names"
        )
