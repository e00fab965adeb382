"""Parquet: own tables, stores, logs of answers and decisions, results, metrics by query."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.arrays import BoolArray
from recsys.errors import InputError
from recsys.ops.whole_file import whole_file
from recsys.privacy.person import Person
from recsys.privacy.places.place import Place

Change: TypeAlias = Callable[[pa.Table, Person], pa.Table]
"""Makes of a part of a file what is written in its place."""

_MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def forget(path: Path, person: Person, write_it: bool) -> int:
    """Removes the rows that mean a person; all other rows stay in their order.

    Raises:
        InputError: the file cannot be read or written.
    """
    return _forget(path, person, write_it, _without_rows)


def forget_queries(path: Path, person: Person, write_it: bool) -> int:
    """Takes the ids out of a run's metrics by query, and leaves the rows, see `QUERIES`.

    Raises:
        InputError: the file cannot be read or written.
    """
    return _forget(path, person, write_it, _renamed)


def _forget(path: Path, person: Person, write_it: bool, change: Change) -> int:
    try:
        with pq.ParquetFile(path) as file:
            groups = range(file.num_row_groups)
            count = sum(int(_of_person(file.read_row_group(at), person).sum()) for at in groups)
            if count and write_it:
                _rewrite(path, file, person, change)
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} cannot be read: {reason}; remove it, or repair it") from None
    return count


def _without_rows(table: pa.Table, person: Person) -> pa.Table:
    return _without_unused(table.filter(pa.array(~_of_person(table, person))))


def _renamed(table: pa.Table, person: Person) -> pa.Table:
    """The table with stand-ins for ids; the ids of a run are texts or whole numbers."""
    for position, field in enumerate(table.schema):
        if person.has_ids(field.name):
            cells = table.column(position).to_pylist()
            new = [
                type(cell)(person.stand_in(str(cell)))
                if cell is not None and person.is_of_person(cell, field.name)
                else cell
                for cell in cells
            ]
            table = table.set_column(position, field, pa.array(new, field.type))
    return table


def _rewrite(path: Path, file: pq.ParquetFile, person: Person, change: Change) -> None:
    schema = file.schema_arrow
    compression = "snappy"
    if file.num_row_groups and file.metadata.num_columns:
        compression = file.metadata.row_group(0).column(0).compression.lower()
    with (
        whole_file(path) as new,
        pq.ParquetWriter(
            new, schema, compression="none" if compression == "uncompressed" else compression
        ) as writer,
    ):
        for at in range(file.num_row_groups):
            table = file.read_row_group(at)
            writer.write_table(change(table, person).cast(schema))


def _without_unused(table: pa.Table) -> pa.Table:
    """The table with new dictionaries: the old ones hold the values of removed rows too."""
    for position, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = table.column(position).cast(field.type.value_type)
            table = table.set_column(position, field, plain.dictionary_encode().cast(field.type))
    return table


def _of_person(table: pa.Table, person: Person) -> BoolArray:
    """[n] bool, whether a row has a cell that means the person."""
    found = np.zeros(len(table), dtype=bool)
    for name, column in zip(table.column_names, table.columns, strict=True):
        found |= _cells(name, column, person)
    return found


def _cells(name: str, column: Any, person: Person) -> BoolArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _cells(name, column.cast(kind.value_type), person)
    if pa.types.is_struct(kind):
        found = np.zeros(len(column), dtype=bool)
        for position in range(kind.num_fields):
            part = pc.struct_field(column, [position])
            found |= _cells(kind.field(position).name, part, person)
        return found
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        owners = pc.list_parent_indices(column).to_numpy()
        found = np.zeros(len(column), dtype=bool)
        found[owners[_cells(name, pc.list_flatten(column), person)]] = True
        return found
    wanted = person.spellings if person.has_ids(name) else person.distinctive
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if not wanted or not (is_text or (is_number and person.has_ids(name))):
        return np.zeros(len(column), dtype=bool)
    if is_number:
        numbers = [int(text) for text in wanted if text.lstrip("-").isdecimal()]
        column = column.cast(pa.float64()) if pa.types.is_floating(kind) else column
        wanted_values = pa.array([n for n in numbers if abs(n) < 2**63], pa.int64())
        if pa.types.is_floating(kind):
            wanted_values = wanted_values.cast(pa.float64(), safe=False)
        elif kind == pa.uint64():
            column, wanted_values = column.cast(pa.string()), wanted_values.cast(pa.string())
        else:
            column = column.cast(pa.int64())
        found_values = pc.is_in(column, value_set=wanted_values)
    else:
        found_values = pc.is_in(column, value_set=pa.array(sorted(wanted), kind))
    return np.asarray(
        found_values.to_numpy(zero_copy_only=False)
        if isinstance(found_values, pa.Array)
        else found_values.to_numpy(),
        bool,
    )


QUERIES = Place(
    name="metrics by query",
    holds="a row a customer with the metrics of their list; a number drawn at random takes the "
    "place of the id, the row stays, since a run is compared only where its rows give its metrics",
    is_one=lambda path: path.name.startswith("per_query_") and is_parquet(path),
    forget=forget_queries,
)
PARQUET = Place(
    name="Parquet files",
    holds="a row an event, answer, decision, list or record; the rows go, also from "
    "dictionaries and from the statistics at the end of a file",
    is_one=is_parquet,
    forget=forget,
)
