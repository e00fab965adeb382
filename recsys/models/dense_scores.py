"""Adding sparse terms to dense tiles of scores, in place."""

import numpy as np
import torch
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.models.sparse_products import as_torch, has_mkl
from recsys.ops.chunks import even_slices
from recsys.ops.csr import entry_rows

NUMBERS_AT_ONCE = 3 * 2**21
"""Of scores that are made at a time: 24 MiB. glibc gives arrays from 32 MiB on back to the system,
which then clears every page of the next one, at about half the time of a sparse product."""


def add_product(scores: FloatArray, left: csr_array, right: csr_array | FloatArray) -> None:
    """Adds left @ right to the scores, without allocating another [Q, P] array.

    Args:
        scores: [Q, P] float32, changed in place.
        left: [Q, m] float32.
        right: [m, P] float32.
    """
    if not has_mkl():
        scores += left @ right if isinstance(right, np.ndarray) else (left @ right).toarray()
        return
    of_right = torch.from_numpy(right) if isinstance(right, np.ndarray) else as_torch(right)
    with torch.inference_mode():
        for rows in even_slices(scores.shape[0], NUMBERS_AT_ONCE // scores.shape[1]):
            target = torch.from_numpy(scores[rows])
            torch.addmm(target, as_torch(left[rows]), of_right, out=target)


def add_history(scores: FloatArray, history: csr_array, weight: float) -> None:
    """Adds weight * history to the scores: the products that a customer had, again.

    Args:
        scores: [Q, P] float32, changed in place.
        history: [Q, P] float32 weights of the customers' events.
        weight: nothing happens at 0.
    """
    if weight:
        scores[entry_rows(history.indptr), history.indices] += weight * history.data
