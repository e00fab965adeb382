"""Stores of events (`data.store=FOLDER`): a copy of the tables that is built again without them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc

from recsys.data.part_store.manifest import NAME
from recsys.errors import InputError
from recsys.privacy.person import Person
from recsys.privacy.places.place import Place

_KEYS = {"format", "parts", "values"}
_LARGEST = 2**26


def is_store(path: Path) -> bool:
    """Whether a folder has the manifest of a store."""
    manifest = path / NAME
    if not manifest.is_file() or manifest.stat().st_size > _LARGEST:
        return False
    try:
        body = json.loads(manifest.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and set(body) >= _KEYS


def forget(path: Path, person: Person, write_it: bool) -> int:
    """Removes a store that has the person among its values; the next load builds it again.

    Raises:
        InputError: a file of it cannot be read.
    """
    try:
        files = sorted(path.glob("*.arrow"))
        is_there = any(_has(file, person) for file in files)
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path} cannot be read: {reason}; remove the folder, it is built again"
        ) from None
    if is_there and write_it:
        shutil.rmtree(path)
    return int(is_there)


def _has(path: Path, person: Person) -> bool:
    with pa.memory_map(str(path)) as raw, ipc.open_file(raw) as file:
        table = file.read_all()
        return any(
            person.is_of_person(value, name)
            for name, column in zip(table.column_names, table.columns, strict=True)
            if person.has_ids(name) or _is_text(column.type)
            for chunk in column.chunks
            for value in _flat(chunk).to_pylist()
        )


def _flat(values: Any) -> Any:
    """The values of an array, of its lists and of its dictionary, which may hold more."""
    while True:
        if pa.types.is_dictionary(values.type):
            values = values.dictionary
        elif pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
            values = values.flatten()
        else:
            return values


def _is_text(kind: Any) -> bool:
    while pa.types.is_dictionary(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


EVENT_STORES = Place(
    name="stores of events",
    holds="ids among the values of coded parts (data.store=); the folder goes, and the next load "
    "builds it again from the tables",
    is_one=is_store,
    forget=forget,
)
