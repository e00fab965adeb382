"""Alternating least squares by conjugate gradients, by the library `implicit` on the CPU."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from recsys.arrays import FloatArray
from recsys.training.exact_least_squares import each_in_threads, solved, thread_count
from recsys.training.row_systems import Entries


def alternate_by_implicit(
    confidence: csr_array,
    *,
    dim: int,
    epochs: int,
    l2: float,
    seed: int,
    after: Callable[[int, tuple[FloatArray, FloatArray]], None] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Vectors of customers and products after some alternations, customers solved exactly at last.

    Args:
        confidence: [C, P] float32, entries of at least 1.
        dim: length of the vectors.
        epochs: number of alternations.
        l2: weight of the squared norms.
        seed: of the initial vectors.
        after: called after each epoch, from 1, with the current vectors.

    Returns:
        Customers [C, dim] and products [P, dim] float32.

    Raises:
        numpy.linalg.LinAlgError: `l2` is too small to solve for these confidences.
    """
    from implicit.als import AlternatingLeastSquares

    def told(iteration: int, _seconds: float, _loss: float) -> None:
        if after is not None:
            after(iteration + 1, (model.user_factors, model.item_factors))

    # implicit runs its own threads, which threads of BLAS would only slow down.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=dim,
            regularization=l2,
            alpha=1.0,
            iterations=epochs,
            random_state=seed,
            use_gpu=False,
            # implicit takes every core, whatever OMP_NUM_THREADS says.
            num_threads=thread_count(),
        )
        model.fit(csr_matrix(confidence), show_progress=False, callback=told)
    products: FloatArray = model.item_factors
    with each_in_threads() as each:
        return solved(Entries.of(confidence, np, "cpu"), products, l2, np, each), products
