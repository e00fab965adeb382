"""`Vocabulary`: from ids to row numbers and back."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import pandas as pd

from recsys.arrays import IdArray, IntArray
from recsys.data.categories import codes_of, distinct, gathered, is_coded
from recsys.errors import InputError
from recsys.ops.whole_numbers import parse_whole_number


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The ids of customers, products or touchpoints; the position of an id is its row number.

    Attributes:
        kind: what the ids name, for messages: "customer", "product", "touchpoint".
        ids: [n] outside ids, distinct; int64 or objects of type str.
    """

    kind: str
    ids: IdArray
    _index: pd.Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", pd.Index(self.ids))

    @classmethod
    def build(
        cls, kind: str, columns: Iterable[pd.Series], generator: np.random.Generator | None = None
    ) -> "Vocabulary":
        """The distinct ids of several columns, without nulls.

        Args:
            kind: what the ids name, for messages.
            columns: of ids.
            generator: shuffles the ids, because in some data sets the row number leaks the time of
                an event; None sorts them.
        """
        found = [normalise_ids(distinct(column)) for column in columns]
        joined = pd.concat(found, ignore_index=True) if found else pd.Series(dtype="int64")
        unique = normalise_ids(joined).drop_duplicates().sort_values()
        # A copy, because pandas hands out its own arrays read-only.
        ids = unique.to_numpy(dtype=object if unique.dtype != np.int64 else np.int64, copy=True)
        return cls(kind, ids if generator is None else generator.permutation(ids))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: pd.Series | IdArray) -> IntArray:
        """Row numbers [n] int32 of ids [n]; -1 for null or unknown ids."""
        if isinstance(ids, pd.Series) and is_coded(ids):
            return gathered(self.rows_of_categories(ids), codes_of(ids))
        keys = normalise_ids(pd.Series(ids))
        if self.ids.dtype != np.int64 and pd.api.types.is_integer_dtype(keys.dtype):
            # Another table has ids as texts, so 7 here means "7".
            keys = keys.astype(object).map(str, na_action="ignore")
        return self._index.get_indexer(pd.Index(keys)).astype(np.int32)

    def rows_of_categories(self, ids: pd.Series) -> IntArray:
        """Row numbers [k + 1] int32 of the categories of ids [n]; -1 last, for the code of null."""
        return np.append(self.rows(pd.Series(ids.cat.categories)), np.int32(-1))

    def row(self, outside_id: str | int) -> int:
        """Row number of a single id, as typed by a person: the text "7" finds the number 7.

        Raises:
            InputError: the id is not known; names the nearest ones.
        """
        row = int(self._index.get_indexer(pd.Index([self._key(str(outside_id))]))[0])
        if row < 0:
            ids = map(str, self.ids[:100_000])
            near = get_close_matches(str(outside_id), ids, n=3, cutoff=0.75)
            hint = f"; the nearest are {', '.join(near)}" if near else ""
            raise InputError(
                f"{self.kind} id '{outside_id}' is not among the {len(self):,} {self.kind} ids"
                f"{hint}"
            )
        return row

    def _key(self, text: str) -> str | int:
        if self.ids.dtype != np.int64:
            return text
        number = parse_whole_number(text)
        return text if number is None else number


def normalise_ids(ids: pd.Series) -> pd.Series:
    """Whole-number ids as int64 (Int64 where some are null), all others (texts, UUIDs) as str."""
    # A column of integers with gaps comes as float or as object: 7.0 is the id 7.
    is_whole = (
        pd.api.types.is_integer_dtype(ids.dtype)
        or pd.api.types.is_float_dtype(ids.dtype)
        or (ids.dtype == object and pd.api.types.infer_dtype(ids, skipna=True) == "integer")
    )
    if is_whole:
        return ids.astype("Int64" if ids.hasnans else "int64")
    if isinstance(ids.dtype, pd.StringDtype):
        return ids
    return ids.astype(object).map(str, na_action="ignore")
