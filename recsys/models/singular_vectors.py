"""Leading right singular vectors by randomised SVD, for models on arrays.

Halko, Martinsson and Tropp, Finding Structure with Randomness: Probabilistic Algorithms for
Constructing Approximate Matrix Decompositions (2011). The project has three forms, because what is
decomposed differs:

- `of_matrix` takes a sparse matrix and leaves the work to scikit-learn, as long as its blocks of
  [customers, vectors] are small. Beyond, it keeps blocks of [products, vectors] only (`of_tall`),
  which takes a fraction of the time and memory, and the same vectors up to rounding.
- `of_filtered_history` takes the scores of a filter, history @ filter. Written out they are dense
  [C, P], and scikit-learn takes no operators in place of a matrix. `scipy.sparse.linalg.svds` does,
  but multiplies by one vector at a time, where filters are fast on many columns at once. This form
  orthogonalises [P, width] matrices only, so its memory hardly grows with the customers.
- `recsys.training.spectrum` takes a graph that is on a device already, and gives both sides with
  the singular values in PyTorch, to start a graph network from.

All are random projections with few power iterations, so that vectors of small singular values are
approximate. An exact solver gives others: on MovieLens 100k `svds` in place of `of_matrix` changed
the recall@10 of a graph filter by 0.003 to 0.004, and took 2.7 times as long with 256 vectors.
"""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.models.base import FilterRecommender

_OVERSAMPLING = 16
_OF_SCIKIT_LEARN, _ITERATIONS = 10, 3
"""Its oversampling; power iterations."""
_NUMBERS_AT_ONCE = 2**26
"""Of a block of rows times vectors: 256 MiB."""


def of_matrix(matrix: csr_array, rank: int, seed: int) -> FloatArray:
    """Right singular vectors of a sparse matrix, with three power iterations.

    Args:
        matrix: [n, m].
        rank: number of vectors, from 1 to min(n, m).
        seed: of the random projection.

    Returns:
        [m, rank] float32 with orthonormal columns, the vector of the largest singular value first.
    """
    # Imported late: it takes long.
    from sklearn.utils.extmath import randomized_svd

    if matrix.shape[0] * (rank + _OF_SCIKIT_LEARN) > _NUMBERS_AT_ONCE:
        return of_tall(matrix, rank, seed)
    _, _, right = randomized_svd(matrix, rank, n_iter=_ITERATIONS, random_state=seed)
    return np.ascontiguousarray(right.T, dtype=np.float32)


def of_tall(matrix: csr_array, rank: int, seed: int, at_once: int = _NUMBERS_AT_ONCE) -> FloatArray:
    """As `of_matrix`, in memory that does not grow with the rows.

    From the same random start as scikit-learn. Its last basis Q of the rows spans A W, for an
    orthonormal W [m, width]; so the right singular vectors of Q Q'A are the eigenvectors of
    A'Q Q'A = Z (W'Z)^-1 Z' with Z = A'A W, where neither A W nor Q is kept.

    Args:
        matrix: A, [n, m] with n > m.
        rank: number of vectors, from 1 to m.
        seed: of the random projection.
        at_once: numbers of A W that are in memory at a time.

    Returns:
        [m, rank] float32 with orthonormal columns, those beyond the rank of A zero.
    """
    # Imported late: it takes long.
    from sklearn.utils import check_random_state

    width = min(rank + _OF_SCIKIT_LEARN, matrix.shape[1])
    start = check_random_state(seed).normal(size=(matrix.shape[1], width))
    basis = start.astype(np.float32)
    for _ in range(_ITERATIONS):
        basis = np.linalg.qr(_gram_product(matrix, basis, at_once)).Q
    image = _gram_product(matrix, basis, at_once).astype(np.float64)
    gram = basis.T.astype(np.float64) @ image
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    # Directions of almost no weight, where the rank of the matrix is lower, would magnify rounding.
    kept = values > values[-1] * np.finfo(np.float32).eps
    factor = image @ (vectors[:, kept] / np.sqrt(values[kept]))
    leading = np.linalg.svd(factor, full_matrices=False).U[:, :rank]
    right = np.zeros((matrix.shape[1], rank), np.float32)
    right[:, : leading.shape[1]] = leading
    return right


def _gram_product(matrix: csr_array, vectors: FloatArray, at_once: int) -> FloatArray:
    """A'A V [m, width] of A [n, m] and V [m, width], a block of rows at a time."""
    total = np.zeros_like(vectors)
    step = max(1, at_once // vectors.shape[1])
    for first in range(0, matrix.shape[0], step):
        rows = matrix[first : first + step]
        total += rows.T @ (rows @ vectors)
    return total


def of_filtered_history(
    model: FilterRecommender, rank: int, seed: int, iterations: int
) -> FloatArray:
    """Right singular vectors of `model.history @ filter`, which is never written out.

    Args:
        model: fitted.
        rank: number of vectors, from 1 to min(C, P).
        seed: of the random projection.
        iterations: power iterations; more of them come closer to the exact vectors.

    Returns:
        [P, rank] float32 with orthonormal columns, the vector of the largest singular value first.
    """
    history = model.history
    transposed = history.T.tocsr()
    width = min(rank + _OVERSAMPLING, *history.shape)
    start = np.random.default_rng(seed).standard_normal((history.shape[1], width))
    basis = np.linalg.qr(start.astype(np.float32)).Q
    for _ in range(iterations):
        scores = history @ model.apply_filter(basis)
        basis = np.linalg.qr(model.apply_transposed_filter(transposed @ scores)).Q
    scores = history @ model.apply_filter(basis)
    # Eigenvectors of a [width, width] matrix instead of singular vectors of the [C, width] scores.
    _, rotation = np.linalg.eigh(scores.T.astype(np.float64) @ scores)
    leading: FloatArray = (basis @ rotation[:, ::-1][:, :rank]).astype(np.float32)
    return leading


def squared_lengths(matrix: csr_array, vectors: FloatArray) -> FloatArray:
    """|matrix v|^2 of each column v [m, k]: squared singular values where v is a singular vector.

    Returns:
        [k] float32.
    """
    step = max(1, _NUMBERS_AT_ONCE // max(1, matrix.shape[0]))
    parts = [
        np.square(matrix @ vectors[:, first : first + step]).sum(axis=0, dtype=np.float64)
        for first in range(0, vectors.shape[1], step)
    ]
    return np.concatenate(parts).astype(np.float32)
