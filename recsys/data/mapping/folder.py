"""Reads a folder of files: by its mapping, from the usual files, or by a mapping it suggests."""

from collections.abc import Mapping as Map
from dataclasses import replace
from pathlib import Path

import pandas as pd

from recsys.data.categories import plain_table
from recsys.data.faults.collect import Collected, CollectedTable, across
from recsys.data.faults.fault import Fault
from recsys.data.faults.inspected import FileOf, Inspected, refuse_first
from recsys.data.mapping.load import collected, read_raw
from recsys.data.mapping.mapping import Mapping, TableMapping, mapping_of
from recsys.data.mapping.suggest import Suggestion, is_as_expected, suggested
from recsys.data.schema import SCHEMAS
from recsys.data.sources.folder import no_interactions, usual_file
from recsys.data.sources.parts import Partitions
from recsys.data.tables import EndingTables
from recsys.errors import InputError
from recsys.ops.memory import Memory


def load_mapped(
    folder: Path,
    mapping: Mapping,
    ends: pd.Timestamp | None,
    partitions: Partitions,
    memory: Memory,
) -> EndingTables:
    """The tables of a folder by a mapping.

    Args:
        folder: with the files.
        mapping: says how they are written.
        ends: the last moment of the data.
        partitions: how values in names of folders are read.
        memory: holds the columns of events, whose texts stay categories.

    Raises:
        InputError: the first fault, and how many more kinds there are.
    """
    inspected = _inspected(_planned(folder, mapping), ends, partitions, memory)
    refuse_first(inspected)
    frames = {
        name: of.frame if name == "interactions" else plain_table(of.frame)
        for name, of in inspected.collected.tables.items()
    }
    return EndingTables(**frames, ends=ends)


def inspect_folder(
    folder: Path,
    mapping: Mapping | None,
    rename: Map[str, Map[str, str]],
    ends: pd.Timestamp | None,
    partitions: Partitions,
    memory: Memory,
) -> Inspected:
    """The tables of a folder with all their faults.

    Args:
        folder: with the files.
        mapping: says how they are written; None for files as a load expects them.
        rename: table -> your column name -> name of the library; without mapping.
        ends: the last moment of the data.
        partitions: how values in names of folders are read.
        memory: holds the columns of events.

    Raises:
        InputError: there is no file of interactions.
    """
    guess = _guess(folder) if mapping is None and not rename else None
    if guess is not None:
        suggestion, mapping = guess
        return replace(
            _inspected(_planned(folder, mapping), ends, partitions, memory), suggestion=suggestion
        )
    return _inspected(_planned(folder, mapping or renaming(rename)), ends, partitions, memory)


def renaming(rename: Map[str, Map[str, str]]) -> Mapping:
    """A mapping that gives columns other names and says nothing else.

    Args:
        rename: table -> your column name -> name of the library.

    Raises:
        InputError: two columns get the same name, or one that the library does not know.
    """
    renamed = {"tables": {table: {"columns": dict(names)} for table, names in rename.items()}}
    return mapping_of(renamed, "data.rename")


def _guess(folder: Path) -> tuple[Suggestion, Mapping] | None:
    """A mapping for files that are not written as a load expects; None where that is no help."""
    try:
        if is_as_expected(folder):
            return None
        suggestion = suggested(folder)
        return suggestion, mapping_of(suggestion.content, "the suggested mapping")
    except InputError:
        if any(folder.glob("interactions*")):
            return None  # the faults of that file are named
        raise


_Plan = dict[str, tuple[Path, TableMapping] | Fault]


def _planned(folder: Path, mapping: Mapping) -> _Plan:
    """Table -> its file and how it is read, or why there is none."""
    plan: _Plan = {}
    for table in SCHEMAS:
        of = mapping.table(table) or TableMapping()
        try:
            path = folder / of.file if of.file else usual_file(folder, table)
            if path is not None and not path.exists():
                raise InputError(f"{table}: expected {of.file} in {folder}, and there is none")
            if path is None and mapping.table(table) is not None:
                raise InputError(
                    f"{table}: the mapping has it and {folder} has no {table}.csv or "
                    f"{table}.parquet; say tables.{table}.file"
                )
        except InputError as error:
            plan[table] = Fault.of_error(table, error)
            continue
        if path is not None:
            plan[table] = (path, of)
    if "interactions" not in plan:
        raise no_interactions(folder)
    return plan


def _inspected(
    plan: _Plan, ends: pd.Timestamp | None, partitions: Partitions, memory: Memory
) -> Inspected:
    tables: dict[str, CollectedTable] = {}
    files: dict[str, FileOf] = {}
    unread: list[Fault] = []
    for name, planned in plan.items():
        if isinstance(planned, Fault):
            unread.append(planned)
            continue
        try:
            raw = read_raw(name, *planned, partitions, memory)
        except InputError as error:
            unread.append(Fault.of_error(name, _of_table(name, error)))
            continue
        tables[name] = collected(raw, planned[1], ends)
        files[name] = raw.file
    both = across(tables)
    return Inspected(
        collected=Collected(both.tables, [*unread, *both.faults], both.known), files=files
    )


def _of_table(name: str, error: InputError) -> InputError:
    return error if str(error).startswith(f"{name}: ") else InputError(f"{name}: {error}")
