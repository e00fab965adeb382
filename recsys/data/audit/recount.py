"""Checks what a fitted model derived: counts it again from the rows that may be known."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import Check, Kind
from recsys.data.audit.derived import CustomerMeasures, Derived, ProductCounts
from recsys.data.audit.rows import Rows

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
    usable = boundary.usable
    counted = _counted(usable, stated)
    most = np.bincount(usable.products[counted], minlength=boundary.products)
    too_many = stated.counts > most * (1 + _ROUNDING)
    if too_many.any():
        rows = boundary.rows
        bad = np.append(too_many, False)[rows.products]  # -1 reads the last
        product = int(np.flatnonzero(too_many)[0])
        raise boundary.leak(
            "popularity",
            bad & _counted(rows, stated),
            f"product {boundary.past.products.ids[product]} counted {stated.counts[product]:g} "
            f"times instead of at most {most[product]}",
        )
    how = "counts by product at most those of the rows that may be known"
    return _check(boundary, "popularity", usable.select(counted), how)


def _counted(rows: Rows, stated: ProductCounts) -> BoolArray:
    counted = rows.acts(stated.actions)
    if stated.since is None or rows.moments is None:
        return counted
    return counted & (rows.moments >= stated.since)


def _check_segments(boundary: Boundary, stated: CustomerMeasures | None) -> Check:
    if stated is None:
        return _not_stated(boundary, "segments")
    usable, size = boundary.usable, len(boundary.past.customers)
    if stated.left_out is not None:
        usable = usable.select(~stated.left_out[usable.actions, usable.touchpoints])
    events = np.bincount(usable.customers, minlength=size)
    bad = stated.events != events
    if stated.last is not None and usable.moments is not None:
        bad |= (stated.last != _last(usable, size)) & (events > 0)
    if stated.value is not None and usable.values is not None:
        bad |= _differs(stated.value, usable, size)
    if bad.any():
        customer = boundary.past.customers.ids[int(np.flatnonzero(bad)[0])]
        raise boundary.leak(
            "segments", bad[boundary.rows.customers], f"other measures of customer {customer}"
        )
    how = "number, last moment and value of each customer's events equal to a recount"
    return _check(boundary, "segments", usable, how)


def _last(rows: Rows, size: int) -> IntArray:
    assert rows.moments is not None
    last = np.full(size, np.iinfo(np.int64).min)
    np.maximum.at(last, rows.customers, rows.moments)
    return last


def _differs(value: FloatArray, rows: Rows, size: int) -> BoolArray:
    """[C] bool, whether sums differ by more than the order of summation explains."""
    assert rows.values is not None
    amounts = np.nan_to_num(rows.values).astype(np.float64)
    sums = np.bincount(rows.customers, amounts, size)
    scale = np.bincount(rows.customers, np.abs(amounts), size)
    return np.asarray(np.abs(value - sums) > 1e-9 * scale)


def _check_moments(boundary: Boundary, kind: Kind, stated: IntArray | None) -> Check:
    if stated is None:
        return _not_stated(boundary, kind)
    rows = boundary.rows
    if boundary.window.start is None or rows.moments is None:
        return _check(boundary, kind, None, "there is no cut-off to compare the moments with")
    late = stated[boundary.late(stated)]
    if len(late):
        raise boundary.leak(
            kind, np.isin(rows.moments, late), f"the moment {boundary.written(late[0])}"
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


def _check(boundary: Boundary, kind: Kind, rows: Rows | None, how: str) -> Check:
    return Check(
        kind=kind,
        window=boundary.name,
        table="interactions",
        column=boundary.column,
        rows=0 if rows is None else len(rows),
        latest=None if rows is None else boundary.latest(rows.moments),
        cutoff=boundary.cutoff,
        how=how,
    )
