"""Checks what a fitted model derived: counts it again from the rows that may be known."""

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import Check, Kind
from recsys.data.audit.derived import CustomerMeasures, Derived, ProductCounts
from recsys.data.audit.rows import Rows, among, later

# Counts are kept in float32, which holds whole numbers up to 2^24.
_ROUNDING = 2.0**-22


def check_derived(boundary: Boundary, derived: Derived | None) -> list[Check]:
    """Checks popularity, segments, negatives and calibrators of a fitted model.

    Args:
        boundary: of the window on whose past the model was fitted.
        derived: what the model states; None if it states nothing.

    Raises:
        InputError: a number cannot come from the rows before the cut-off; names the product,
            customer or moment and the first row that explains it.
    """
    stated = derived or Derived()
    return [
        _check_popularity(boundary, stated.popularity),
        _check_segments(boundary, stated.segments),
        _check_moments(boundary, "negatives", stated.negatives),
        _check_moments(boundary, "calibrators", stated.calibrators),
    ]


def _check_popularity(boundary: Boundary, stated: ProductCounts | None) -> Check:
    if stated is None:
        return _not_stated(boundary, "popularity")
    most, examined = np.zeros(boundary.products, np.int64), _Examined()
    for rows in boundary.usable:
        counted = rows.select(_counted(rows, stated))
        most += np.bincount(counted.products, minlength=boundary.products)
        examined.add(counted)
    too_many = stated.counts > most * (1 + _ROUNDING)
    if too_many.any():
        bad = np.append(too_many, False)  # -1 reads the last
        product = int(np.flatnonzero(too_many)[0])
        raise boundary.leak(
            "popularity",
            boundary.rows.where(lambda rows: bad[rows.products] & _counted(rows, stated)),
            f"product {boundary.past.products.ids[product]} counted {stated.counts[product]:g} "
            f"times instead of at most {most[product]}",
        )
    how = "counts by product at most those of the rows that may be known"
    return _check(boundary, "popularity", examined, how)


def _counted(rows: Rows, stated: ProductCounts) -> BoolArray:
    counted = rows.acts(stated.actions)
    if stated.since is None or rows.moments is None:
        return counted
    return counted & (rows.moments >= stated.since)


class _Examined:
    """How many rows were examined, and their latest moment."""

    def __init__(self) -> None:
        self.rows = 0
        self.latest: int | None = None

    def add(self, rows: Rows) -> None:
        """Counts some rows."""
        self.rows += len(rows)
        self.latest = later(self.latest, rows.moments)


def _check_segments(boundary: Boundary, stated: CustomerMeasures | None) -> Check:
    if stated is None:
        return _not_stated(boundary, "segments")
    again, examined = _Measures(len(boundary.past.customers)), _Examined()
    for rows in boundary.usable:
        if stated.left_out is not None:
            rows = rows.select(~stated.left_out[rows.actions, rows.touchpoints])
        again.add(rows)
        examined.add(rows)
    bad = again.differs(stated)
    if bad.any():
        customer = boundary.past.customers.ids[int(np.flatnonzero(bad)[0])]
        raise boundary.leak(
            "segments",
            boundary.rows.where(lambda rows: bad[rows.customers]),
            f"other measures of customer {customer}",
        )
    how = "number, last moment and value of each customer's events equal to a recount"
    return _check(boundary, "segments", examined, how)


class _Measures:
    """Number, last moment and value of the events of each of `size` customers."""

    def __init__(self, size: int) -> None:
        self._events = np.zeros(size, np.int64)
        self._last = np.full(size, np.iinfo(np.int64).min)
        self._sums, self._scale = np.zeros(size), np.zeros(size)
        self._is_timed = self._is_valued = False

    def add(self, rows: Rows) -> None:
        """Counts some rows."""
        np.add.at(self._events, rows.customers, 1)
        if rows.moments is not None:
            self._is_timed = True
            np.maximum.at(self._last, rows.customers, rows.moments)
        if rows.values is not None:
            self._is_valued = True
            amounts = np.nan_to_num(rows.values).astype(np.float64)
            np.add.at(self._sums, rows.customers, amounts)
            np.add.at(self._scale, rows.customers, np.abs(amounts))

    def differs(self, stated: CustomerMeasures) -> BoolArray:
        """[C] bool; sums differ if by more than the order of summation explains."""
        differs: BoolArray = stated.events != self._events
        if stated.last is not None and self._is_timed:
            differs |= (stated.last != self._last) & (self._events > 0)
        if stated.value is not None and self._is_valued:
            differs |= np.abs(stated.value - self._sums) > 1e-9 * self._scale
        return differs


def _check_moments(boundary: Boundary, kind: Kind, stated: IntArray | None) -> Check:
    if stated is None:
        return _not_stated(boundary, kind)
    rows = boundary.rows
    if boundary.window.start is None or not rows.are_ordered:
        return _check(boundary, kind, None, "there is no cut-off to compare the moments with")
    late = stated[boundary.late(stated)]
    if len(late):
        raise boundary.leak(
            kind,
            rows.where(lambda part: among(np.asarray(part.moments), late)),
            f"the moment {boundary.written(late[0])}",
        )
    return Check(
        kind=kind,
        window=boundary.name,
        table="interactions",
        column=boundary.column,
        rows=len(stated),
        latest=boundary.latest(stated),
        cutoff=boundary.cutoff,
        how="the moments that the model states compared with the cut-off",
    )


def _not_stated(boundary: Boundary, kind: Kind) -> Check:
    return _check(
        boundary, kind, None, "the model states none; it was only given the audited events"
    )


def _check(boundary: Boundary, kind: Kind, examined: _Examined | None, how: str) -> Check:
    return Check(
        kind=kind,
        window=boundary.name,
        table="interactions",
        column=boundary.column,
        rows=0 if examined is None else examined.rows,
        latest=None if examined is None else boundary.written_or_none(examined.latest),
        cutoff=boundary.cutoff,
        how=how,
    )
