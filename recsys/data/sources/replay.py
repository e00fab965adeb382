"""Data sets of RePlay: a folder that `Dataset.save` wrote, or frames with RePlay's column names.

Cut-offs: those you set; without, where 80 % and 90 % of the interactions have passed. Seen products
leave the list.
A saved folder (`NAME.replay`) has `interactions.parquet`, maybe `query_features.parquet` and
`item_features.parquet`, and `init_args.json`, which says what the columns are: the query id, the
item id, the rating (as `value`) and the timestamp are read, and columns of `data.rename`. Without
`init_args.json` the columns are query_id or user_id, item_id, rating and timestamp, and the files
may be CSV. A list of at most 64 distinct texts is a flag for each.
Odd: `Dataset.save` replaces what follows the last dot of a name: `clicks.2025-01` and
`clicks.2025-02` both become `clicks.replay`, and the later one stays. Ids may be numbers that an
encoder gave (`categorical_encoded`). A column idx is what Spark numbered the rows with.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

import pandas as pd

from recsys.data import columns
from recsys.data.sources.epochs import TimeUnit
from recsys.data.sources.library_frames import LibraryFrames
from recsys.data.sources.library_tables import REQUIRED
from recsys.data.sources.own_tables import Meaning, Renames
from recsys.errors import InputError

_HINTS = {
    "QUERY_ID": columns.CUSTOMER, "ITEM_ID": columns.PRODUCT,
    "RATING": columns.VALUE, "TIMESTAMP": columns.TIMESTAMP,
}  # fmt: skip
_SETTINGS = "init_args.json"
_ROW_NUMBER = "idx"


class RePlay(LibraryFrames):
    """Interactions and features of queries, which are customers, and items.

    Args:
        root: the folder.
        time_unit: in which times that are numbers count since 1970: "s" or "ms".
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Raises:
        InputError: an argument or `init_args.json` is wrong, or there are no interactions.
    """

    files: ClassVar[Mapping[str, str]] = {
        "interactions": "interactions", "customers": "query_features", "products": "item_features",
    }  # fmt: skip
    usual: ClassVar[Renames] = {
        "interactions": {
            "query_id": columns.CUSTOMER, "user_id": columns.CUSTOMER, "item_id": columns.PRODUCT,
            "rating": columns.VALUE, "timestamp": columns.TIMESTAMP,
        },
        "customers": {"query_id": columns.CUSTOMER, "user_id": columns.CUSTOMER},
        "products": {"item_id": columns.PRODUCT},
    }  # fmt: skip

    def __init__(self, *, root: str, time_unit: TimeUnit = "s", **meaning: Unpack[Meaning]) -> None:
        super().__init__(root, time_unit, meaning)
        if (self.folder / _SETTINGS).exists():
            self.usual = _usual(self._described())  # type: ignore[misc]

    def features(self, table: str, frame: pd.DataFrame, origin: str) -> pd.DataFrame:
        """As they are, without the numbers of rows."""
        return frame.drop(columns=_ROW_NUMBER, errors="ignore")

    def _described(self) -> list[dict[str, Any]]:
        try:
            described = json.loads((self.folder / _SETTINGS).read_text(encoding="utf8"))
            features = described["init_args"]["feature_schema"]
            return [{**feature, "column": str(feature["column"])} for feature in features]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{_SETTINGS}: expected what RePlay's Dataset.save writes, got {error!r}; save it "
                "again, or remove the file if the columns have RePlay's usual names"
            ) from None


def _usual(features: list[dict[str, Any]]) -> Renames:
    hinted = {
        feature["column"]: _HINTS[hint]
        for feature in features
        if (hint := str(feature.get("feature_hint"))) in _HINTS
    }
    if {columns.CUSTOMER, columns.PRODUCT} - set(hinted.values()):
        raise InputError(
            f"{_SETTINGS}: expected columns with the hints QUERY_ID and ITEM_ID, got "
            f"{', '.join(hinted) or 'none'}; save the data set again"
        )
    ids = {theirs: ours for theirs, ours in hinted.items() if ours in REQUIRED}
    return {
        "interactions": hinted,
        "customers": {theirs: ours for theirs, ours in ids.items() if ours == columns.CUSTOMER},
        "products": {theirs: ours for theirs, ours in ids.items() if ours == columns.PRODUCT},
    }
