"""The squared loss over all pairs of a customer and a product, without sampling."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import embedding_bag

from recsys.errors import InputError
from recsys.training.losses.scores import full_precision
from recsys.training.shards import ShardedRows, Table

_PAIRS_AT_ONCE = 16_384


def whole_data(
    customers: Tensor,
    products: Table,
    rows: Tensor,
    columns: Tensor,
    *,
    weights: Tensor | None = None,
    unobserved_weight: float,
) -> Tensor:
    """Mean over customers of sum_{p observed} w_cp (1 - s_cp)^2 + sum_{p not observed} c0 s_cp^2.

    Here s_cp = x_c . y_p. Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback
    Datasets (2008), with w = 1 + alpha r and c0 = 1; Chen, Zhang, Zhang, Liu and Ma, Efficient
    Neural Matrix Factorization without Sampling for Recommendation (2020), with w = 1. The sum over
    all pairs is that of the entries of X'X * Y'Y ([d, d] each), of which the observed ones are
    taken back, so value and gradient are exact. Deviates: the mean over customers in place of the
    sum, so that the size of a batch does not scale the gradient, and no regularisation.

    Time O((B + P) d^2 + N d); memory O(d^2 + N), beside the vectors and their gradients.

    Args:
        customers: [B, d], all customers or a batch of them.
        products: [P, d], all products; their rows may lie in several processes.
        rows: [N] int64 positions in `customers` of the observed pairs, in any order.
        columns: [N] int64 row numbers of their products; each pair once.
        weights: [N] w >= 0; None for 1.
        unobserved_weight: c0 >= 0.

    Returns:
        Scalar, at least 0 but for rounding.

    Raises:
        InputError: shapes that do not agree, or an unobserved weight out of range.
    """
    gram = None
    if isinstance(products, ShardedRows):
        gram = products.gram()
        distinct, columns = torch.unique(columns, return_inverse=True)
        products = products[distinct]
    _check(customers, products, rows, columns, weights, unobserved_weight)
    # In half precision, which autocast would use, the difference of the two parts would be lost.
    with torch.autocast(customers.device.type, enabled=False):
        x, y = full_precision(customers), full_precision(products)
        w = x.new_ones(()) if weights is None else weights.to(x.dtype)
        everything = unobserved_weight * ((x.T @ x) * (y.T @ y if gram is None else gram)).sum()
        observed: Tensor = _ObservedPart.apply(  # type: ignore[no-untyped-call]
            x, y, rows, columns, w, unobserved_weight
        )
    return (everything + observed) / max(len(x), 1)


class _ObservedPart(torch.autograd.Function):
    """sum_n w_n (1 - s_n)^2 - c0 s_n^2, keeping one number a pair for the gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        y: Tensor,
        rows: Tensor,
        columns: Tensor,
        weights: Tensor,
        unobserved_weight: float,
    ) -> Tensor:
        scores = _scores(x, y, rows, columns)
        missing = 1 - scores
        slopes = -2 * (weights * missing + unobserved_weight * scores)
        ctx.save_for_backward(x, y, rows, columns, slopes)
        return (weights * missing.square() - unobserved_weight * scores.square()).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, y, rows, columns, slopes = ctx.saved_tensors
        slopes = slopes * grads[0]
        of_x = _summed(y, columns, slopes, rows, len(x)) if ctx.needs_input_grad[0] else None
        of_y = _summed(x, rows, slopes, columns, len(y)) if ctx.needs_input_grad[1] else None
        return of_x, of_y, None, None, None, None


def _scores(x: Tensor, y: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """[N] inner products, a chunk at a time, so that [N, d] never exists."""
    scores = x.new_empty(len(rows))
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        chunk = slice(start, start + _PAIRS_AT_ONCE)
        left, right = x.index_select(0, rows[chunk]), y.index_select(0, columns[chunk])
        scores[chunk] = torch.linalg.vecdot(left, right)
    return scores


def _summed(vectors: Tensor, which: Tensor, weights: Tensor, into: Tensor, size: int) -> Tensor:
    """[size, d]: row i sums weights_n x vectors[which_n] over the n with into_n = i."""
    if not len(into):
        return vectors.new_zeros(size, vectors.shape[1])
    order = into.argsort(stable=True)
    counts = into.bincount(minlength=size)
    starts = counts.cumsum(0) - counts
    return embedding_bag(
        which[order], vectors, starts, mode="sum", per_sample_weights=weights[order]
    )


def _check(
    customers: Tensor,
    products: Tensor,
    rows: Tensor,
    columns: Tensor,
    weights: Tensor | None,
    unobserved_weight: float,
) -> None:
    if customers.dim() != 2 or products.dim() != 2 or customers.shape[1] != products.shape[1]:
        raise InputError(
            "whole_data: expected vectors of customers [B, d] and of products [P, d], got "
            f"{list(customers.shape)} and {list(products.shape)}"
        )
    lengths = {tensor.shape for tensor in (rows, columns, weights) if tensor is not None}
    if lengths != {(rows.numel(),)}:
        raise InputError(
            "whole_data: expected rows, columns and weights of one length [N], got "
            + ", ".join(str(list(shape)) for shape in sorted(lengths))
        )
    if not (math.isfinite(unobserved_weight) and unobserved_weight >= 0):
        raise InputError(
            f"unobserved_weight: expected a finite number >= 0, got {unobserved_weight}"
        )
