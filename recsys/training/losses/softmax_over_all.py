"""Softmax over all products, without sampling."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from recsys.errors import InputError
from recsys.training.losses.scores import check_temperature, full_precision
from recsys.training.shards import Shard, ShardedRows, Table

_SCORES_AT_ONCE = 2**23


def softmax_over_all(
    customers: Tensor,
    products: Table,
    rows: Tensor,
    columns: Tensor,
    *,
    temperature: float = 1.0,
    bias: Tensor | None = None,
    weights: Tensor | None = None,
) -> Tensor:
    """Mean over observed pairs of -log( e_cp / sum_q e_cq ), e_cp = exp(x_c . y_p / t + b_p).

    The multinomial likelihood of Liang, Krishnan, Hoffman and Jebara, Variational Autoencoders for
    Collaborative Filtering (2018), and what `sampled_softmax` estimates. All pairs of a customer
    share one row of scores, so that the exact loss of a customer costs as much as one pair with P
    sampled negatives. Scores exist a tile at a time: the gradient is computed with each tile and
    kept instead of the scores. Deviates from `sampled_softmax`: a customer's other products stay in
    the sum.

    Time O(B P d); memory O((B + P) d), and 32 MiB of scores. Under autocast the scores and
    the gradient of customers are products of half precision, everything else is not.

    Where the rows of products lie in several processes, each scores all customers against its own
    rows: they exchange the maximum and the sum of a row of scores, and the gradient of customers.

    Args:
        customers: [B, d]; unit vectors make the scores cosines.
        products: [P, d], all products; their rows may lie in several processes.
        rows: [N] int64 positions in `customers` of the observed pairs, in ascending order.
        columns: [N] int64 row numbers of their products; each pair once.
        temperature: t > 0.
        bias: [P] b, which gets no gradient; None for 0.
        weights: [N] at least 0, of the pairs in the mean, of the type of the vectors; no gradient.
            None for equal weights.

    Returns:
        Scalar, at least 0. Once differentiable.

    Raises:
        InputError: shapes that do not agree, or a temperature not above 0.
    """
    check_temperature(temperature)
    if isinstance(products, ShardedRows):
        own, shard = products.own, products.shard
    else:
        own, shard = products, Shard(len(products))
    if customers.dim() != 2 or own.dim() != 2 or customers.shape[1] != own.shape[1]:
        raise InputError(
            "softmax_over_all: expected vectors of customers [B, d] and of products [P, d], got "
            f"{list(customers.shape)} and {list(own.shape)}"
        )
    if rows.dim() != 1 or rows.shape != columns.shape:
        raise InputError(
            "softmax_over_all: expected rows and columns of one length [N], got "
            f"{list(rows.shape)} and {list(columns.shape)}"
        )
    if weights is None:
        weights = torch.ones_like(rows, dtype=full_precision(customers).dtype)
    elif weights.shape != rows.shape:
        raise InputError(
            f"softmax_over_all: expected weights [{len(rows)}], one a pair, got "
            f"{list(weights.shape)}"
        )
    total: Tensor = _AllProducts.apply(  # type: ignore[no-untyped-call]
        full_precision(customers),
        full_precision(own),
        rows,
        columns,
        temperature,
        bias,
        weights,
        shard,
    )
    sum_of_weights = weights.sum()
    return total / torch.where(sum_of_weights > 0, sum_of_weights, 1)


class _AllProducts(torch.autograd.Function):
    """The sum over pairs of weight w; with P the softmax and n_c their sum, dL/ds = n_c P - w."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        y: Tensor,
        rows: Tensor,
        columns: Tensor,
        temperature: float,
        bias: Tensor | None,
        weights: Tensor,
        shard: Shard,
    ) -> Tensor:
        of_x, of_y = torch.zeros_like(x), torch.zeros_like(y)
        total = x.new_zeros(())
        learns = any(ctx.needs_input_grad[:2])
        sums_of_weights = x.new_zeros(len(x), 1)
        sums_of_weights[:, 0].index_add_(0, rows, weights)
        processes = shard.processes
        if processes.count > 1:
            rows, columns, weights, bias = _own_pairs(shard, rows, columns, weights, bias)
        ends = torch.bincount(rows, minlength=len(x)).cumsum(0).tolist()
        tile = max(1, _SCORES_AT_ONCE // max(shard.largest, 1))
        for start in range(0, len(x), tile):
            end = min(start + tile, len(x))
            pairs = slice(ends[start - 1] if start else 0, ends[end - 1])
            at = rows[pairs] - start, columns[pairs]
            scores = full_precision(x[start:end] @ y.T).div_(temperature)
            if bias is not None:
                scores += bias
            observed = scores[at]
            highest = processes.highest(_row_maximum(scores))
            share = scores.sub_(highest).exp_()
            sums = processes.total(share.sum(dim=1, keepdim=True))
            of_rows, of_pairs = sums_of_weights[start:end], weights[pairs]
            logits = processes.total((of_pairs * observed).sum())
            total += (of_rows * (sums.log() + highest)).sum() - logits
            if not learns:
                continue
            share.mul_(of_rows / sums)
            share[at] -= of_pairs
            of_x[start:end] = share @ y
            of_y.addmm_(share.T, x[start:end])
        of_x = processes.total(of_x)
        ctx.save_for_backward(of_x.div_(temperature), of_y.div_(temperature))
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        of_x, of_y = ctx.saved_tensors
        return of_x * grads[0], of_y * grads[0], None, None, None, None, None, None


def _row_maximum(scores: Tensor) -> Tensor:
    """[B, 1] maximum of each row; -infinity in a process without products."""
    if not scores.shape[1]:
        return scores.new_full((len(scores), 1), -torch.inf)
    return scores.amax(dim=1, keepdim=True)


def _own_pairs(
    shard: Shard, rows: Tensor, columns: Tensor, weights: Tensor, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """The pairs whose products this process holds, with columns counted from its first."""
    own = shard.own
    inside = (columns >= own.start) & (columns < own.stop)
    of_own = None if bias is None else bias[own]
    return rows[inside], columns[inside] - own.start, weights[inside], of_own
