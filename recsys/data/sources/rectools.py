"""Frames of RecTools in files: `interactions`, and `user_features` and `item_features`.

Cut-offs: those you set; without, where 80 % and 90 % of the interactions have passed. Seen products
leave the list.
The files are named after the arguments of `rectools.dataset.Dataset.construct`, as Parquet or CSV.
Of interactions user_id, item_id, weight and datetime are read, and columns of `data.rename`.
Features are long, a row for each id, feature and value, or wide, a column for each. A long feature
that has several values for an id becomes a flag for each of them, or a text where there are more
than 64 distinct ones; a feature whose values are all numbers stays one, any other is a text.
Odd: RecTools gives a weight to every interaction and needs a time; where its users had none, it is
1, or random: its guide allows an invented time, after which no split by time means anything. Times
without a zone are UTC here.
"""

from collections.abc import Mapping
from typing import ClassVar, Unpack

import pandas as pd
import pyarrow as pa

from recsys.data import columns
from recsys.data.sources.epochs import TimeUnit
from recsys.data.sources.library_frames import LibraryFrames
from recsys.data.sources.own_tables import Meaning, Renames
from recsys.data.sources.several_values import spread
from recsys.errors import InputError

_FEATURE, _VALUE = "feature", "value"


class RecTools(LibraryFrames):
    """Interactions and features of users and items.

    Args:
        root: folder with `interactions.parquet` or `.csv`, and the features where there are any.
        time_unit: in which times that are numbers count since 1970: "s" or "ms".
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Raises:
        InputError: an argument is wrong, or there are no interactions.
    """

    files: ClassVar[Mapping[str, str]] = {
        "interactions": "interactions", "customers": "user_features", "products": "item_features",
    }  # fmt: skip
    usual: ClassVar[Renames] = {
        "interactions": {
            "user_id": columns.CUSTOMER, "item_id": columns.PRODUCT,
            "weight": columns.WEIGHT, "datetime": columns.TIMESTAMP,
        },
        "customers": {"id": columns.CUSTOMER, "user_id": columns.CUSTOMER},
        "products": {"id": columns.PRODUCT, "item_id": columns.PRODUCT},
    }  # fmt: skip

    def __init__(self, *, root: str, time_unit: TimeUnit = "s", **meaning: Unpack[Meaning]) -> None:
        super().__init__(root, time_unit, meaning)

    def features(self, table: str, frame: pd.DataFrame, origin: str) -> pd.DataFrame:
        """Long features as wide ones; wide ones as they are."""
        key = columns.CUSTOMER if table == "customers" else columns.PRODUCT
        if not {_FEATURE, _VALUE} <= set(frame.columns):
            return frame
        if surplus := set(frame.columns) - {key, _FEATURE, _VALUE}:
            raise InputError(
                f"{origin}: expected id, feature and value, got also {sorted(surplus)[0]}; drop it"
            )
        long = frame.drop_duplicates()
        wide = pd.DataFrame({key: long[key].drop_duplicates()})
        made = [
            _column(str(feature), rows.set_index(key)[_VALUE], wide[key], origin)
            for feature, rows in long.groupby(_FEATURE, sort=True)
        ]
        return pd.concat([wide.reset_index(drop=True), *made], axis=1)


def _column(feature: str, values: pd.Series, ids: pd.Series, origin: str) -> pd.DataFrame:
    """A feature as a column, or as several where an id has several values.

    Args:
        feature: its name.
        values: by id.
        ids: [n] of the rows.
        origin: the file, for an error.
    """
    if not values.index.has_duplicates:
        column = values.reindex(ids).reset_index(drop=True)
        if pd.to_numeric(column, errors="coerce").isna().equals(column.isna()):
            return pd.DataFrame({feature: column})
        # Categories are never taken for numbers or dates.
        return pd.DataFrame({feature: column.astype("str").astype("category")})
    texts = values.dropna().astype("str").groupby(level=0).agg(list).reindex(ids)
    cells = [cell if isinstance(cell, list) else [] for cell in texts]
    return spread(feature, pa.array(cells, pa.list_(pa.string())), origin)
