"""Steps towards weighted least squares of all rows of a sparse matrix, on the matrix's device.

`improved` takes a few conjugate gradients from the vectors of the last step towards the minimum of
`recsys.training.exact_least_squares`, as Takacs, Pilaszy and Tikk, Applications of the Conjugate
Gradient Method for Implicit Feedback Collaborative Filtering (2011), and as `implicit` does it on
the CPU.

Deviation: rows take their steps together, as products of matrices, instead of one after the other.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from recsys.training.bipartite_graph import Half

_NUMBERS_AT_ONCE = 2**28
_NUMBERS_IN_CACHE = 2**19
"""On a CPU, so that a part of the entries' vectors stays in its cache."""
_SMALLEST_RESIDUAL = 1e-20


def improved(confidence: Half, vectors: Tensor, fixed: Tensor, l2: float, steps: int = 3) -> Tensor:
    """Vectors [n, d] after some conjugate gradients; 0 for rows without entries.

    Time a step O(E d + n d^2), memory O(n d).

    Args:
        confidence: [n, m], entries of at least 1.
        vectors: [n, d] where to start, of the type of the entries.
        fixed: [m, d] of the other side.
        l2: weight of the squared norms.
        steps: number of conjugate gradients.
    """
    gram = gram_of(fixed, l2)
    lengths = confidence.lengths
    rows = torch.repeat_interleave(lengths)

    def applied(to: Tensor) -> Tensor:
        return torch.addmm(of_entries(confidence, rows, to, fixed), to, gram)

    vectors = vectors * (lengths > 0)[:, None]
    return conjugate_gradients(vectors, confidence @ fixed - applied(vectors), applied, steps)


def conjugate_gradients(
    vectors: Tensor, residual: Tensor, applied: Callable[[Tensor], Tensor], steps: int = 3
) -> Tensor:
    """Vectors [n, d] after some conjugate gradients, each row with a matrix of its own.

    Args:
        vectors: [n, d] where to start.
        residual: [n, d] the right sides less the matrices times the vectors.
        applied: [n, d] to each row's matrix times it.
        steps: number of conjugate gradients.
    """
    direction, squared = residual.clone(), residual.square().sum(dim=1, keepdim=True)
    for _ in range(steps):
        image = applied(direction)
        curvature = (direction * image).sum(dim=1, keepdim=True)
        # A row whose residual vanished stays as it is.
        step = torch.where(squared > _SMALLEST_RESIDUAL, squared / curvature, 0)
        vectors = torch.addcmul(vectors, step, direction)
        residual = torch.addcmul(residual, step, image, value=-1)
        smaller = residual.square().sum(dim=1, keepdim=True)
        ratio = torch.where(squared > _SMALLEST_RESIDUAL, smaller / squared, 0)
        direction, squared = torch.addcmul(residual, ratio, direction), smaller
    return vectors


def gram_of(fixed: Tensor, l2: float = 0.0) -> Tensor:
    """[d, d] Y'Y + l2 I of vectors Y [m, d]."""
    gram = fixed.T @ fixed
    gram.diagonal().add_(l2)
    return gram


def of_entries(confidence: Half, rows: Tensor, vectors: Tensor, fixed: Tensor) -> Tensor:
    """[n, d] sum_p (c_p - 1) y_p y_p' v over the entries of each row.

    Args:
        confidence: [n, m].
        rows: [E] the row of each entry.
        vectors: [n, d] v of each row.
        fixed: [m, d] y of the other side.
    """
    scaled = torch.empty_like(confidence.values)
    at_once = _NUMBERS_AT_ONCE if fixed.is_cuda else _NUMBERS_IN_CACHE
    size = max(1, at_once // fixed.shape[1])
    for entries in range(0, len(scaled), size):
        part = slice(entries, entries + size)
        columns = confidence.columns[part]
        scores = torch.linalg.vecdot(vectors[rows[part]], fixed[columns])
        scaled[part] = scores * (confidence.values[part] - 1)
    weighted = Half(confidence.offsets, confidence.columns, scaled, confidence.width)
    return weighted @ fixed
