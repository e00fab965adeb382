"""What bars products from a recommendation, and why it is shorter than asked for, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.serve import rules


@dataclass(frozen=True, kw_only=True, eq=False)
class Limits:
    """What a question leaves out, for whoever asks.

    Attributes:
        products: P, how many there are.
        moment: UTC seconds at which an offer is to be valid; None for no moment.
        closed: [P] not on offer then; None where all are.
        excluded: [n] rows to leave out.
        allowed: [n] the only rows in question; None for all.
    """

    products: int
    moment: int | None
    closed: BoolArray | None
    excluded: IntArray
    allowed: IntArray | None

    @cached_property
    def barred(self) -> BoolArray | None:
        """[P] what may not be offered; None where everything may."""
        if self.closed is None and self.allowed is None and not len(self.excluded):
            return None
        barred = self._unlisted if self.closed is None else self._unlisted | self.closed
        barred[self.excluded] = True
        return barred

    @property
    def _unlisted(self) -> BoolArray:
        unlisted = np.full(self.products, self.allowed is not None)
        if self.allowed is not None:
            unlisted[self.allowed] = False
        return unlisted

    def shortage(self, had: IntArray) -> str:
        """What became of the products, each counted under the first rule that bars it."""
        when = None if self.moment is None else rules.when_of("timestamp", self.moment)
        nothing = np.zeros(self.products, dtype=bool)
        rules_of = {
            f"not on offer at {rules.spoken(when)}": nothing if self.closed is None
            else self.closed,
            "already had": _mask(self.products, had),
            "excluded": _mask(self.products, self.excluded),
            "not on the list": self._unlisted,
        }  # fmt: skip
        return in_words(rules_of, "products")


def in_words(bars: Mapping[str, BoolArray], what: str) -> str:
    """How many are left; each [n] is counted under the first rule, by its name, that bars it."""
    gone, parts = np.zeros_like(next(iter(bars.values()))), []
    for why, mask in bars.items():
        count = int((mask & ~gone).sum())
        gone |= mask
        if count:
            parts.append(f"{why}: {count:,}")
    left = len(gone) - int(gone.sum())
    return f"{left:,} of {len(gone):,} {what} remain" + (f" ({', '.join(parts)})" if parts else "")


def refusal(name: str | None, asked: int | None, permitted: BoolArray) -> str | None:
    """Why the customer cannot be reached at all; None where it can."""
    if asked is not None and not permitted[asked]:
        return f"the customer has not consented to be contacted at touchpoint '{name}'"
    if len(permitted) and not permitted.any():
        return "the customer has not consented to be contacted at any touchpoint"
    return None


def _mask(size: int, rows: IntArray) -> BoolArray:
    mask = np.zeros(size, dtype=bool)
    mask[rows] = True
    return mask
