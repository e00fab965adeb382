"""Vectors of all products, laid out once for inner products with many tiles of customers.

oneDNN, which PyTorch carries, multiplies by AVX-512 where the processor has it. The OpenBLAS of
NumPy's wheels takes AVX2 on some processors of AMD, and PyTorch's MKL on all of them: with vectors
of 512 numbers oneDNN is about twice as fast there.
"""

from typing import Self

import numpy as np
import torch

from recsys.arrays import FloatArray
from recsys.models.dense_scores import NUMBERS_AT_ONCE
from recsys.ops.chunks import even_slices

_FEWEST_ROWS = 64
"""Of customers at a time; with fewer, reading the vectors takes longer than multiplying."""


class PackedVectors:
    """The vectors of products and a bias, for `customers @ products.T + bias`.

    Args:
        products: [P, dim] float32.
        bias: [P] float32.
    """

    def __init__(self, products: FloatArray, bias: FloatArray) -> None:
        self._products = _packed(products)
        # NumPy multiplies where oneDNN cannot.
        self._plain = products if self._products is None else None
        self._bias = bias

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: it never changes, and not every tensor of oneDNN can be copied."""
        return self

    def scores(self, customers: FloatArray) -> FloatArray:
        """Scores [Q, P] float32 of the vectors of customers [Q, dim] float32; a new array."""
        if self._plain is not None:
            product: FloatArray = customers @ self._plain.T
            product += self._bias
            return product
        scores = np.empty((len(customers), len(self._bias)), np.float32)
        bias = torch.from_numpy(self._bias)
        most = max(_FEWEST_ROWS, NUMBERS_AT_ONCE // len(self._bias))
        with torch.inference_mode():
            for rows in even_slices(len(customers), most):
                part = torch.from_numpy(np.ascontiguousarray(customers[rows]))
                scores[rows] = torch.ops.mkldnn._linear_pointwise(
                    part, self._products, bias, "none", [], ""
                ).numpy()
        return scores


def _packed(products: FloatArray) -> torch.Tensor | None:
    """The vectors as oneDNN wants them; None where PyTorch has no oneDNN."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    try:
        # As torch.compile does for layers that do not change; PyTorch has no public name for it.
        with torch.inference_mode():
            packed: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(
                torch.from_numpy(np.ascontiguousarray(products)), 2 * _FEWEST_ROWS
            )
    except (AttributeError, RuntimeError):
        return None
    return packed
