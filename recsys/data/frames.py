"""Tables given as pandas frames, and the tables from which a data set was built."""

from dataclasses import dataclass

import pandas as pd

from recsys.data.filter_seen import FilterSeenLike, parse_filter_seen
from recsys.data.source import Cutoffs, Source, require_targets
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """A source of tables that are already in memory, see `Source` for the attributes.

    Attributes:
        tables: unchecked.
        cutoffs: None, so that a split needs its own.

    Raises:
        InputError: a table is no DataFrame, a target is no action, or a setting is wrong.
    """

    tables: Tables
    targets: tuple[str, ...]
    filter_seen: FilterSeenLike | FilterSeen
    name: str
    version: str = "1"
    cutoffs: Cutoffs | None = None

    def __post_init__(self) -> None:
        """Raises `InputError` if a table, target or setting cannot be used."""
        for name, table in self.tables.items():
            if not isinstance(table, pd.DataFrame):
                raise InputError(f"{name}: expected a pandas DataFrame, got {type(table).__name__}")
        require_targets(self.targets)
        parse_filter_seen(self.filter_seen)

    def load(self) -> Tables:
        """The tables."""
        return self.tables


@dataclass(frozen=True, kw_only=True, eq=False)
class Origin:
    """The tables of a data set, so that a split can merge identities as known at its cut-off.

    Attributes:
        source: whose tables they are.
        checked: the tables before identities were merged.
        merged: the tables that the data set holds.
    """

    source: Source
    checked: Tables
    merged: Tables
