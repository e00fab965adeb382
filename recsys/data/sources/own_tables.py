"""What holds for tables of your own, whether they lie in files, a database or a lake."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from typing import Any, TypeAlias, TypedDict, overload

import pandas as pd

from recsys.data.cells import listed
from recsys.data.check import check_tables
from recsys.data.decision_events import decisions_as_events
from recsys.data.faults.collect import Collected, CollectedTable, across, collect_table
from recsys.data.faults.fault import Fault
from recsys.data.faults.inspected import FileOf, Inspected
from recsys.data.filter_seen import AUTO, FilterSeenLike, parse_filter_seen
from recsys.data.hashed_ids import with_hashed_ids
from recsys.data.kinds import Kind, kind_of
from recsys.data.moments import parse_moment
from recsys.data.plausible import end_of
from recsys.data.source import Cutoffs, require_targets
from recsys.data.stream.batches import Batches
from recsys.data.tables import EndingTables, Tables
from recsys.data.unanswered import is_unanswered, with_outcomes
from recsys.errors import InputError
from recsys.ops.keyed_hash import key_of_environment
from recsys.ops.memory import Memory

TABLES = tuple(field.name for field in fields(Tables))


ReadTable: TypeAlias = Callable[[str], pd.DataFrame | None]
"""The name of a table -> the table; None if there is none."""

Renames: TypeAlias = Mapping[str, Mapping[str, str]]
"""Table -> your column name -> name of the library."""


class Meaning(TypedDict, total=False):
    """Settings of every source of own tables; all may be left out.

    Attributes:
        rename: table -> your column name -> name of the library, as
            `{interactions: {user: customer_id}}`.
        targets: the actions that make a product relevant; by default accept and purchase.
        filter_seen: which products that a customer already had are left out of the ranking, see
            `recsys.data.filter_seen`; by default "auto".
        valid_from: the first moment of valid, a time or position in `order`; None without cut-offs.
        test_from: the first moment of test; set both or neither.
        name: what the data are called in comparisons; by default where they lie.
        ends: the last day or moment of the data; later events, links, decisions and rows of
            customers are refused. By default now, and a day for time zones.
        memory_mb: how many MiB of columns of events may lie in memory; larger ones are temporary
            files, which the system pages in and out. By default half of what the machine has.
        outcome_days: how many days after a decision its outcome is known, 0 or more; the outcomes
            of the table `decisions` then become events, see `recsys.data.decision_events`. None
            where models learn from `interactions` alone. A log without outcomes, as served answers
            are logged, gets them from the interactions of these days.
        hash_ids: the environment variable with a key of at least 32 characters; ids of customers
            are then replaced by a keyed hash, see `recsys.data.hashed_ids`. None for ids as they
            are.
        hash_products: whether the ids of products are hashed as well.
    """

    rename: Mapping[str, Mapping[str, str]] | None
    targets: Sequence[str]
    filter_seen: FilterSeenLike
    valid_from: str | int | None
    test_from: str | int | None
    name: str | None
    ends: str | None
    memory_mb: float | None
    outcome_days: float | None
    hash_ids: str | None
    hash_products: bool


class OwnTables(ABC):
    """A source whose subclass reads one table at a time, by `reader` and `origin_of`.

    Args:
        name: what the data are called where `meaning` has no name.
        meaning: the settings.

    Attributes:
        memory: holds columns of events, here and where they are checked, coded and split.

    Raises:
        InputError: a setting is wrong.
    """

    version: str = "1"

    def __init__(self, name: str, meaning: Meaning) -> None:
        self.name = meaning.get("name") or name
        self.rename = meaning.get("rename") or {}
        self.targets = tuple(meaning.get("targets", ("accept", "purchase")))
        self.filter_seen: FilterSeenLike = meaning.get("filter_seen", AUTO)
        self.cutoffs = _cutoffs(meaning.get("valid_from"), meaning.get("test_from"))
        ends = meaning.get("ends")
        self.ends = None if ends is None else end_of(parse_moment(ends, "data.ends"))
        self.outcome_days = meaning.get("outcome_days")
        if self.outcome_days is not None and not 0 <= self.outcome_days < 36_500:
            raise InputError(f"data.outcome_days: expected a number >= 0, got {self.outcome_days}")
        memory_mb = meaning.get("memory_mb")
        if memory_mb is not None and not memory_mb > 0:
            raise InputError(f"data.memory_mb: expected a number above 0, got {memory_mb}")
        self.memory = Memory(memory_mb)
        variable = meaning.get("hash_ids")
        self._key = None if variable is None else key_of_environment("data.hash_ids", variable)
        self._hash_products = meaning.get("hash_products", False)
        if self._hash_products and self._key is None:
            raise InputError("data.hash_products: expected data.hash_ids=VARIABLE beside it")
        require_tables("rename", self.rename)
        require_targets(self.targets)
        parse_filter_seen(self.filter_seen)

    @abstractmethod
    def reader(self) -> AbstractContextManager[ReadTable]:
        """Opens what the tables lie in, and reads them with the column names that they have there.

        Raises:
            InputError: it cannot be opened; the function raises it for a table.
        """

    @abstractmethod
    def origin_of(self, table: str) -> str:
        """Where a table lies, in a word or two: a file, a setting."""

    def load(self) -> Tables:
        """The tables that there are, with renamed columns.

        Raises:
            InputError: interactions are missing, or a table or a column to rename is wrong.
        """
        with self.reader() as read:
            frames: dict[str, Any] = {table: self.renamed(table, read) for table in TABLES}
        return self.at_the_door(EndingTables(**frames, ends=self.ends))

    def inspected(self) -> Inspected:
        """The tables with all their faults, and where each lies."""
        tables: dict[str, CollectedTable] = {}
        unread: list[Fault] = []
        with self.reader() as read:
            for name in TABLES:
                try:
                    frame = self.renamed(name, read)
                except InputError as error:
                    unread.append(Fault.of_error(name, error))
                    continue
                if frame is not None:
                    tables[name] = collect_table(name, frame, self.ends)
        files = {name: FileOf(name=self.origin_of(name)) for name in tables}
        both = across(tables)
        return Inspected(
            collected=Collected(both.tables, [*unread, *both.faults], both.known), files=files
        )

    def at_the_door(self, loaded: Tables) -> Tables:
        """What leaves the source: with outcomes as events and hashed ids, where these are set."""
        made = self._with_outcomes(loaded)
        if self._key is None:
            return made
        return EndingTables.of(with_hashed_ids(made, self._key, self._hash_products), self.ends)

    def _with_outcomes(self, loaded: Tables) -> Tables:
        if self.outcome_days is None:
            return loaded
        known_after = pd.Timedelta(days=self.outcome_days)
        if is_unanswered(loaded):
            loaded = with_outcomes(loaded, known_after)
        events = decisions_as_events(check_tables(loaded), known_after=known_after)
        return EndingTables.of(replace(events, records=loaded.records), self.ends)

    def kind(self, table: str) -> Callable[[str], Kind]:
        """How a table reads a column, by the name that it has where it lies."""
        names = self.rename.get(table, {})
        return lambda name: kind_of(table, names.get(name, name))

    def frame(self, table: str, batches: Batches) -> pd.DataFrame:
        """A table from its batches; events, of which there may be very many, as a stream."""
        if table == "interactions":
            return batches.streamed(self.kind(table), self.memory)
        return batches.whole()

    def renamed(self, table: str, read: ReadTable) -> pd.DataFrame | None:
        """A table with the names of the library; None if there is none.

        Args:
            table: its name.
            read: of `reader`.

        Raises:
            InputError: it cannot be read, or lacks a column that is to be renamed.
        """
        try:
            frame = read(table)
        except InputError as error:
            raise error if error.key == table else InputError(f"{table}: {error}") from None
        return renamed(table, frame, self.rename, self.origin_of(table))


def require_tables(key: str, named: Iterable[str], known: Sequence[str] = TABLES) -> None:
    """Raises `InputError` where a setting is of a table that is not known.

    Args:
        key: of the setting, without `data.`.
        named: tables that it has something for.
        known: tables that it may have something for.
    """
    for table in named:
        if table not in known:
            raise InputError(f"data.{key}: no table '{table}'; tables are {', '.join(known)}")


@overload
def renamed(table: str, frame: pd.DataFrame, rename: Renames, origin: str) -> pd.DataFrame: ...


@overload
def renamed(
    table: str, frame: pd.DataFrame | None, rename: Renames, origin: str
) -> pd.DataFrame | None: ...


def renamed(
    table: str, frame: pd.DataFrame | None, rename: Renames, origin: str
) -> pd.DataFrame | None:
    """A table with the column names of the library; None stays None.

    Args:
        table: its name.
        frame: as it was read.
        rename: table -> your column name -> name of the library.
        origin: where it lies, for the error.

    Raises:
        InputError: it lacks a column to rename.
    """
    if frame is None:
        return None
    names = rename.get(table, {})
    unknown = sorted(set(names) - set(frame.columns))
    if unknown:
        raise InputError(
            f"{table}: data.rename.{table} names column '{unknown[0]}', which {origin} does not "
            f"have; it has {listed(frame.columns)}"
        )
    return frame.rename(columns=dict(names))


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
