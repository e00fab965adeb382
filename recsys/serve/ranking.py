"""Scores of products and touchpoints for customers: sums of vectors against a table of vectors."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serve import events
from recsys.serve.contents import Contents


def queries(contents: Contents, rows: IntArray, touchpoint: int | None) -> FloatArray:
    """[R, d] `towards` of customer rows [R]."""
    return towards(contents, contents.customers[rows], touchpoint)


def product_scores(
    contents: Contents, rows: IntArray, starts: IntArray, touchpoint: int | None
) -> FloatArray:
    """[B, P] scores of all products for B customers, each the maximum over the customer's rows.

    Args:
        contents: of the artifact.
        rows: [R] rows of all customers, one customer after the other.
        starts: [B] where the rows of each customer start.
        touchpoint: row number, or None for no touchpoint in particular.
    """
    scores: FloatArray = queries(contents, rows, touchpoint) @ contents.products.T
    return scores if len(rows) == len(starts) else np.maximum.reduceat(scores, starts, axis=0)


def deciding_rows(
    contents: Contents, rows: IntArray, products: IntArray, touchpoint: int | None
) -> IntArray:
    """[n] the customer's row, of R, that gives each of n products its score."""
    scores = queries(contents, rows, touchpoint) @ contents.products[products].T
    deciding: IntArray = rows[scores.argmax(axis=0)]
    return deciding


def seen(contents: Contents, rows: IntArray, starts: IntArray) -> tuple[IntArray, IntArray]:
    """Pairs of customer (position in `starts`) and product that have an event."""
    if contents.event_products is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    owners, found = events.of_rows(contents, rows)
    customers = np.searchsorted(starts, owners, side="right") - 1
    return customers, contents.event_products[found]


def best_touchpoints(
    contents: Contents, known: FloatArray, permitted: BoolArray
) -> list[int | None]:
    """Row number of the best permitted touchpoint for each of n sums of vectors, c + p.

    Args:
        contents: of the artifact.
        known: [n, d].
        permitted: [T] or [n, T], at least one True where touchpoints have vectors.
    """
    if contents.touchpoints is None:
        return [None] * len(known)
    scores = np.where(permitted, known @ contents.touchpoints.T, -np.inf)
    return [int(best) for best in scores.argmax(axis=1)]


def towards(contents: Contents, vectors: FloatArray, touchpoint: int | None) -> FloatArray:
    """[n, d] c, or c + t at a touchpoint whose vector is known."""
    if touchpoint is None or contents.touchpoints is None:
        return vectors
    summed: FloatArray = vectors + contents.touchpoints[touchpoint]
    return summed
