"""Products of sparse matrices by PyTorch's MKL, on all of its threads; by SciPy where it has none.

SciPy computes sparse products on one thread. The results of both are equal up to rounding, and do
not depend on the number of threads.
"""

import warnings
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.ops.chunks import slices

_COLUMNS = 64
"""Of a dense matrix that are multiplied at once, so that what is read again stays in the cache."""


def has_mkl() -> bool:
    """Whether PyTorch can multiply sparse matrices."""
    return bool(torch.backends.mkl.is_available())  # type: ignore[no-untyped-call]


def as_torch(matrix: csr_array) -> torch.Tensor:
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


def dense_product(vectors: FloatArray, *matrices: csr_array) -> FloatArray:
    """The matrices, the last one first, times vectors [m, width]; a few columns at a time.

    Args:
        vectors: float32.
        matrices: [n, ...] ... [..., m] float32.

    Returns:
        [n, width] float32.
    """
    product = np.empty((matrices[0].shape[0], vectors.shape[1]), np.float32)
    in_torch = has_mkl()
    factors = [as_torch(matrix) if in_torch else matrix for matrix in reversed(matrices)]
    with torch.inference_mode():
        for columns in slices(vectors.shape[1], _COLUMNS):
            block: Any = np.ascontiguousarray(vectors[:, columns])
            if in_torch:
                block = torch.from_numpy(block)
            for factor in factors:
                block = factor @ block
            product[:, columns] = block
    return product
