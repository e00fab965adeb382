"""Scores of products and touchpoints for customers: sums of vectors against a table of vectors."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serving.artifact.contents import Contents


def query_vectors(contents: Contents, vectors: FloatArray, touchpoint: int | None) -> FloatArray:
    """[n, d] customer vectors c, or c + t at a touchpoint that has a vector t."""
    if touchpoint is None or contents.touchpoints.vectors is None:
        return vectors
    return np.asarray(vectors + contents.touchpoints.vectors[touchpoint])


def product_scores(
    contents: Contents, vectors: FloatArray, starts: IntArray, touchpoint: int | None
) -> FloatArray:
    """Scores of all products for B customers, each the maximum over the customer's vectors.

    Args:
        contents: of the artifact.
        vectors: [R, d] of all customers, one customer after the other.
        starts: [B] where the vectors of each customer start.
        touchpoint: row number; None for scores without a touchpoint.

    Returns:
        [B, P] float32.
    """
    scores: FloatArray = query_vectors(contents, vectors, touchpoint) @ contents.products.vectors.T
    return scores if len(vectors) == len(starts) else np.maximum.reduceat(scores, starts, axis=0)


def best_vectors(
    contents: Contents, vectors: FloatArray, products: IntArray, touchpoint: int | None
) -> IntArray:
    """[n] which of a customer's vectors [R, d] gives each of n products its score."""
    scores = query_vectors(contents, vectors, touchpoint) @ contents.products.vectors[products].T
    return np.asarray(scores.argmax(axis=0))


def best_touchpoints(
    contents: Contents, sums: FloatArray, permitted: BoolArray
) -> list[int | None]:
    """Row number of the permitted touchpoint t with the highest (c + p) . t, for n sums c + p.

    Args:
        contents: of the artifact.
        sums: [n, d] of a customer's and a product's vector each.
        permitted: [T] or [n, T], at least one True where touchpoints have vectors.

    Returns:
        [n] rows; None where touchpoints have no vectors.
    """
    if contents.touchpoints.vectors is None:
        return [None] * len(sums)
    scores = np.where(permitted, sums @ contents.touchpoints.vectors.T, -np.inf)
    return [int(best) for best in scores.argmax(axis=1)]
