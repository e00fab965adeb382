"""Data sets made in a test from a few columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.source import Cutoffs
from recsys.data.tables import Tables


@dataclass(frozen=True, kw_only=True)
class MemorySource:
    """A source whose tables are given."""

    tables: Tables
    name: str = "memory"
    version: str = "1"
    cutoffs: Cutoffs | None = None
    filter_seen: bool = True
    targets: tuple[str, ...] = ("purchase",)

    def load(self) -> Tables:
        return self.tables


def source_of(
    interactions: Mapping[str, Sequence[Any]] | pd.DataFrame,
    side: Mapping[str, Mapping[str, Sequence[Any]] | pd.DataFrame] | None = None,
    **settings: Any,
) -> MemorySource:
    """A source of these columns; `side` holds the other tables by name."""
    frames = {name: pd.DataFrame(table) for name, table in (side or {}).items()}
    return MemorySource(
        tables=Tables(interactions=pd.DataFrame(interactions), **frames), **settings
    )


def dataset_of(
    interactions: Mapping[str, Sequence[Any]] | pd.DataFrame,
    side: Mapping[str, Mapping[str, Sequence[Any]] | pd.DataFrame] | None = None,
    seed: int = 0,
    **settings: Any,
) -> Dataset:
    """The checked and coded data set of these columns."""
    source = source_of(interactions, side, **settings)
    return build(source, check_tables(source.load()), seed)


def at(moment: str) -> int:
    """A UTC time as a clock of time shows it."""
    return int(np.datetime64(moment, "us").astype(np.int64))


def outside(data: Dataset, matrix: Any) -> np.ndarray:
    """A [C, P] matrix in the order of sorted ids, so that a test can write it down."""
    dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
    return dense[np.ix_(np.argsort(data.customers.ids), np.argsort(data.products.ids))]
