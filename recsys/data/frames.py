"""Tables given as pandas frames, and the tables from which a data set was built."""

from dataclasses import dataclass

import pandas as pd

from recsys.data.source import Cutoffs, Source, require_targets
from recsys.data.tables import Tables
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """A source of tables that are already in memory, see `Source` for the attributes.

    Attributes:
        tables: unchecked.
        cutoffs: None, so that a split needs its own.

    Raises:
        InputError: a table is no DataFrame, or a target is no action.
    """

    tables: Tables
    targets: tuple[str, ...]
    filter_seen: bool
    name: str
    version: str = "1"
    cutoffs: Cutoffs | None = None

    def __post_init__(self) -> None:
        """Raises `InputError` if a table or target cannot be used."""
        for name, table in self.tables.items():
            if not isinstance(table, pd.DataFrame):
                raise InputError(f"{name}: expected a pandas DataFrame, got {type(table).__name__}")
        require_targets(self.targets)

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
