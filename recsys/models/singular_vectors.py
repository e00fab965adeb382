"""Leading right singular vectors by randomised SVD, for models on arrays.

Halko, Martinsson and Tropp, Finding Structure with Randomness: Probabilistic Algorithms for
Constructing Approximate Matrix Decompositions (2011). The project has three forms, because what is
decomposed differs:

- `of_matrix` takes a sparse matrix and leaves the work to scikit-learn.
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


def of_matrix(matrix: csr_array, rank: int, seed: int) -> FloatArray:
    """Right singular vectors of a sparse matrix, by scikit-learn with three power iterations.

    Args:
        matrix: [n, m].
        rank: number of vectors, from 1 to min(n, m).
        seed: of the random projection.

    Returns:
        [m, rank] float32 with orthonormal columns, the vector of the largest singular value first.
    """
    # Imported late: it takes long.
    from sklearn.utils.extmath import randomized_svd

    _, _, right = randomized_svd(matrix, rank, n_iter=3, random_state=seed)
    return np.ascontiguousarray(right.T, dtype=np.float32)


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
