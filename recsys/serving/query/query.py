"""A query to an artifact, checked once, and the reasons why an answer has fewer offers than k."""

from collections.abc import Iterable, Mapping, Sequence
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
    """How many offers, at which touchpoint and time, and from which of P products.

    Attributes:
        products: P.
        k: how many offers.
        touchpoint: row of the only touchpoint that is used; None for the best of all.
        touchpoint_name: its name; None for any.
        moment: UTC seconds at which an offer is to be valid, and at which ages of events are
            counted; None where dates are not checked.
        invalid: [P] products that are not on offer at that moment; None where all are.
        excluded: [n] product rows to leave out.
        allowed: [n] the only product rows to rank; None for all.
    """

    products: int
    k: int
    touchpoint: int | None
    touchpoint_name: str | None
    moment: int | None
    invalid: BoolArray | None
    excluded: IntArray
    allowed: IntArray | None

    @cached_property
    def blocked(self) -> BoolArray | None:
        """[P] products that may not be offered to any customer; None where all may."""
        if self.invalid is None and self.allowed is None and not len(self.excluded):
            return None
        blocked = self._not_allowed if self.invalid is None else self._not_allowed | self.invalid
        blocked[self.excluded] = True
        return blocked

    @property
    def _not_allowed(self) -> BoolArray:
        mask = np.full(self.products, self.allowed is not None)
        if self.allowed is not None:
            mask[self.allowed] = False
        return mask

    def reachable(self, permitted: BoolArray) -> BoolArray:
        """[...] whether customers with permissions [..., T] may be contacted for this query."""
        if self.touchpoint is not None:
            return np.asarray(permitted[..., self.touchpoint])
        return np.asarray(permitted.any(axis=-1) | (permitted.shape[-1] == 0))

    def refusal(self, permitted: BoolArray) -> str | None:
        """Why a customer with permissions [T] may not be contacted; None where it may."""
        if self.reachable(permitted):
            return None
        named = self.touchpoint_name
        where = "any touchpoint" if named is None else f"touchpoint '{named}'"
        return f"the customer has not consented to be contacted at {where}"

    def shortage(self, seen: IntArray) -> str:
        """How many products remain, and how many each rule removed.

        Args:
            seen: [n] product rows that are not ranked because the customer has seen them.
        """
        when = None if self.moment is None else when_of("timestamp", self.moment)
        nothing = np.zeros(self.products, dtype=bool)
        removed = {
            f"not on offer at {spoken(when)}": nothing if self.invalid is None else self.invalid,
            "already had": _mask(self.products, seen),
            "excluded": _mask(self.products, self.excluded),
            "not on the list": self._not_allowed,
        }
        return count_remaining(removed, "products")


def build_query(
    contents: Contents, products: SortedIds, k: int, touchpoint: str | None = None,
    at: Moment | None = None, exclude: Ids = (), allow: Ids | None = None,
) -> Query:  # fmt: skip
    """Checks the arguments of `Artifact.recommend`, and turns names and ids into rows.

    Raises:
        InputError: the touchpoint or a product is unknown, or k, at, exclude or allow are not
            usable.
    """
    require_whole("k", k, 1)
    moment, is_dated = contents.moment(at), contents.products.has_dates
    return Query(
        products=len(contents.products),
        k=k,
        touchpoint=touchpoint_row(contents, touchpoint),
        touchpoint_name=touchpoint,
        moment=moment,
        invalid=~contents.products.valid(moment) if is_dated and moment is not None else None,
        excluded=_rows(products, "exclude", exclude),
        allowed=None if allow is None else _rows(products, "allow", allow),
    )


def count_remaining(removed: Mapping[str, BoolArray], what: str) -> str:
    """How many of n things remain, as text such as "5 of 7 offers remain (excluded: 2)".

    Args:
        removed: name of a rule -> [n] whether it removes each thing; a thing that several rules
            remove is counted under the first.
        what: the things, in the plural.
    """
    gone, counts = np.zeros_like(next(iter(removed.values()))), {}
    for rule, mask in removed.items():
        counts[rule] = int((mask & ~gone).sum())
        gone |= mask
    return remaining_text(counts, len(gone), what)


def remaining_text(removed: Mapping[str, int], total: int, what: str) -> str:
    """As `count_remaining`, of counts: name of a rule -> how many it removes first."""
    left = total - sum(removed.values())
    parts = ", ".join(f"{rule}: {count:,}" for rule, count in removed.items() if count)
    return f"{left:,} of {total:,} {what} remain" + (f" ({parts})" if parts else "")


def require_whole(name: str, value: Any, low: int) -> None:
    """Raises `InputError` unless the value is a whole number of at least `low`."""
    usable = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= low
    if not usable:
        raise InputError(f"{name}: expected a whole number of at least {low}, got {shown(value)}")


def require_one_id(customer_id: Any) -> None:
    """Raises `InputError` for several ids, which would pass as one that is unknown."""
    if isinstance(customer_id, Iterable) and not isinstance(customer_id, str):
        raise InputError(
            f"customer_id: expected one id, got {shown(customer_id)}; ask for one at a time"
        )


def touchpoint_row(contents: Contents, name: str | None) -> int | None:
    """Row of a touchpoint, None for None. Raises `InputError` for an unknown name."""
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
        # A misspelt id in `exclude` would offer the product that it should keep out.
        starts, ends = products.find_known(list(product_ids))
    except UnknownIdError as error:
        raise error.of(name) from None
    return products.rows[expand_ranges(starts, ends)[1]]


def _mask(size: int, rows: IntArray) -> BoolArray:
    mask = np.zeros(size, dtype=bool)
    mask[rows] = True
    return mask
