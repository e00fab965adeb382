"""The firm's offers: their products, touchpoints and dates, in plain arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END
from recsys.serving.artifact import checks
from recsys.serving.artifact.text_ids import TextIds

TYPES = {
    "starts": np.int64, "products": np.int32, "touchpoints": np.int32,
    "valid_from": np.int64, "valid_to": np.int64,
}  # fmt: skip
"""Arrays of a table, and their types on disk, where their names begin with `offer_`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OfferTable:
    """O offers of M products in all.

    An id is repeated where the offer is valid at several touchpoints or times.

    Attributes:
        ids: [O] integers, str or `uuid.UUID`.
        starts: [O + 1] where the products of each offer begin in `products`; each has at least one.
        products: [M] rows of the artifact's products.
        touchpoints: [O] rows of its touchpoints, -1 for any.
        variants: [O] message or call to action, None where there is none; None without any.
        valid_from: [O] UTC seconds, `OPEN_START` where always.
        valid_to: [O] UTC seconds at which the offer has ended, `OPEN_END` where never.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    ids: IdArray | TextIds
    starts: IntArray
    products: IntArray
    touchpoints: IntArray
    valid_from: IntArray
    valid_to: IntArray
    variants: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __post_init__(self) -> None:
        count = len(self.ids)
        checks.ids("offers.ids", self.ids, count)
        checks.integers("offers.starts", self.starts, count + 1, 0, len(self.products) + 1)
        ends = (int(self.starts[0]), int(self.starts[-1]))
        if ends != (0, len(self.products)) or (np.diff(self.starts) < 1).any():
            raise InputError(
                f"contents.offers.starts: expected 0 to {len(self.products)}, ascending, because "
                f"each offer is of at least one product; got {ends[0]} to {ends[1]}"
            )
        checks.integers("offers.products", self.products, len(self.products))
        checks.integers("offers.touchpoints", self.touchpoints, count)
        checks.texts("offers.variants", self.variants, count)
        checks.integers("offers.valid_from", self.valid_from, count)
        checks.integers("offers.valid_to", self.valid_to, count)

    def require_fits(self, products: int, touchpoints: int) -> None:
        """Raises `InputError` unless all rows are of so many products and touchpoints."""
        checks.integers("offers.products", self.products, len(self.products), 0, products)
        checks.integers("offers.touchpoints", self.touchpoints, len(self), -1, touchpoints)

    def valid(self, moment: int | None) -> BoolArray:
        """[O] whether an offer is valid at a moment, UTC seconds; all are where it is None."""
        if moment is None:
            return np.ones(len(self), dtype=bool)
        ended = (self.valid_to <= moment) & (self.valid_to != OPEN_END)
        return np.asarray((self.valid_from <= moment) & ~ended)

    def pooled(self, vectors: FloatArray) -> FloatArray:
        """[O, d] float32 mean of the vectors [P, d] of the products of each offer."""
        sums = np.add.reduceat(vectors[self.products], self.starts[:-1], axis=0, dtype=np.float64)
        return (sums / np.diff(self.starts)[:, None]).astype(np.float32)

    def any_of(self, mask: BoolArray) -> BoolArray:
        """[O] whether the mask [P] is True for at least one product of each offer."""
        return np.logical_or.reduceat(mask[self.products], self.starts[:-1])

    def one_of_each_id(self, rows: IntArray, at_most: int | None = None) -> IntArray:
        """The first of the rows of each id, in their order, at most so many."""
        kept: dict[Any, int] = {}
        for row in map(int, rows):
            kept.setdefault(self.ids[row], row)
            if len(kept) == at_most:
                break
        return np.array(list(kept.values()), np.int64)

    def arrays(self) -> dict[str, IntArray]:
        """The arrays kept with the vectors; ids and variants are kept with the other ids."""
        return {f"offer_{name}": getattr(self, name).astype(TYPES[name]) for name in TYPES}


def restored(
    arrays: Mapping[str, Any], ids: IdArray | TextIds, variants: Sequence[str | None] | None
) -> OfferTable:
    """The table of `OfferTable.arrays`. Raises `LookupError` where an array is missing."""
    kept = {name: arrays[f"offer_{name}"] for name in TYPES}
    return OfferTable(ids=ids, variants=variants, **kept)
