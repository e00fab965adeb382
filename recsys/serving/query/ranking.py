"""Scores of products and touchpoints for customers: sums of vectors against a table of vectors."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serving.artifact.contents import Contents


def towards(contents: Contents, vectors: FloatArray, touchpoint: int | None) -> FloatArray:
    """[n, d] c, or c + t at a touchpoint whose vector is known."""
    if touchpoint is None or contents.touchpoints.vectors is None:
        return vectors
    summed: FloatArray = vectors + contents.touchpoints.vectors[touchpoint]
    return summed


def product_scores(
    contents: Contents, vectors: FloatArray, starts: IntArray, touchpoint: int | None
) -> FloatArray:
    """[B, P] scores of all products for B customers, each the maximum over the customer's vectors.

    Args:
        contents: of the artifact.
        vectors: [R, d] of all customers, one customer after the other.
        starts: [B] where the vectors of each customer start.
        touchpoint: row number, or None for no touchpoint in particular.
    """
    scores: FloatArray = towards(contents, vectors, touchpoint) @ contents.products.vectors.T
    return scores if len(vectors) == len(starts) else np.maximum.reduceat(scores, starts, axis=0)


def deciding(
    contents: Contents, vectors: FloatArray, products: IntArray, touchpoint: int | None
) -> IntArray:
    """[n] which of a customer's vectors [R, d] gives each of n products its score."""
    scores = towards(contents, vectors, touchpoint) @ contents.products.vectors[products].T
    found: IntArray = scores.argmax(axis=0)
    return found


def best_touchpoints(
    contents: Contents, known: FloatArray, permitted: BoolArray
) -> list[int | None]:
    """Row number of the best permitted touchpoint for each of n sums of vectors, c + p.

    Args:
        contents: of the artifact.
        known: [n, d].
        permitted: [T] or [n, T], at least one True where touchpoints have vectors.
    """
    if contents.touchpoints.vectors is None:
        return [None] * len(known)
    scores = np.where(permitted, known @ contents.touchpoints.vectors.T, -np.inf)
    return [int(best) for best in scores.argmax(axis=1)]
