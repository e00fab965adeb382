"""Vectors of all products, laid out once for inner products with many tiles of customers.

oneDNN, which PyTorch carries, multiplies by AVX-512 where the processor has it. The OpenBLAS of
NumPy's wheels takes AVX2 on some processors of AMD, and PyTorch's MKL on all of them. Short vectors
gain nothing: there, writing the scores takes the time.
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
        self._packed, self._bias = _packed(products), bias
        if self._packed is None:
            self._products = products

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: it never changes, and not every tensor of oneDNN can be copied."""
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[FloatArray, FloatArray]]:
        """As plain arrays, for pickle; they are laid out anew where they are read."""
        products = self._products if self._packed is None else self._packed.to_dense().numpy()
        return type(self), (products, self._bias)

    def scores(self, customers: FloatArray) -> FloatArray:
        """Scores [Q, P] float32 of the vectors of customers [Q, dim] float32; a new array."""
        if self._packed is None:
            product: FloatArray = customers @ self._products.T
            product += self._bias
            return product
        scores = np.empty((len(customers), len(self._bias)), np.float32)
        bias = torch.from_numpy(self._bias)
        most = max(_FEWEST_ROWS, NUMBERS_AT_ONCE // len(self._bias))
        with torch.inference_mode():
            for rows in even_slices(len(customers), most):
                part = torch.from_numpy(np.ascontiguousarray(customers[rows]))
                # Copied by PyTorch, on all threads.
                torch.from_numpy(scores[rows]).copy_(_product(part, self._packed, bias))
        return scores


def _product(customers: torch.Tensor, packed: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
        customers, packed, bias, "none", [], ""
    )
    return product


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
            _product(torch.zeros(1, products.shape[1]), packed, torch.zeros(len(products)))
    except (AttributeError, RuntimeError):
        return None
    return packed
