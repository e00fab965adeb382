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
    bad = more_often(past, rows, ~boundary.forbidden, products)
    if boundary.window.start is not None:
        late = past.where(lambda part: boundary.late(part.moments))
        bad = np.union1d(bad, past.at(np.flatnonzero(late)).edges(products))
    if len(bad):
        raise boundary.leak(
            "edges",
            rows.where(lambda part: among(part.edges(products), bad)),
            f"{len(bad)} edges without a row before the window",
        )
    return Check(
        kind="edges",
        window=boundary.name,
        table="interactions",
        column=boundary.column,
        rows=len(past),
        latest=boundary.written_or_none(past.latest()),
        cutoff=boundary.cutoff,
        how="customer, product and action of all edges counted against the rows that may be known",
    )


def check_answers(boundary: Boundary) -> Check:
    """Checks that every answer is a raw row of its window.

    Raises:
        InputError: an answer is not; names the first row it was taken from.
    """
    rows = boundary.rows
    inside = np.flatnonzero(rows.where(boundary.is_inside))
    pairs = rows.at(inside).pairs(boundary.products)
    bad = boundary.answers[~among(boundary.answers, pairs)]
    if len(bad):
        raise _outside(boundary, bad)
    moments = rows.at(inside[among(pairs, boundary.answers)]).moments
    return Check(
        kind="answers",
        window=boundary.name,
        table="interactions",
        column=boundary.column,
        rows=len(boundary.answers),
        latest=boundary.latest(moments),
        cutoff=boundary.cutoff,
        how="all relevant products found among the rows of the window",
    )


def _outside(boundary: Boundary, bad: IntArray) -> InputError:
    rows = boundary.rows
    culprits = rows.where(lambda part: among(part.pairs(boundary.products), bad))
    where, got = "interactions", "no such row"
    if culprits.any():
        row = int(culprits.argmax())
        where = f"interactions: row {row}"
        moment = boundary.latest(rows.at(np.array([row])).moments)
        got = str(moment) if rows.are_ordered else "a row of another part"
    return leak(
        "answers",
        boundary.name,
        f"{where}, column '{boundary.column or 'part'}'",
        "an answer from inside the window",
        got,
        "take answers from the window only",
    )
