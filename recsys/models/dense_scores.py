"""Adding sparse terms to dense tiles of scores, in place."""

import warnings

import numpy as np
import torch
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.ops.csr import entry_rows


def add_product(scores: FloatArray, left: csr_array, right: csr_array | FloatArray) -> None:
    """Adds left @ right to the scores, without allocating another [Q, P] array.

    Args:
        scores: [Q, P] float32, changed in place.
        left: [Q, m] float32.
        right: [m, P] float32.
    """
    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        scores += left @ right if isinstance(right, np.ndarray) else (left @ right).toarray()
        return
    with torch.inference_mode():
        target = torch.from_numpy(scores)
        of_right = torch.from_numpy(right) if isinstance(right, np.ndarray) else _torch_csr(right)
        torch.addmm(target, _torch_csr(left), of_right, out=target)


def add_history(scores: FloatArray, history: csr_array, weight: float) -> None:
    """Adds weight * history to the scores: the products that a customer had, again.

    Args:
        scores: [Q, P] float32, changed in place.
        history: [Q, P] float32 weights of the customers' events.
        weight: nothing happens at 0.
    """
    if weight:
        scores[entry_rows(history.indptr), history.indices] += weight * history.data


def _torch_csr(matrix: csr_array) -> torch.Tensor:
    """The same matrix in PyTorch; index arrays are shared where SciPy holds int32 already."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse (CSR|invariant)", UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int32, copy=False)),
            torch.from_numpy(matrix.indices.astype(np.int32, copy=False)),
            torch.from_numpy(matrix.data),
            size=matrix.shape,
            check_invariants=False,
        )
