"""Where the relevant products of each query are: in its list, and in its whole ranking."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.ops.csr import entry_rows, search_ranges

TIE = 1e-6
"""Scores closer than this share of the row's largest magnitude are equal. In float32 the product of
the same two vectors differs by about a tenth of it with its position in a matrix, so that products
with equal vectors would otherwise be ranked differently in every batch."""


def relevant_entries(products: IntArray, relevant: csr_array) -> IntArray:
    """[Q, k] int64 position of each listed product among the entries of `relevant`; -1 if not one.

    Args:
        products: [Q, k] row numbers, -1 for none.
        relevant: [Q, P] CSR, relevant products.
    """
    width = relevant.shape[1]
    wanted = entry_rows(relevant.indptr) * width + relevant.indices
    if not len(wanted):
        return np.full(products.shape, -1)
    order = np.argsort(wanted, kind="stable")
    listed = np.arange(len(products))[:, None] * width + products
    nearest = order[np.searchsorted(wanted, listed, sorter=order).clip(max=len(wanted) - 1)]
    return np.where((wanted[nearest] == listed) & (products >= 0), nearest, -1)


def mid_ranks(scores: FloatArray, relevant: csr_array) -> FloatArray:
    """Rank of each relevant product among all eligible ones; equal scores share their mean rank.

    Scores are equal where they differ by at most `TIE` of the largest finite one of their row.

    Args:
        scores: [Q, P], higher is better, -inf where a product is not eligible.
        relevant: [Q, P] CSR, relevant products.

    Returns:
        [N] float64, 1 = best, in the order of the CSR matrix; nan for a product of score -inf.

    Raises:
        ValueError: a score is NaN.
    """
    query = entry_rows(relevant.indptr)
    wanted = scores[query, relevant.indices]
    ordered = np.sort(scores, axis=1)
    if np.isnan(ordered[:, -1]).any():  # it is sorted to the end
        raise ValueError("scores contain NaN")
    largest = np.abs(scores).max(axis=1, where=np.isfinite(scores), initial=0)
    near = TIE * largest[query].astype(np.float64)
    flat, width = ordered.ravel(), scores.shape[1]
    starts, ends = query * width, (query + 1) * width
    up_to = search_ranges(flat, starts, ends, wanted + near, "right")
    level = up_to - search_ranges(flat, starts, ends, wanted - near, "left")
    return np.where(np.isneginf(wanted), np.nan, ends - up_to + (level + 1) / 2)
