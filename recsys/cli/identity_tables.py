"""The tables that `recsys identities` reads: files of its own, or those of a source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from recsys.cli.composed_source import composed_source
from recsys.cli.run_keys import pairs_of
from recsys.data.check import check_table
from recsys.data.faults.fault import refuse
from recsys.data.plausible import moments_out_of_range
from recsys.data.source import load_tables
from recsys.data.tables import end_of_tables
from recsys.errors import InputError
from recsys.reports.off_policy.decision_log import read_table


class IdentityTables(NamedTuple):
    """What persons are found in.

    Attributes:
        name: of the data.
        records: checked.
        identities: checked; None without.
    """

    name: str
    records: pd.DataFrame
    identities: pd.DataFrame | None


def identity_tables(given: Mapping[str, str], of_data: Sequence[str]) -> IdentityTables:
    """Reads and checks the tables.

    Args:
        given: keys of the command.
        of_data: words of data=.

    Raises:
        InputError: there are no records or both kinds of them, a file cannot be read, a name to
            rename is no column, or a cell is wrong.
    """
    if ("records" in given) == bool(of_data):
        raise InputError("say records=FILE, or data=NAME whose tables have records")
    if not of_data:
        return IdentityTables(Path(given["records"]).stem, *_of_files(given))
    source = composed_source(of_data)
    tables = load_tables(source)
    if tables.records is None:
        raise InputError(
            f"data: {source.name} has no table of records; add it, or for the simulated market "
            "set data.records=true"
        )
    ends = end_of_tables(tables)
    identities = tables.identities
    return IdentityTables(
        source.name,
        _checked("records", tables.records, ends),
        None if identities is None else _checked("identities", identities, ends),
    )


def _of_files(given: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    names = pairs_of("rename", given)
    keys = [key for key in ("records", "identities") if key in given]
    raw = {key: read_table(key, Path(given[key]), key) for key in keys}
    known = [str(column) for table in raw.values() for column in table]
    for name in names:
        if name not in known:
            raise InputError(f"rename: no column '{name}'; the files have {', '.join(known)}")
    read = {key: _checked(key, table.rename(columns=names)) for key, table in raw.items()}
    return read["records"], read.get("identities")


def _checked(name: str, table: pd.DataFrame, ends: pd.Timestamp | None = None) -> pd.DataFrame:
    checked = check_table(name, table)
    refuse(moments_out_of_range(name, checked, ends))
    return checked
