"""The vectors that alternating least squares starts from."""

import numpy as np

from recsys.arrays import FloatArray

_LARGEST_AT_FIRST = 0.01


def initial_vectors(shape: tuple[int, int], dim: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Customers [C, dim] and products [P, dim] float32, drawn in [0, 0.01) as `implicit` does.

    Args:
        shape: (C, P).
        dim: length of the vectors.
        seed: of the draws.
    """
    generator = np.random.default_rng(seed)
    customers, products = (
        generator.random((rows, dim), np.float32) * np.float32(_LARGEST_AT_FIRST) for rows in shape
    )
    return customers, products
