"""Products of sparse matrices into dense tiles, which scoring by a filter consists of."""

import warnings

import numpy as np
import torch
from scipy.sparse import csr_array

from recsys.arrays import FloatArray


def add_product(tile: FloatArray, left: csr_array, right: csr_array) -> None:
    """Adds left @ right to the tile, in place; the dense tile is all that is ever allocated.

    Args:
        tile: [n, P] float32.
        left: [n, m] float32.
        right: [m, P] float32.
    """
    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        tile += (left @ right).toarray()
        return
    with torch.inference_mode():
        target = torch.from_numpy(tile)
        torch.addmm(target, _torch_csr(left), _torch_csr(right), out=target)


def _torch_csr(matrix: csr_array) -> torch.Tensor:
    """The same matrix for torch; index arrays are shared where scipy already holds int32."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse (CSR|invariant)", UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int32, copy=False)),
            torch.from_numpy(matrix.indices.astype(np.int32, copy=False)),
            torch.from_numpy(matrix.data),
            size=matrix.shape,
            check_invariants=False,
        )
