"""The offers that are considered for each customer, each at a touchpoint and daypart."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """At most K candidates of each of C customers, all arrays [C, K].

    Attributes:
        offers: int32 rows of the offers, -1 where there is no candidate.
        touchpoints: int8 rows of the touchpoints, -1 there.
        dayparts: int8, -1 there; 0 where dayparts do not matter.
        probabilities: float32 of acceptance; 0 there.
        values: float32 net value in euros, see `net_value`; -inf there.
    """

    offers: IntArray
    touchpoints: IntArray
    dayparts: IntArray
    probabilities: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        """Raises `InputError` unless all arrays have one shape [C, K] with K of at least 1."""
        shape = self.offers.shape
        if len(shape) != 2 or not shape[1]:
            raise InputError(f"candidates.offers: expected [C, K] with K >= 1, got shape {shape}")
        for name, array in vars(self).items():
            if array.shape != shape:
                raise InputError(f"candidates.{name}: expected shape {shape}, got {array.shape}")

    def __len__(self) -> int:
        return len(self.offers)

    @classmethod
    def of(cls, values: FloatArray, touchpoints: IntArray) -> "Candidates":
        """Candidates that are told apart by their column alone.

        Args:
            values: [C, K] net value in euros; -inf leaves a candidate out.
            touchpoints: [C, K] or [K] rows of the touchpoints.
        """
        shape, is_none = values.shape, np.isneginf(values)
        columns = np.broadcast_to(np.arange(shape[1]), shape)
        return cls(
            offers=np.where(is_none, -1, columns).astype(np.int32),
            touchpoints=np.where(is_none, -1, np.broadcast_to(touchpoints, shape)).astype(np.int8),
            dayparts=np.where(is_none, -1, 0).astype(np.int8),
            probabilities=np.zeros(shape, np.float32),
            values=values,
        )

    @classmethod
    def empty(cls, customers: int, k: int) -> "Candidates":
        """Without candidates yet, to be filled tile by tile with `put`."""
        shape = (customers, k)
        return cls(
            offers=np.full(shape, -1, np.int32),
            touchpoints=np.full(shape, -1, np.int8),
            dayparts=np.full(shape, -1, np.int8),
            probabilities=np.zeros(shape, np.float32),
            values=np.full(shape, -np.inf, np.float32),
        )

    def put(self, first: int, tile: "Candidates") -> None:
        """Writes the candidates of a tile of customers, the first of which has row `first`."""
        for name, array in vars(self).items():
            array[first : first + len(tile)] = getattr(tile, name)
