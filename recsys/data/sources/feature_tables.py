"""Tables of customers and products in Parquet whose cells may hold several values."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.sources.parquet import read_columns, readable_as_parquet
from recsys.data.sources.parquet_stream import without_index
from recsys.data.sources.parts import parts_of
from recsys.data.sources.several_values import is_text, spread
from recsys.ops.parquet_bounds import refuse_unbounded


def header(path: Path) -> dict[str, pa.DataType]:
    """The columns of a file, or of the first part in a folder, and their types; no index of pandas.

    Raises:
        InputError: it is no Parquet, or a folder without parts.
    """
    with readable_as_parquet(path):
        parts = parts_of(path)
        refuse_unbounded(parts)
        schema = without_index(pq.read_schema(parts[0]))
        return dict(zip(schema.names, schema.types, strict=True))


def read_feature_table(path: Path, names: Mapping[str, str]) -> pd.DataFrame:
    """Columns of a file; lists of texts or numbers as `recsys.data.sources.several_values.spread`.

    Columns whose cells hold anything else, as pairs of position and value, are left out.

    Args:
        path: of the file, or of a folder of parts.
        names: its columns to read -> their names in the result.

    Raises:
        InputError: it cannot be read, or a cell has too many numbers.
    """
    types = header(path)
    single = [name for name in names if not pa.types.is_nested(types[name])]
    several = [name for name in names if _is_list(types[name])]
    frame = read_columns(path, single).rename(columns=dict(names))
    if several:
        with readable_as_parquet(path):
            table = pq.read_table(parts_of(path), columns=several, partitioning=None)
        made = [
            spread(names[name], table.column(name).combine_chunks(), path.name) for name in several
        ]
        frame = pd.concat([frame, *made], axis=1)
    return frame


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    value = kind.value_type
    return is_text(value) or types.is_integer(value) or types.is_floating(value)
