"""Factors on the value of an offer that differ by customer."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges

ALL_OFFERS = -1
"""Stands for every offer of a customer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerLevers:
    """n factors of C customers on O offers; 1 where there is none.

    Several that meet in one pair of customer and offer are multiplied, as levers of a policy are.

    Attributes:
        starts: [C + 1] int64 where the factors of each customer begin.
        offers: [n] int32 rows, `ALL_OFFERS` for every offer.
        factors: [n] float32 of at least 0; 0 holds an offer back.

    Raises:
        InputError: the arrays do not fit together, or a factor is negative or not finite.
    """

    starts: IntArray
    offers: IntArray
    factors: FloatArray

    def __post_init__(self) -> None:
        count = len(self.factors)
        ends = self.starts[[0, -1]].tolist() if len(self.starts) else []
        if ends != [0, count] or len(self.offers) != count or (np.diff(self.starts) < 0).any():
            raise InputError("levers: expected starts that ascend to the number of factors")
        if not bool(np.all(np.isfinite(self.factors) & (self.factors >= 0))):
            raise InputError("levers: expected numbers of at least 0; 0 holds an offer back")

    @classmethod
    def of(
        cls, customers: IntArray, offers: IntArray, factors: FloatArray, count: int
    ) -> "CustomerLevers":
        """The factors in any order.

        Args:
            customers: [n] rows, 0 to below `count`.
            offers: [n] rows, or `ALL_OFFERS`.
            factors: [n].
            count: C.

        Raises:
            InputError: a factor is negative or not finite.
        """
        order = np.argsort(customers, kind="stable")
        return cls(
            starts=np.searchsorted(customers[order], np.arange(count + 1)).astype(np.int64),
            offers=offers[order].astype(np.int32),
            factors=factors[order].astype(np.float32),
        )

    def require_fits(self, customers: int, offers: int) -> None:
        """Raises `InputError` unless the levers are of so many customers and offers."""
        of_offers = self.offers
        fits = not len(of_offers) or (of_offers.min() >= ALL_OFFERS and of_offers.max() < offers)
        if len(self.starts) != customers + 1 or not fits:
            raise InputError(
                f"levers: expected those of {customers:,} customers and {offers:,} offers, got "
                "others"
            )

    def times(self, gains: FloatArray, rows: IntArray) -> FloatArray:
        """[B, O] float32 gains after the factors of the customers.

        Args:
            gains: [O] or [B, O] euros of an acceptance before them, see `gain`.
            rows: [B] customer rows; -1 for an unknown customer, who has none.
        """
        known = np.flatnonzero(rows >= 0)
        owners, entries = expand_ranges(self.starts[rows[known]], self.starts[rows[known] + 1])
        owners, offers, factors = known[owners], self.offers[entries], self.factors[entries]
        scaled: FloatArray = np.array(np.broadcast_to(gains, (len(rows), gains.shape[-1])))
        of_all = offers == ALL_OFFERS
        np.multiply.at(scaled, (owners[~of_all], offers[~of_all]), factors[~of_all])
        whole = np.ones(len(rows), np.float32)
        np.multiply.at(whole, owners[of_all], factors[of_all])
        scaled *= whole[:, None]
        return scaled
