"""What a source of data must offer; the sources themselves are one file each in `sources/`."""

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from recsys.data.tables import Tables


@dataclass(frozen=True, kw_only=True)
class Cutoffs:
    """Two moments (UTC) or positions in the global order: train | valid | test."""

    valid_from: pd.Timestamp | int
    test_from: pd.Timestamp | int


class Source(Protocol):
    """Constructed from keywords (its YAML in conf/data), loaded once a run."""

    @property
    def name(self) -> str:
        """Short name, as in `data=NAME`."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same files would give other tables; part of the fingerprint."""
        ...

    @property
    def cutoffs(self) -> Cutoffs | None:
        """The published or agreed cut-offs, or None where there is none."""
        ...

    @property
    def filter_seen(self) -> bool:
        """Whether products a customer had before the cut-off leave the ranking."""
        ...

    @property
    def targets(self) -> tuple[str, ...]:
        """The actions that make a product relevant."""
        ...

    def load(self) -> Tables:
        """Reads the tables. Raises `InputError` where a file or column is missing."""
        ...
