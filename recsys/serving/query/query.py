"""What is asked of an artifact, checked once, and in words why an answer is shorter than asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np

from recsys.arrays import BoolArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.ops.shown_text import shown
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds, UnknownIdError
from recsys.serving.artifact.times import Moment, spoken, when_of

Id: TypeAlias = str | int | UUID
Ids: TypeAlias = Sequence[Id] | IdArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Query:
    """How many offers, where and when, and what it leaves out; P products.

    Attributes:
        products: P.
        k: how many offers.
        touchpoint: name of the only touchpoint in question, and `asked` its row; None for any.
        asked: see `touchpoint`.
        moment: UTC seconds at which an offer is to be valid; None for no moment.
        closed: [P] not on offer then; None where all are.
        excluded: [n] rows to leave out.
        allowed: [n] the only rows in question; None for all.
    """

    products: int
    k: int
    touchpoint: str | None
    asked: int | None
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

    def reachable(self, permitted: BoolArray) -> BoolArray:
        """[...] whether customers with permissions [..., T] may be contacted as asked."""
        if self.asked is not None:
            return np.asarray(permitted[..., self.asked])
        return np.asarray(permitted.any(axis=-1) | (permitted.shape[-1] == 0))

    def refusal(self, permitted: BoolArray) -> str | None:
        """Why a customer with permissions [T] cannot be reached at all; None where it can."""
        if self.reachable(permitted):
            return None
        where = "any touchpoint" if self.asked is None else f"touchpoint '{self.touchpoint}'"
        return f"the customer has not consented to be contacted at {where}"

    def shortage(self, had: IntArray) -> str:
        """What became of the products, each counted under the first rule that bars it."""
        when = None if self.moment is None else when_of("timestamp", self.moment)
        nothing = np.zeros(self.products, dtype=bool)
        rules_of = {
            f"not on offer at {spoken(when)}": nothing if self.closed is None
            else self.closed,
            "already had": _mask(self.products, had),
            "excluded": _mask(self.products, self.excluded),
            "not on the list": self._unlisted,
        }  # fmt: skip
        return in_words(rules_of, "products")


def question(
    contents: Contents, products: SortedIds, k: int, touchpoint: str | None = None,
    at: Moment | None = None, exclude: Ids = (), allow: Ids | None = None,
) -> Query:  # fmt: skip
    """The question in row numbers; arguments as of `Artifact.recommend`.

    Raises:
        InputError: the touchpoint or a product is unknown, or k, at, exclude or allow are not
            usable.
    """
    require_whole("k", k, 1)
    moment, is_dated = contents.moment(at), contents.products.has_dates
    return Query(
        products=len(contents.products),
        k=k,
        touchpoint=touchpoint,
        asked=_touchpoint_row(contents, touchpoint),
        moment=moment,
        closed=~contents.products.valid(moment) if is_dated and moment is not None else None,
        excluded=_rows(products, "exclude", exclude),
        allowed=None if allow is None else _rows(products, "allow", allow),
    )


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


def require_whole(name: str, value: Any, low: int) -> None:
    """Raises `InputError` unless the value is a whole number of at least `low`."""
    usable = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= low
    if not usable:
        raise InputError(f"{name}: expected a whole number of at least {low}, got {shown(value)}")


def _touchpoint_row(contents: Contents, name: str | None) -> int | None:
    known = list(contents.touchpoints.names)
    if name is None:
        return None
    if name not in known:
        raise InputError(
            f"touchpoint {shown(name)} is not known; the artifact has {', '.join(known) or 'none'}"
        )
    return known.index(name)


def _rows(products: SortedIds, name: str, product_ids: Ids) -> IntArray:
    if isinstance(product_ids, str | int | UUID):
        raise InputError(f"{name}: expected a sequence of product ids, got {shown(product_ids)}")
    try:
        # A misspelt id would let the product through that somebody wants to keep out.
        starts, ends = products.find_known(list(product_ids))
    except UnknownIdError as error:
        raise error.of(name) from None
    return products.rows[expand_ranges(starts, ends)[1]]


def _mask(size: int, rows: IntArray) -> BoolArray:
    mask = np.zeros(size, dtype=bool)
    mask[rows] = True
    return mask
