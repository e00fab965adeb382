"""Tables given as frames in memory, and the tables from which a data set was built."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import pandas as pd

from recsys.data.filter_seen import FilterSeenLike, parse_filter_seen
from recsys.data.source import Cutoffs, Source, require_targets
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen


class ArrowTable(Protocol):
    """A table with Arrow's PyCapsule interface: of pyarrow, polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule with the stream of its batches."""
        ...


Frame: TypeAlias = pd.DataFrame | ArrowTable
"""What `Dataset.from_frames` takes as a table."""


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
        tables: list[tuple[str, Any]] = list(self.tables.items())
        for name, table in tables:
            if not isinstance(table, pd.DataFrame):
                kind = type(table).__name__
                remedy = "; call its collect()" if hasattr(table, "collect") else ""
                raise InputError(
                    f"{name}: expected a pandas DataFrame, or a table of polars or Arrow, got "
                    f"{kind}{remedy}"
                )
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


def as_pandas(name: str, table: Any) -> Any:
    """A table in memory as pandas frame, every value as it was; other objects stay what they are.

    Args:
        name: of the table.
        table: [n] a `Frame`; columns of pandas with an Arrow type are read as those of Arrow.

    Raises:
        InputError: an Arrow table cannot be read.
    """
    import pyarrow as pa

    from recsys.data.arrow_frame import frame_of, without_dictionaries

    try:
        if isinstance(table, pd.DataFrame):
            return _without_arrow_types(table)
        if hasattr(table, "__arrow_c_stream__"):
            return frame_of(without_dictionaries(pa.table(table)))
    except (pa.ArrowException, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{name}: the table cannot be read by Arrow: {reason}") from None
    return table


def _without_arrow_types(frame: pd.DataFrame) -> pd.DataFrame:
    of_arrow = [isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes]
    if not any(of_arrow) or not frame.columns.is_unique:
        return frame
    import pyarrow as pa

    from recsys.data.arrow_frame import frame_of, without_dictionaries

    columns = {
        label: pa.array(column)
        for is_arrow, (label, column) in zip(of_arrow, frame.items(), strict=True)
        if is_arrow
    }
    names = [str(number) for number in range(len(columns))]
    plain = frame_of(without_dictionaries(pa.table(list(columns.values()), names)))
    plain = plain.set_axis(list(columns), axis="columns").set_axis(frame.index)
    return pd.DataFrame(
        {label: plain[label] if label in plain else frame[label] for label in frame.columns}
    )
