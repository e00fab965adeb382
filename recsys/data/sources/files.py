"""Your own tables: Parquet or CSV, one file (or a folder of Parquet parts) per table.

Cut-offs: those you set. Seen products are left out of the ranking unless `data.filter_seen=false`.
`recsys.data.schema.SCHEMAS` lists the columns of each table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from recsys.data import columns
from recsys.data.cells import listed
from recsys.data.check import check_tables
from recsys.data.decision_events import decisions_as_events
from recsys.data.kinds import kind_of
from recsys.data.moments import parse_moment
from recsys.data.plausible import end_of
from recsys.data.source import Cutoffs, require_targets
from recsys.data.sources.csv_file import read_csv
from recsys.data.sources.folder import data_folder, no_interactions, usual_file
from recsys.data.sources.parquet import read_parquet
from recsys.data.tables import EndingTables, Tables
from recsys.data.unanswered import is_unanswered, with_outcomes
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.data.faults.inspected import Inspected
    from recsys.data.mapping.mapping import Mapping as TableMappings

_TABLES = tuple(field.name for field in fields(Tables))


class Files:
    """Reads `interactions.parquet` (or `.csv`, or `interactions/*.parquet`) and the other tables.

    Args:
        root: the folder.
        rename: table -> your column name -> name of the library, as
            `{interactions: {user: customer_id}}`.
        targets: the actions that make a product relevant.
        filter_seen: whether products that a customer already had are left out of the ranking.
        valid_from: the first moment of valid, a time or position in `order`; None without cut-offs.
        test_from: the first moment of test; set both or neither.
        name: what the data are called in comparisons; by default the folder's name.
        ends: the last day or moment of the data; later events, links, decisions and rows of
            customers are refused. By default now, and a day for time zones.
        outcome_days: how many days after a decision its outcome is known, 0 or more; the outcomes
            of the table `decisions` then become events, see `recsys.data.decision_events`. None
            where models learn from `interactions` alone. A log without outcomes, as served answers
            are logged, gets them from the interactions of these days.
        mapping: a YAML file that says how the files of the folder are written, see
            `recsys.data.mapping.mapping.Mapping`; `recsys check suggest=true` writes one.

    Raises:
        InputError: an argument is wrong, or there is no such folder.
    """

    version: str = "1"

    def __init__(
        self,
        *,
        root: str,
        rename: Mapping[str, Mapping[str, str]] | None = None,
        targets: Sequence[str] = ("accept", "purchase"),
        filter_seen: bool = True,
        valid_from: str | int | None = None,
        test_from: str | int | None = None,
        name: str | None = None,
        ends: str | None = None,
        outcome_days: float | None = None,
        mapping: str | None = None,
    ) -> None:
        self.folder = data_folder(root, ())
        self.rename = rename or {}
        self.targets = tuple(targets)
        self.filter_seen = filter_seen
        self.name = name or self.folder.resolve().name
        self.cutoffs = _cutoffs(valid_from, test_from)
        self.ends = None if ends is None else end_of(parse_moment(ends, "data.ends"))
        self.outcome_days = outcome_days
        if outcome_days is not None and not 0 <= outcome_days < 36_500:
            raise InputError(f"data.outcome_days: expected a number >= 0, got {outcome_days}")
        _check_names(self.rename, self.targets)
        if mapping is not None and self.rename:
            raise InputError(
                "data.mapping and data.rename: expected one of them, got both; write the names "
                "under tables.TABLE.columns of the mapping"
            )
        self.mapping = None if mapping is None else _read_mapping(mapping)

    def load(self) -> Tables:
        """The tables that the folder has, with renamed columns.

        Raises:
            InputError: interactions are missing, or a file or a column to rename is wrong; with a
                mapping, also the first cell that cannot be read.
        """
        if self.mapping is not None:
            from recsys.data.mapping.folder import load_mapped

            return self._with_outcomes(load_mapped(self.folder, self.mapping, self.ends))
        tables: dict[str, Any] = {table: self._read(table) for table in _TABLES}
        if tables["interactions"] is None:
            raise no_interactions(self.folder)
        return self._with_outcomes(EndingTables(**tables, ends=self.ends))

    def _with_outcomes(self, loaded: Tables) -> Tables:
        """The tables with the outcomes of decisions as events, if `outcome_days` asks for them."""
        if self.outcome_days is None:
            if is_unanswered(loaded):
                raise InputError(
                    f"decisions: column '{columns.OUTCOME}' is missing; set data.outcome_days=DAYS "
                    "to take outcomes from the interactions of so many days after each decision"
                )
            return loaded
        known_after = pd.Timedelta(days=self.outcome_days)
        if is_unanswered(loaded):
            loaded = with_outcomes(loaded, known_after)
        events = decisions_as_events(check_tables(loaded), known_after=known_after)
        return EndingTables.of(events, self.ends)

    def inspected(self) -> "Inspected":
        """The tables with all their faults, and the lines of the files that they stand in.

        Files that are not written as a load expects them are read by the mapping that
        `recsys check suggest=true` would write.

        Raises:
            InputError: the folder has no file of interactions.
        """
        from recsys.data.mapping.folder import inspect_folder

        return inspect_folder(self.folder, self.mapping, self.rename, self.ends)

    def suggestion(self, inspected: "Inspected") -> str:
        """A mapping to start from, as YAML, made from what the files hold.

        Args:
            inspected: the tables; it offers remedies for their faults.

        Raises:
            InputError: no file looks like a table of interactions.
        """
        from recsys.data.mapping.suggest import suggested
        from recsys.data.mapping.suggestion_text import as_yaml

        return as_yaml(inspected.suggestion or suggested(self.folder), inspected.faults)

    def _read(self, table: str) -> pd.DataFrame | None:
        path = usual_file(self.folder, table)
        if path is None:
            return None
        mapping = self.rename.get(table, {})
        try:
            if path.suffix == ".csv":
                frame = read_csv(path, lambda name: kind_of(table, mapping.get(name, name)))
            else:
                frame = read_parquet(path)
        except InputError as error:
            raise InputError(f"{table}: {error}") from None
        unknown = sorted(set(mapping) - set(frame.columns))
        if unknown:
            raise InputError(
                f"{table}: data.rename.{table} names column '{unknown[0]}', which {path.name} does "
                f"not have; it has {listed(frame.columns)}"
            )
        return frame.rename(columns=dict(mapping))


def _read_mapping(path: str) -> "TableMappings":
    # Imported late: few runs have a mapping.
    from recsys.data.mapping.mapping import read_mapping

    return read_mapping(path)


def _cutoffs(valid_from: str | int | None, test_from: str | int | None) -> Cutoffs | None:
    if (valid_from is None) != (test_from is None):
        raise InputError("data.valid_from and data.test_from go together; set both or neither")
    if valid_from is None or test_from is None:
        return None
    return Cutoffs(
        valid_from=_cutoff("valid_from", valid_from), test_from=_cutoff("test_from", test_from)
    )


def _cutoff(name: str, value: str | int) -> pd.Timestamp | int:
    return value if isinstance(value, int) else parse_moment(value, f"data.{name}")


def _check_names(rename: Mapping[str, Mapping[str, str]], targets: tuple[str, ...]) -> None:
    for table in rename:
        if table not in _TABLES:
            raise InputError(f"data.rename: no table '{table}'; tables are {', '.join(_TABLES)}")
    require_targets(targets)
