"""The distinct values of a column, found by Spark and judged by the reader of the column."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.arrays import IntArray
from recsys.data.arrow_frame import frame_of
from recsys.data.cells import CellError, bad_cell
from recsys.data.readers import read_column
from recsys.data.sources.spark.folder import FILE, ROW, collected
from recsys.errors import InputError

_RAW = "_raw"


@dataclass(frozen=True, eq=False)
class Dictionary:
    """A column of ids, codes or texts.

    Attributes:
        column: its name.
        raw: [n, 2] Arrow table: the values as the files have them, and their codes 0 to n - 1.
        values: [n] as the door reads them, by code: int64 or str.
    """

    column: str
    raw: pa.Table
    values: pd.Series

    def coded(self, table: Any) -> Any:
        """The table of Spark with int codes in place of the values, null for null."""
        names = [
            f"{self.column}_code AS `{self.column}`" if name == self.column else f"`{name}`"
            for name in table.columns
        ]
        known = table.sparkSession.createDataFrame(self.raw)
        joined = table.join(known, table[self.column] == known[_RAW], "left")
        return joined.selectExpr(*names)

    def decoded(self, codes: IntArray) -> pd.Series:
        """The values [m] of codes [m]; -1 is null. Texts as categories."""
        if self.values.dtype == np.int64:
            whole = pd.Series(self.values.array.take(np.maximum(codes, 0)), dtype="Int64")
            return whole.mask(codes < 0) if (codes < 0).any() else whole.astype("int64")
        distinct, positions = np.unique(self.values.to_numpy(object), return_inverse=True)
        by_code = np.append(positions, -1)  # the last is -1's
        return pd.Series(pd.Categorical.from_codes(by_code[codes], pd.Index(distinct, dtype="str")))


def dictionary_of(table: Any, column: str, root: str) -> Dictionary:
    """The distinct values of a column of interactions.

    Args:
        table: a data frame of Spark, with places.
        column: its name.
        root: of the folder, for errors.

    Raises:
        InputError: a value is none for this column; names the file and row of the first.
    """
    distinct = collected(table.select(column).distinct().dropna(), "interactions", root)
    values = frame_of(distinct)[column]
    try:
        read = read_column("interactions", column, values)
    except CellError as error:
        raise _at_first_row(table, column, distinct[column][error.row].as_py(), error) from None
    codes = pa.array(np.arange(len(distinct), dtype=np.int32))
    raw = pa.table({_RAW: distinct[column], f"{column}_code": codes})
    return Dictionary(column, raw, read)


def _at_first_row(table: Any, column: str, value: object, error: CellError) -> InputError:
    from pyspark.sql.functions import col, lit

    rows = table.filter(col(column) == lit(value))
    first = rows.orderBy(FILE, ROW).select(FILE, ROW).first()
    found = bad_cell("interactions", first[ROW], column, error.expected, error.got, error.remedy)
    return placed(str(found), first[FILE])


def placed(message: str, file: str) -> InputError:
    """An error of interactions that names a row, with the row's file before it."""
    return InputError(message.replace(": row ", f": {file.rpartition('/')[2]}, row ", 1))
