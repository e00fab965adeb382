"""What holds for tables in the format of another library: RecBole, LensKit, RecTools, RePlay."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import pandas as pd
import pyarrow as pa

from recsys.data import columns
from recsys.data.categories import plain
from recsys.data.cells import FILL, CellError, bad_cell, first_true, listed
from recsys.data.moments import read_moments
from recsys.data.sources.epochs import TimeUnit, moments_since_1970, require_time_unit
from recsys.data.sources.own_tables import Meaning, OwnTables, Renames
from recsys.data.sources.shares import cutoffs_by_share
from recsys.data.tables import Tables
from recsys.errors import InputError

REQUIRED = (columns.CUSTOMER, columns.PRODUCT)


class LibraryTables(OwnTables):
    """Own tables whose columns have the names that a library gives them.

    Of interactions the columns are read that have a usual name, or one of `data.rename`; others are
    left out. Customers and products keep all, as features. Without `valid_from` and `test_from` the
    cut-offs are where 80 % and 90 % of the interactions have passed; they are known from `load` on.

    Args:
        name: what the data are called where `meaning` has no name.
        time_unit: in which times that are numbers count since 1970: "s" or "ms".
        meaning: see `recsys.data.sources.own_tables.Meaning`.

    Attributes:
        usual: table -> the library's column name -> name of this one.

    Raises:
        InputError: a setting is wrong.
    """

    usual: ClassVar[Renames]

    def __init__(self, name: str, time_unit: TimeUnit, meaning: Meaning) -> None:
        super().__init__(name, meaning)
        require_time_unit(time_unit)
        self.time_unit: TimeUnit = time_unit
        # Tables are read under their new names, because these say what is read and how.
        self._names, self.rename = self.rename, {}

    def load(self) -> Tables:
        """See `OwnTables.load`."""
        tables = super().load()
        when = tables.interactions.get(columns.TIMESTAMP)
        if self.cutoffs is None and when is not None and isinstance(when.dtype, pd.DatetimeTZDtype):
            self.cutoffs = cutoffs_by_share(when)
        return tables

    def names(self, table: str, header: Iterable[str], origin: str) -> dict[str, str]:
        """The columns of a table that are read -> their names here.

        Args:
            table: its name.
            header: the columns that it has.
            origin: its file, for the error.

        Raises:
            InputError: it lacks a column to rename, or one that the table needs.
        """
        header, own = list(header), dict(self._names.get(table, {}))
        if unknown := sorted(set(own) - set(header)):
            raise InputError(
                f"{table}: data.rename.{table} names column '{unknown[0]}', which {origin} does "
                f"not have; it has {listed(header)}"
            )
        names = own
        for theirs, ours in self.usual.get(table, {}).items():
            if theirs in header and theirs not in names and ours not in names.values():
                names[theirs] = ours
        needed = REQUIRED if table == "interactions" else _KEYS.get(table, ())
        for column in needed:
            if column not in names.values():
                theirs = next(k for k, ours in self.usual[table].items() if ours == column)
                raise InputError(
                    f"{origin}: expected column '{theirs}', got {listed(header)}; set "
                    f"data.rename.{table}={{COLUMN: {column}}}"
                )
        if table != "interactions":
            names |= {theirs: theirs for theirs in header if theirs not in names}
        return names

    def timed(self, frame: pd.DataFrame, origin: str) -> pd.DataFrame:
        """Interactions whose times are moments, also where they are numbers, and whose ids are set.

        Args:
            frame: with the names of this library; it is changed.
            origin: its file, for the error.

        Raises:
            InputError: names the row and the column of the first bad cell.
        """
        for column in REQUIRED:
            if (is_empty := frame[column].isna()).any():
                raise bad_cell(origin, first_true(is_empty), column, "an id", None, FILL)
        if columns.TIMESTAMP in frame:
            frame[columns.TIMESTAMP] = self._moments(plain(frame[columns.TIMESTAMP]), origin)
        return frame

    def _moments(self, column: pd.Series, origin: str) -> pd.Series:
        if not pd.api.types.is_numeric_dtype(column.dtype):
            try:
                return read_moments(column)
            except CellError:
                return column  # the check of the table names the cell, and all others
        try:
            moments = moments_since_1970(pa.array(column, from_pandas=True), self.time_unit)
        except CellError as error:
            raise bad_cell(
                origin, error.row, columns.TIMESTAMP, error.expected, error.got, error.remedy
            ) from None
        return pd.Series(moments.to_pandas())


_KEYS: Mapping[str, tuple[str, ...]] = {
    "customers": (columns.CUSTOMER,),
    "products": (columns.PRODUCT,),
}
