"""Inner products for models that have none: the best low-rank form of a history filter."""

from typing import NamedTuple

import numpy as np

from recsys.arrays import FloatArray
from recsys.models.base import Embeddings, FilterRecommender, FoldIn

_OVERSAMPLING = 16


class Factors(NamedTuple):
    """What `factorise` returns."""

    embeddings: Embeddings
    fold_in: FoldIn


def factorise(model: FilterRecommender, dim: int, seed: int = 0, power: int = 4) -> Factors:
    """Vectors whose inner products come closest to `history @ filter + bias`.

    Product vectors V are the leading right singular vectors of the score matrix S = history @
    filter, found by a randomised SVD (Halko et al., 2011) that only multiplies by S and never
    forms it; a customer's vector is its history times filter V, so that S ~ S V V' and folding in
    is exact. One more column carries the bias. With `dim` at the rank of S nothing is lost.

    Args:
        model: fitted.
        dim: columns kept, without the one for the bias.
        seed: of the random start.
        power: power iterations; more is closer to the exact singular vectors.

    Returns:
        embeddings [C, dim + 1], [P, dim + 1] and the fold-in arrays.
    """
    history = model.history
    rank = min(dim, *history.shape)
    right = _right_singular_vectors(model, rank, seed, power)
    spread = model.spread(right)
    customers = history @ spread
    ones = np.ones((history.shape[0], 1), np.float32)
    return Factors(
        Embeddings(
            customers=np.hstack([customers, ones]).astype(np.float32),
            products=np.hstack([right, model.bias[:, None]]).astype(np.float32),
        ),
        FoldIn(
            history=history,
            products=spread,
        ),
    )


def _right_singular_vectors(
    model: FilterRecommender, rank: int, seed: int, power: int
) -> FloatArray:
    """[P, rank] float32, orthonormal, of history @ filter, the largest first."""
    history = model.history
    backwards = history.T.tocsr()
    width = min(rank + _OVERSAMPLING, *history.shape)
    start = np.random.default_rng(seed).standard_normal((history.shape[1], width))
    basis = np.linalg.qr(start.astype(np.float32)).Q
    for _ in range(power):
        scores = history @ model.spread(basis)
        basis = np.linalg.qr(model.spread_back(backwards @ scores)).Q
    scores = history @ model.spread(basis)
    # Squared singular values of a [C, width] matrix, without decomposing anything C long.
    _, rotation = np.linalg.eigh(scores.T.astype(np.float64) @ scores)
    leading: FloatArray = (basis @ rotation[:, ::-1][:, :rank]).astype(np.float32)
    return leading
