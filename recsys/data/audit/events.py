"""Checks edges and answers: no event of a past is from its window, and all answers are."""

import numpy as np

from recsys.arrays import IntArray
from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import Check, leak
from recsys.data.audit.rows import among, more_often, rows_of_past
from recsys.errors import InputError


def check_edges(boundary: Boundary) -> Check:
    """Checks that every event of the past is a raw row from before the cut-off, with its count.

    Raises:
        InputError: an event is not; names the first row that should have been kept out.
    """
    past, products, rows = rows_of_past(boundary.past), boundary.products, boundary.rows
    raw = rows.edges(products)
    given = past.edges(products)
    bad = more_often(given, raw[~boundary.forbidden])
    if boundary.window.start is not None:
        bad = np.union1d(bad, given[boundary.late(past.moments)])
    if len(bad):
        raise boundary.leak(
            "edges", among(raw, bad), f"{len(bad)} edges without a row before the window"
        )
    return Check(
        kind="edges",
        window=boundary.name,
        table="interactions",
        column=boundary.column,
        rows=len(past),
        latest=boundary.latest(past.moments),
        cutoff=boundary.cutoff,
        how="customer, product and action of all edges counted against the rows that may be known",
    )


def check_answers(boundary: Boundary) -> Check:
    """Checks that every answer is a raw row of its window.

    Raises:
        InputError: an answer is not; names the first row it was taken from.
    """
    rows, window = boundary.rows, boundary.window
    inside = boundary.is_target
    if boundary.divides == "cut-off":
        inside &= boundary.late(rows.moments)
        if window.end is not None and rows.moments is not None:
            inside &= rows.moments < window.end
    elif boundary.divides == "part" and rows.of_test is not None:
        inside &= rows.of_test == (boundary.name == "test")
    pairs = rows.pairs(boundary.products)
    bad = boundary.answers[~among(boundary.answers, pairs[inside])]
    if len(bad):
        raise _outside(boundary, pairs, bad)
    latest = None if rows.moments is None else rows.moments[inside & among(pairs, boundary.answers)]
    return Check(
        kind="answers",
        window=boundary.name,
        table="interactions",
        column=boundary.column,
        rows=len(boundary.answers),
        latest=boundary.latest(latest),
        cutoff=boundary.cutoff,
        how="all relevant products found among the rows of the window",
    )


def _outside(boundary: Boundary, pairs: IntArray, bad: IntArray) -> InputError:
    rows = np.flatnonzero(among(pairs, bad))
    where = f"interactions: row {rows[0]}" if len(rows) else "interactions"
    got: str | int | None = "no such row"
    if len(rows) and boundary.rows.moments is not None:
        got = boundary.latest(boundary.rows.moments[rows[:1]])
    elif len(rows):
        got = "a row of another part"
    return leak(
        "answers",
        boundary.name,
        f"{where}, column '{boundary.column or 'part'}'",
        "an answer from inside the window",
        got,
        "take answers from the window only",
    )
