"""What is known of a send just before it, as named columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """A matrix and the names of its columns.

    A name begins with what the column describes: "customer.", "offer." and "touchpoint." last from
    send to send, so that a model may cross them; "send." holds what belongs to two of them at once,
    or to the moment.

    Attributes:
        values: [S, F] float64; nan where there is nothing to measure, as the days since a first
            contact that has not been.
        names: [F].
    """

    values: FloatArray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raises `ValueError` where names are not unique or not as many as columns."""
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"features: {len(self.names)} names for values {self.values.shape}")
        if len(set(self.names)) < len(self.names):
            raise ValueError("features: expected each name once")

    def __len__(self) -> int:
        return len(self.values)

    def select(self, keep: BoolArray | IntArray) -> "Features":
        """The rows that a mask [S] keeps, or that positions name."""
        return Features(values=self.values[keep], names=self.names)

    def of(self, part: str) -> IntArray:
        """Positions of the columns that describe this part."""
        return np.flatnonzero([name.startswith(f"{part}.") for name in self.names])


def beside(*blocks: Features) -> Features:
    """The columns of all blocks, for the same sends."""
    return Features(
        values=np.hstack([block.values for block in blocks]),
        names=tuple(name for block in blocks for name in block.names),
    )


def named(columns: Mapping[str, FloatArray]) -> Features:
    """Features of columns [S] by name."""
    return Features(values=np.column_stack(list(columns.values())), names=tuple(columns))


def feature_block(part: str, rows: IntArray, matrix: FloatArray, names: Sequence[str]) -> Features:
    """What does not change, as `recsys.graph.features` encodes it.

    Args:
        part: "customer", "offer" or "touchpoint".
        rows: [S] row numbers of the sends.
        matrix: [n, f] by row number.
        names: [f].
    """
    values = matrix[rows].astype(np.float64)
    return Features(values=values, names=tuple(f"{part}.{name}" for name in names))
