"""Arrays in Arrow's file format, which are mapped into memory and not parsed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.ops.whole_file import whole_file

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Name -> array; all of one length."""

_KEY = "data.store"


def write_columns(path: Path, columns: Columns) -> None:
    """Writes arrays of one length: whole numbers, floats, flags, moments.

    Raises:
        InputError: the file cannot be written.
    """
    fields, arrays = [], []
    for name, array in columns.items():
        # Arrow would make nulls of empty moments, and arrays with nulls cannot be mapped.
        is_moment = array.dtype.kind == "M"
        arrays.append(pa.array(array.view(np.int64) if is_moment else array))
        fields.append(pa.field(name, arrays[-1].type, metadata={"dtype": array.dtype.str}))
    _write(path, pa.table(arrays, pa.schema(fields)))


def read_columns(path: Path) -> Columns:
    """The arrays of a file, read-only; they take memory as they are used.

    Raises:
        InputError: the file is missing or damaged.
    """
    table = _read(path)
    return {
        field.name: _mapped(table.column(field.name)).view(field.metadata[b"dtype"].decode())
        for field in table.schema
    }


def write_values(path: Path, values: Mapping[str, pa.Array]) -> None:
    """Writes Arrow arrays of any lengths.

    Raises:
        InputError: the file cannot be written.
    """
    lists = {
        name: pa.LargeListArray.from_arrays(pa.array([0, len(array)], pa.int64()), array)
        for name, array in values.items()
    }
    _write(path, pa.table(lists))


def read_values(path: Path) -> dict[str, pa.Array]:
    """The Arrow arrays of a file.

    Raises:
        InputError: the file is missing or damaged.
    """
    table = _read(path)
    return {name: table.column(name).chunk(0).values for name in table.column_names}


def _write(path: Path, table: pa.Table) -> None:
    with whole_file(path, _KEY) as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def _read(path: Path) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (pa.ArrowException, OSError):
        raise InputError(
            f"{_KEY}: {path.name} is missing or damaged; remove the folder {path.parent}, it is "
            "built again"
        ) from None


def _mapped(column: pa.ChunkedArray) -> NDArray[Any]:
    if not column.num_chunks:
        return np.empty(0, column.type.to_pandas_dtype())
    # Flags are bits in Arrow.
    plain: NDArray[Any] = column.chunk(0).to_numpy(zero_copy_only=column.type != pa.bool_())
    return plain
