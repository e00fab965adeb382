"""What a fitted model says of histories that it was not fitted on."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.models.base import EmbeddingRecommender, FilterRecommender, FoldIn
from recsys.ops.csr import entry_rows

_TILE = 1_024


def scores_of_history(
    model: FilterRecommender | EmbeddingRecommender, history: csr_array
) -> FloatArray:
    """[Q, P] float32 scores, as `score` gives them to customers with these events.

    Without any, they are those of a customer of whom nothing is known.

    For catalogues of which a P x P matrix can be held.

    Args:
        model: fitted.
        history: [Q, P] weights of events, as `recsys.graph.bipartite.interaction_matrix` sums them.

    Raises:
        ValueError: the model's vectors are not made from events.
    """
    if isinstance(model, FilterRecommender):
        step = model.apply_filter(np.eye(history.shape[1], dtype=np.float32))
        scores: FloatArray = (history @ step + model.bias).astype(np.float32)
        return scores
    history = history.copy()
    history.eliminate_zeros()
    fold_in, vectors = model.fold_in(), model.embeddings()
    products = vectors.products
    if fold_in is None or fold_in.products.shape[1] < products.shape[1]:
        raise ValueError(f"{type(model).__name__}: events alone do not make a vector")
    tiles = [
        _vectors(fold_in, history[start : start + _TILE]) @ products.T
        for start in range(0, history.shape[0], _TILE)
    ]
    found: FloatArray = np.concatenate(tiles).astype(np.float32)
    if vectors.default_customer is not None:
        found[np.diff(history.indptr) == 0] = products @ vectors.default_customer
    return found


def _vectors(fold_in: FoldIn, history: csr_array) -> FloatArray:
    """[n, d] float64; see `FoldIn`."""
    weights = weights_of(fold_in, history)
    products = fold_in.products.astype(np.float64)
    vectors: FloatArray = weights @ products
    if fold_in.gram is not None:
        dim = products.shape[1]
        squares = (products[:, :, None] * products[:, None, :]).reshape(len(products), -1)
        beyond = csr_array((weights.data - 1, weights.indices, weights.indptr), shape=weights.shape)
        matrices = fold_in.gram + (beyond @ squares).reshape(-1, dim, dim)
        vectors = np.linalg.solve(matrices, vectors[:, :, None])[:, :, 0]
    if fold_in.unit:
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / np.where(length > 0, length, 1)
    return vectors


def weights_of(fold_in: FoldIn, history: csr_array) -> csr_array:
    """[n, P] what events that count so much together weigh, by the formula of `FoldIn`."""
    rows = entry_rows(history.indptr)
    sums = history.sum(axis=1)
    scale = 1.0 if fold_in.scale is None else fold_in.scale[history.indices]
    data = fold_in.offset + scale * history.data * sums[rows] ** -fold_in.exponent
    return csr_array((data, history.indices, history.indptr), shape=history.shape)
