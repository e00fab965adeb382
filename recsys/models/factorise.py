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
    is exact. One more column carries the bias, which is all that customers without history are
    ranked by; products have it times a power of two and customers the inverse, so that vectors kept
    in few bytes do not lose it. With `dim` at the rank of S nothing is lost.

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
    apply_filter = model.apply_filter(right)
    customers = history @ apply_filter
    size = _power_of_two(np.abs(right).max(initial=0), np.abs(model.bias).max(initial=0))
    nobody = np.append(np.zeros(rank), 1 / size).astype(np.float32)
    return Factors(
        Embeddings(
            customers=np.pad(customers, ((0, 0), (0, 1)), constant_values=nobody[-1]),
            products=np.hstack([right, model.bias[:, None] * size]).astype(np.float32),
            default_customer=nobody,
        ),
        FoldIn(
            history=history,
            products=apply_filter,
        ),
    )


def _power_of_two(wanted: float, largest: float) -> np.float32:
    """That brings the largest number near to the wanted one; numbers keep all their digits."""
    if not (wanted > 0 and largest > 0):
        return np.float32(1)
    return np.float32(2.0 ** np.round(np.log2(wanted / largest)))


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
        scores = history @ model.apply_filter(basis)
        basis = np.linalg.qr(model.apply_transposed_filter(backwards @ scores)).Q
    scores = history @ model.apply_filter(basis)
    # Squared singular values of a [C, width] matrix, without decomposing anything C long.
    _, rotation = np.linalg.eigh(scores.T.astype(np.float64) @ scores)
    leading: FloatArray = (basis @ rotation[:, ::-1][:, :rank]).astype(np.float32)
    return leading
