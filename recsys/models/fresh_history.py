"""Scores of a fitted model for histories that it was not fitted on."""

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.models.base import EmbeddingRecommender, FilterRecommender, FoldIn
from recsys.ops.csr import entry_rows
from recsys.ops.fold_in import customer_vector, weights_of_counts

_TILE = 1_024


def scores_of_history(
    model: FilterRecommender | EmbeddingRecommender, history: csr_array
) -> FloatArray:
    """[Q, P] float32 scores, as `score` gives them to customers with these events.

    A customer without events has the scores of an unknown customer.

    For catalogues of which a P x P matrix can be held.

    Args:
        model: fitted.
        history: [Q, P] CSR counts of events, summed as `recsys.graph.bipartite.interaction_matrix`
            sums them.

    Raises:
        ValueError: the model's vectors are not made from events alone.
    """
    if isinstance(model, FilterRecommender):
        step = model.apply_filter(np.eye(history.shape[1], dtype=np.float32))
        scores: FloatArray = (history @ step + model.bias).astype(np.float32)
        return scores
    history = history.copy()
    history.eliminate_zeros()
    fold_in, embeddings = model.fold_in(), model.embeddings()
    products = embeddings.products
    if fold_in is None or fold_in.products.shape[1] < products.shape[1]:
        raise ValueError(f"{type(model).__name__}: events alone do not make a vector")
    tiles = [
        vectors_of_history(fold_in, history[start : start + _TILE]) @ products.T
        for start in range(0, history.shape[0], _TILE)
    ]
    scores = np.concatenate(tiles).astype(np.float32)
    if embeddings.default_customer is not None:
        scores[np.diff(history.indptr) == 0] = products @ embeddings.default_customer
    return scores


def vectors_of_history(fold_in: FoldIn, history: csr_array) -> FloatArray:
    """[n, m] float64 vectors of customers with these counts of events [n, P].

    Args:
        fold_in: of a fitted model.
        history: [n, P] CSR counts without explicit zeros, n >= 1, summed as
            `recsys.graph.bipartite.interaction_matrix` sums them.
    """
    weights = weights_of(fold_in, history)
    ranges = (slice(start, end) for start, end in pairwise(weights.indptr))
    return np.stack(
        [
            customer_vector(
                weights.data[events],
                fold_in.products[weights.indices[events]],
                fold_in.gram,
                fold_in.unit,
            )
            for events in ranges
        ]
    )


def weights_of(fold_in: FoldIn, history: csr_array) -> csr_array:
    """[n, P] CSR weights of products, from counts of events of the same pattern."""
    totals = history.sum(axis=1)[entry_rows(history.indptr)]
    scale = 1.0 if fold_in.scale is None else fold_in.scale[history.indices]
    data = weights_of_counts(history.data, totals, scale, fold_in.offset, fold_in.exponent)
    return csr_array((data, history.indices, history.indptr), shape=history.shape)
