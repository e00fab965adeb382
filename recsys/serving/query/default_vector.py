"""The default vector, which ranks by popularity for customers of whom nothing is known.

Nothing is known of an id that the artifact does not have, and of a customer whose vector gives
every product the same score, as that of ALS does without events: it would rank products by their
row numbers.
"""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.serving.artifact.contents import Contents

_NEAR = 0.01
"""Differences below this share of the largest number come from the stored precision."""


def default_vector(contents: Contents) -> FloatArray | None:
    """[d] float32 vector of a customer of whom nothing is known; None where there is none.

    For an artifact of an older version, which has none, it is the fold-in of no events. A vector
    that gives all products the same score counts as none.
    """
    vector, fold_in = contents.customers.default_vector, contents.fold_in
    if vector is None and fold_in is not None and fold_in.rest is not None:
        vector = np.append(np.zeros(fold_in.width, np.float32), fold_in.rest)
    if vector is None or not vector[contents.products.ordering_columns].any():
        return None
    return vector


def require_default_vector(contents: Contents) -> FloatArray:
    """As `default_vector`, but raises `InputError` where there is none."""
    vector = default_vector(contents)
    if vector is None:
        raise InputError(
            "the artifact does not say what to offer where nothing is known; export it again with "
            "this version, or ask for customers that it knows"
        )
    return vector


def fill_default(
    contents: Contents, vectors: FloatArray, starts: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Replaces vectors that cannot order products by the default vector.

    Only columns that order products are replaced, so that a preference among touchpoints stays. All
    vectors of a customer must be unable to order products.

    Args:
        contents: of the artifact.
        vectors: [R, d] of B customers, one customer after the other.
        starts: [B] where the vectors of each customer start.

    Returns:
        The vectors [R, d], and [B] whether a customer is ranked by popularity.
    """
    default, columns = default_vector(contents), contents.products.ordering_columns
    if default is None or not len(starts):
        return vectors, np.zeros(len(starts), dtype=bool)
    ordering = vectors[:, columns]
    empty = np.logical_and.reduceat(~ordering.any(axis=1), starts)
    if empty.any():
        rows = np.repeat(empty, np.diff(np.append(starts, len(vectors))))
        vectors = vectors.copy()
        vectors[np.ix_(rows, columns)] = default[columns]
        ordering = vectors[:, columns]
    near = _NEAR * float(np.abs(default).max())
    # Column by column, to avoid a second matrix of this size.
    is_default = np.ones(len(vectors), dtype=bool)
    for column, value in enumerate(default[columns]):
        is_default &= np.abs(ordering[:, column] - value) <= near
        if not is_default.any():
            break
    return vectors, np.logical_and.reduceat(is_default, starts)
