"""Products of an artifact: vectors, ids, and what the catalogue says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.policy.compiled.times import OPEN_END
from recsys.serving.artifact import checks


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductTable:
    """P products, one row each, vectors of size d.

    Attributes:
        vectors: [P, d] float32.
        ids: [P] integers, str or `uuid.UUID`, unique; of loaded texts see `CustomerTable.ids`.
        names: [P] for people to read, None where a product has none; None where no product has.
        categories: [P], None as for `names`.
        valid_from: [P] int64 UTC seconds from which a product is on offer, `OPEN_START` where
            always; None where no start is known.
        valid_to: [P] int64 UTC seconds at which the offer has ended, `OPEN_END` where never; None
            where no end is known.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    vectors: FloatArray
    ids: IdArray
    names: Sequence[str | None] | None = None
    categories: Sequence[str | None] | None = None
    valid_from: IntArray | None = None
    valid_to: IntArray | None = None

    def __post_init__(self) -> None:
        checks.matrix("products.vectors", self.vectors)
        checks.ids("products.ids", self.ids, len(self))
        checks.texts("products.names", self.names, len(self))
        checks.texts("products.categories", self.categories, len(self))
        checks.integers("products.valid_from", self.valid_from, len(self))
        checks.integers("products.valid_to", self.valid_to, len(self))

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def has_dates(self) -> bool:
        """Whether any product may be offered at some times only."""
        return self.valid_from is not None or self.valid_to is not None

    def valid(self, moment: int | None) -> BoolArray:
        """[P] whether a product is on offer at a moment, UTC seconds; all where it is None."""
        valid = np.ones(len(self), dtype=bool)
        if moment is None:
            return valid
        if self.valid_from is not None:
            valid &= self.valid_from <= moment
        if self.valid_to is not None:
            valid &= (self.valid_to > moment) | (self.valid_to == OPEN_END)
        return valid

    @cached_property
    def ordering_columns(self) -> BoolArray:
        """[d] columns in which products differ: only they decide the order of products."""
        if len(self) == 1:
            return np.ones(self.vectors.shape[1], dtype=bool)
        return np.asarray(self.vectors.max(axis=0) != self.vectors.min(axis=0))
