"""Random numbers of decisions, which depend only on the seed, the customer and the moment."""

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.policy.exploration.philox import mixed, uniform_pairs


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """Random numbers of B decisions; the order and the batch of decisions make no difference.

    Two decisions for one customer at one moment draw the same numbers.

    Attributes:
        keys: [B] uint64 of seed and customer.
        moments: [B] int64, of any one unit.
    """

    keys: IntArray
    moments: IntArray

    @classmethod
    def of(cls, *, seed: int, customers: IdArray, moments: IntArray) -> Self:
        """Numbers for customers [B] at moments [B].

        Args:
            seed: 0 to 2^64 - 1.
            customers: outside ids, whole numbers or texts; row numbers would change with the data.
            moments: for example UTC seconds.

        Raises:
            InputError: lengths differ, or an argument has another type.
        """
        ids, when = np.asarray(customers), np.asarray(moments)
        if ids.ndim != 1 or ids.shape != when.shape:
            raise InputError(
                f"moments: expected one a customer, [{len(np.atleast_1d(ids))}], got "
                f"{list(when.shape)}"
            )
        if when.dtype.kind not in "iu" and when.size:
            raise InputError(f"moments: expected whole numbers, got {when.dtype}; pass UTC seconds")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise InputError(f"seed: expected a whole number from 0 to 2^64 - 1, got {seed!r}")
        # Distinct customers of a seed have distinct keys, as mixing is one to one.
        keys = mixed(_numbers(ids) ^ mixed(np.array([seed], np.uint64)))
        return cls(keys=keys, moments=when.astype(np.int64))

    def __len__(self) -> int:
        return len(self.keys)

    def rows(self, rows: IntArray | slice) -> "Draws":
        """The numbers of some of the decisions."""
        return Draws(keys=self.keys[rows], moments=self.moments[rows])

    def uniforms(self, count: int, stream: int) -> FloatArray:
        """[B, count] float64 in [0, 1); equal streams give equal numbers."""
        return _in_turn(self._pairs(count, stream), count)

    def normals(self, count: int, stream: int) -> FloatArray:
        """[B, count] standard normal float64, by the transform of Box and Muller."""
        return _in_turn(box_muller(*self._pairs(count, stream)), count)

    def _pairs(self, count: int, stream: int) -> tuple[FloatArray, FloatArray]:
        """Twice [B, half of `count`, rounded up] uniform numbers."""
        pairs = np.arange(-(-count // 2))
        return uniform_pairs(self.keys[:, None], self.moments[:, None], stream, pairs)


def box_muller(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two independent standard normal numbers of two uniform ones in [0, 1)."""
    radius = np.sqrt(-2.0 * np.log1p(-first))
    angle = 2.0 * np.pi * second
    return radius * np.cos(angle), radius * np.sin(angle)


def _in_turn(both: tuple[FloatArray, FloatArray], count: int) -> FloatArray:
    """[B, count] one of the first, one of the second [B, n], and so on."""
    rows, pairs = both[0].shape
    return np.stack(both, axis=2).reshape(rows, 2 * pairs)[:, :count]


def _numbers(ids: IdArray) -> IntArray:
    """[B] uint64 of ids: whole numbers as they are, texts by their BLAKE2 hash."""
    if ids.dtype.kind in "iu" or not ids.size:
        return ids.astype(np.int64).view(np.uint64)
    distinct, position = np.unique(ids.astype(str), return_inverse=True)
    hashed = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in distinct]
    return np.frombuffer(b"".join(hashed), "<u8").astype(np.uint64)[position]
