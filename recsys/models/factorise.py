"""Inner products for models that have none: a low-rank form of a filter of the history."""

from typing import NamedTuple

import numpy as np

from recsys.arrays import FloatArray
from recsys.models import singular_vectors
from recsys.models.base import (
    Composed,
    EmbeddingRecommender,
    Embeddings,
    FilterRecommender,
    FoldIn,
    Recommender,
)


class Factors(NamedTuple):
    """What `factorise` returns.

    Attributes:
        embeddings: customers [C, dim + 1], products [P, dim + 1] and the default customer.
        fold_in: how events become the first dim columns of a customer's vector.
    """

    embeddings: Embeddings
    fold_in: FoldIn


def vectors_of(model: Recommender, dim: int) -> tuple[Embeddings, FoldIn | None] | None:
    """The vectors of a fitted model and the rule that makes them from events; None without either.

    Args:
        model: with vectors, a filter, or parts that have them.
        dim: columns kept of a model, or a part of one, with a filter, which is factorised.
    """
    if isinstance(model, EmbeddingRecommender):
        return model.embeddings(), model.fold_in()
    if isinstance(model, Composed):
        return model.approximate_embeddings(dim), None
    if isinstance(model, FilterRecommender):
        factors = factorise(model, dim)
        return factors.embeddings, factors.fold_in
    return None


def factorise(model: FilterRecommender, dim: int, seed: int = 0, power: int = 4) -> Factors:
    """Vectors whose inner products come closest to `history @ filter + bias`.

    Product vectors V are the leading right singular vectors of the scores S = history @ filter. A
    customer's vector is its history times filter V, so that S ~ S V V' and folding in is exact. One
    more column carries the bias, by which customers without history are ranked. Products have the
    bias times a power of two there and customers the inverse, so that vectors stored in few bytes
    do not lose it. With `dim` at least the rank of S nothing is lost.

    Args:
        model: fitted.
        dim: number of columns, without the one for the bias.
        seed: of the randomised SVD.
        power: power iterations of the SVD; more of them come closer to the exact vectors.
    """
    history = model.history
    rank = min(dim, *history.shape)
    right = singular_vectors.of_filtered_history(model, rank, seed, iterations=power)
    filtered = model.apply_filter(right)
    customers = history @ filtered
    size = _power_of_two(np.abs(right).max(initial=0), np.abs(model.bias).max(initial=0))
    default_customer = np.append(np.zeros(rank), 1 / size).astype(np.float32)
    embeddings = Embeddings(
        customers=np.pad(customers, ((0, 0), (0, 1)), constant_values=default_customer[-1]),
        products=np.hstack([right, model.bias[:, None] * size]).astype(np.float32),
        default_customer=default_customer,
    )
    return Factors(embeddings, FoldIn(history=history, products=filtered))


def _power_of_two(target: FloatArray, largest: FloatArray) -> np.float32:
    """The power of two that brings the largest number near the target, without rounding."""
    if not (target > 0 and largest > 0):
        return np.float32(1)
    return np.float32(2.0 ** np.round(np.log2(target / largest)))
