"""Features of sends: a matrix with named columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """A matrix of features and the names of its columns.

    A name begins with what the column describes. Columns of a "customer.", an "offer." or a
    "touchpoint." persist from send to send, so that a model may cross them. Columns of a "send."
    describe a pair of these, or the moment.

    Attributes:
        values: [S, F] float64; nan where there is nothing to measure, for example the days since
            the last contact of a customer who was never contacted.
        names: [F] unique names.

    Raises:
        ValueError: names repeat, or are not as many as columns.
    """

    values: FloatArray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Checks the names."""
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"features: {len(self.names)} names for values {self.values.shape}")
        if len(set(self.names)) < len(self.names):
            raise ValueError("features: expected each name once")

    def __len__(self) -> int:
        return len(self.values)

    def select(self, keep: BoolArray | IntArray) -> "Features":
        """The rows that a mask [S] keeps, or those at the given positions."""
        return Features(values=self.values[keep], names=self.names)

    def of(self, part: str) -> IntArray:
        """Positions of the columns of a part: "customer", "offer", "touchpoint" or "send"."""
        return np.flatnonzero([name.startswith(f"{part}.") for name in self.names])


def concatenate(*blocks: Features) -> Features:
    """Concatenates the columns of several blocks of features of the same sends."""
    return Features(
        values=np.hstack([block.values for block in blocks]),
        names=tuple(name for block in blocks for name in block.names),
    )


def from_columns(columns: Mapping[str, FloatArray]) -> Features:
    """Builds features from columns [S] by name."""
    return Features(values=np.column_stack(list(columns.values())), names=tuple(columns))


def feature_block(part: str, rows: IntArray, matrix: FloatArray, names: Sequence[str]) -> Features:
    """Features that do not change over time, as `recsys.graph.features` encodes them.

    Args:
        part: "customer", "offer" or "touchpoint".
        rows: [S] row number of the part in each send.
        matrix: [n, f] features by row number.
        names: [f] names of the columns, without the part.

    Returns:
        [S, f] features.
    """
    values = matrix[rows].astype(np.float64)
    return Features(values=values, names=tuple(f"{part}.{name}" for name in names))
