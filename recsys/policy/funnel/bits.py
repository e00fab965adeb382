"""Permissions of customers x offers x touchpoints as bits, eight touchpoints a byte."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray

_WORD = 8


class Tally(NamedTuple):
    """What is permitted in a tile: numbers of triples and pairs, customers [B] and offers [O]."""

    triples: int
    pairs: int
    customers: BoolArray
    offers: BoolArray


class Permitted:
    """[B, O, T] permissions of a tile, all given at first.

    A tile of 2,000 customers x 1,000 offers takes 2 MB for eight touchpoints, which stays in the
    cache while rule after rule is applied.
    """

    def __init__(self, customers: int, offers: int, touchpoints: int) -> None:
        padded = -(-offers // _WORD) * _WORD  # so that eight offers are counted at a time
        words = -(-touchpoints // _WORD)
        self._all: NDArray[np.uint8] = np.zeros((words, customers, padded), np.uint8)
        self._bits = self._all[:, :, :offers]
        every = np.packbits(np.ones(touchpoints, dtype=bool))
        self._bits[:] = every[:, None, None]

    def keep(self, mask: BoolArray) -> None:
        """Takes away what a mask that broadcasts to [B, O, T] does not allow."""
        if mask.shape[2] == 1:
            self._bits *= mask[None, :, :, 0].view(np.uint8)
        else:
            packed = np.packbits(mask, axis=2)
            self._bits &= np.moveaxis(packed, 2, 0)

    def tally(self) -> Tally:
        """Counts of what is left."""
        pairs = np.bitwise_or.reduce(self._bits, axis=0)
        return Tally(
            triples=int(np.bitwise_count(self._all.view(np.uint64)).sum(dtype=np.int64)),
            pairs=int(np.count_nonzero(pairs)),
            customers=pairs.max(axis=1, initial=0) > 0,
            offers=np.bitwise_or.reduce(pairs, axis=0) > 0,
        )


def tally_of(mask: BoolArray, customers: int, offers: int, touchpoints: int) -> Tally:
    """As `Permitted.tally` of one mask [B or 1, O or 1, T or 1] by itself, without broadcasting."""
    b, o, t = (
        full // size
        for full, size in zip((customers, offers, touchpoints), mask.shape, strict=True)
    )
    pairs = np.logical_or.reduce(mask, axis=2)
    return Tally(
        triples=int(np.count_nonzero(mask)) * b * o * t,
        pairs=int(np.count_nonzero(pairs)) * b * o,
        customers=np.broadcast_to(np.logical_or.reduce(pairs, axis=1), customers),
        offers=np.broadcast_to(np.logical_or.reduce(pairs, axis=0), offers),
    )
