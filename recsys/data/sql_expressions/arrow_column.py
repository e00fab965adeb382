"""A column of pandas as Arrow, as expressions read it."""

import pandas as pd
import pyarrow as pa
from pandas.api.types import infer_dtype


def arrow_column(column: pd.Series) -> pa.Array:
    """The column in one piece: times as UTC without a zone, objects as flags or texts.

    Args:
        column: [n] of a checked table.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    elif column.dtype == object:
        is_flag = infer_dtype(column, skipna=True) == "boolean"
        column = column.astype("boolean") if is_flag else column.map(str, na_action="ignore")
    array = pa.Array.from_pandas(column)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
