"""Leading right singular vectors by randomised SVD, for models on arrays.

Halko, Martinsson and Tropp, Finding Structure with Randomness: Probabilistic Algorithms for
Constructing Approximate Matrix Decompositions (2011). The project has three forms, because what is
decomposed differs:

- `of_matrix` takes a sparse matrix. From the same random start as scikit-learn's `randomized_svd`
  it finds the same vectors up to rounding, in less time and memory: sparse products run on all
  threads and on few columns at once, which fit the cache, a Cholesky factor makes bases
  orthonormal, and only matrices [products, vectors] are kept.
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
from scipy.linalg import LinAlgError, cholesky, qr, solve_triangular
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.models.base import FilterRecommender
from recsys.ops.chunks import slices

_OVERSAMPLING = 16
_OF_SCIKIT_LEARN, _ITERATIONS = 10, 3
"""Its oversampling; power iterations."""
_ROWS_AT_ONCE = 2**18
"""Of a matrix that is multiplied by its transpose: 64 MiB of products with a block of columns."""
_COLUMNS = 64
"""Of vectors that are multiplied at a time, where their products are not kept."""
_WELL_CONDITIONED = 1e-2
"""Ratio within the diagonal of a Cholesky factor below which float32 loses orthogonality."""


def of_matrix(
    matrix: csr_array, rank: int, seed: int, rows_at_once: int = _ROWS_AT_ONCE
) -> FloatArray:
    """Right singular vectors of a sparse matrix, with three power iterations.

    As in scikit-learn, the random start has as many rows as the shorter side of A [n, m]:

    - n < m: W, orthonormal, spans (A'A)^3 A' S for the start S [n, width]. The vectors are W U,
      with the eigenvectors U of (A W)'A W.
    - n >= m: W spans (A'A)^3 S, for S [m, width], and Q, the last basis of the rows, spans A W. The
      vectors are the eigenvectors of A'Q Q'A = Z (W'Z)^-1 Z' with Z = A'A W, where neither A W nor
      Q is kept.

    Args:
        matrix: A, [n, m] float32.
        rank: number of vectors, from 1 to min(n, m).
        seed: of the random projection.
        rows_at_once: rows that are multiplied at a time.

    Returns:
        [m, rank] float32 with orthonormal columns, the vector of the largest singular value first;
        those beyond the rank of A are zero.
    """
    # Imported late: export does not need PyTorch.
    from recsys.models.sparse_products import dense_product

    shorter = min(matrix.shape)
    width, is_wide = min(rank + _OF_SCIKIT_LEARN, shorter), matrix.shape[0] < matrix.shape[1]
    # Of the old generator, because scikit-learn draws from it.
    start = np.random.RandomState(seed).normal(size=(shorter, width))
    basis = start.astype(np.float32)
    if is_wide:
        basis = dense_product(basis, matrix.T.tocsr())
    for _ in range(_ITERATIONS):
        basis = _orthonormal(_gram_product(matrix, basis, rows_at_once))
    factor = basis if is_wide else _nystrom_factor(matrix, basis, rows_at_once)
    image = dense_product(basis, matrix) if is_wide else factor
    values, vectors = np.linalg.eigh((image.T @ image).astype(np.float64))
    # The rest is rounding, where the rank of the matrix is lower; all of it, where that is 0.
    smallest = values.max(initial=0) * np.finfo(np.float32).eps
    kept = np.flatnonzero(values > smallest)[::-1][:rank]
    rotation = vectors[:, kept] if is_wide else vectors[:, kept] / np.sqrt(values[kept])
    right = np.zeros((matrix.shape[1], rank), np.float32)
    right[:, : len(kept)] = factor @ rotation.astype(factor.dtype)
    return right


def _nystrom_factor(matrix: csr_array, basis: FloatArray, rows_at_once: int) -> FloatArray:
    """F [m, at most width] float64 with F F' = A'Q Q'A, see `of_matrix`."""
    image = _gram_product(matrix, basis, rows_at_once).astype(np.float64)
    gram = basis.T.astype(np.float64) @ image
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    # Directions of almost no weight, where the rank of the matrix is lower, would magnify rounding.
    kept = values > values[-1] * np.finfo(np.float32).eps
    factor: FloatArray = image @ (vectors[:, kept] / np.sqrt(values[kept]))
    return factor


def _orthonormal(vectors: FloatArray) -> FloatArray:
    """An orthonormal basis [m, width] of the columns of vectors [m, width] float32."""
    try:
        factor = cholesky((vectors.T @ vectors).astype(np.float64), lower=True)
    except LinAlgError:
        factor = None
    if factor is None or factor.diagonal().min() < _WELL_CONDITIONED * factor.diagonal().max():
        basis: FloatArray = qr(vectors, mode="economic", check_finite=False)[0]
        return basis
    solved = solve_triangular(
        factor.astype(np.float32), vectors.T, lower=True, overwrite_b=True, check_finite=False
    )
    return np.ascontiguousarray(solved.T)


def _gram_product(matrix: csr_array, vectors: FloatArray, rows_at_once: int) -> FloatArray:
    """A'A V [m, width] of A [n, m] and V [m, width], a block of rows at a time."""
    from recsys.models.sparse_products import dense_product

    if matrix.shape[0] <= rows_at_once:
        return dense_product(vectors, matrix.T.tocsr(), matrix)
    total = np.zeros_like(vectors)
    for part in slices(matrix.shape[0], rows_at_once):
        total += dense_product(vectors, matrix[part].T.tocsr(), matrix[part])
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
    # Imported late, with PyTorch.
    from recsys.models.sparse_products import dense_product

    columns = slices(vectors.shape[1], _COLUMNS)
    parts = [
        np.square(dense_product(vectors[:, part], matrix)).sum(axis=0, dtype=np.float64)
        for part in columns
    ]
    return np.concatenate(parts).astype(np.float32)
