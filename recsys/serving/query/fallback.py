"""Customers of whom nothing is known: they get what is popular, and the answer says so.

Nothing is known of an id that the artifact does not have, and of a customer whose vector gives
every product the same score, as that of ALS does without events: ranked by it, products would come
in the order of their rows.
"""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.serving.artifact.contents import Contents

_NEAR = 0.01
"""Vectors closer than this times the largest number differ by the precision they are kept in."""


def default_vector(contents: Contents) -> FloatArray | None:
    """[d] vector of a customer of whom nothing is known.

    An artifact of a former version has none; there it is what fresh events become where there are
    none. None where that says nothing either.
    """
    vector, fold_in = contents.customers.default_vector, contents.fold_in
    if vector is None and fold_in is not None and fold_in.rest is not None:
        vector = np.append(np.zeros(fold_in.width, np.float32), fold_in.rest)
    if vector is None or not vector[contents.products.ordering_columns].any():
        return None
    return vector


def require_default(contents: Contents) -> FloatArray:
    """As `default_vector`. Raises `InputError` where the artifact has none."""
    vector = default_vector(contents)
    if vector is None:
        raise InputError(
            "the artifact does not say what to offer where nothing is known; export it again with "
            "this version, or ask for customers that it knows"
        )
    return vector


def filled(
    contents: Contents, vectors: FloatArray, starts: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Vectors [R, d] in which customers of whom nothing is known have the default vector.

    Only the columns that order products are filled in: what a customer prefers among touchpoints
    stays. Of customers with several vectors, all of them must say nothing.

    Args:
        contents: of the artifact.
        vectors: [R, d] of B customers, one customer after the other.
        starts: [B] where the vectors of each customer start.

    Returns:
        The vectors, and [B] whether a customer is ranked by popularity.
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
    # Column by column, so that no second matrix of this size is made.
    is_default = np.ones(len(vectors), dtype=bool)
    for column, value in enumerate(default[columns]):
        is_default &= np.abs(ordering[:, column] - value) <= near
        if not is_default.any():
            break
    return vectors, np.logical_and.reduceat(is_default, starts)
