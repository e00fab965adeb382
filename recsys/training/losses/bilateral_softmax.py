"""Softmax over all products with a softmax over a customer's own ones in its numerator."""

import torch
from torch import Tensor

from recsys.training.losses.scores import (
    batch_mean,
    check_temperature,
    full_precision,
    pair_scores,
)
from recsys.training.losses.softmax_over_all import softmax_over_all
from recsys.training.shards import Table


def bilateral_softmax(
    customers: Tensor,
    products: Table,
    rows: Tensor,
    columns: Tensor,
    *,
    temperature: float,
    positive_temperature: float,
    bias: Tensor | None = None,
) -> Tensor:
    """Mean over observed pairs of log sum_q e^(s_cq / t) - t+ / t log mean_p e^(s_cp / t+).

    Wu, Chen, Wu, Shi, Zhang and Wang, BSL: Understanding and Improving Softmax Loss for
    Recommendation (2024), with s_cq = x_c . y_q + t b_q, the sum over all products q and the mean
    over the products p of the customer, so that all pairs of a customer have the same loss. The
    lower the temperature t+ of the positives, the more those count whose vectors are near the
    customer's already, and the less events by accident; where it is high, this is
    `softmax_over_all`. Deviates: all products and all of a customer's positives in place of drawn
    ones; a sum in place of the mean over products, which is a constant; and the loss is divided by
    t.

    Args:
        customers: [B, d]; unit vectors make the scores cosines.
        products: [P, d], all products; their rows may lie in several processes.
        rows: [N] int64 positions in `customers` of the observed pairs, in ascending order.
        columns: [N] int64 row numbers of their products; each pair once.
        temperature: t > 0.
        positive_temperature: t+ > 0.
        bias: [P] b, which gets no gradient; None for 0.

    Returns:
        Scalar. Once differentiable.

    Raises:
        InputError: shapes that do not agree, or a temperature not above 0.
    """
    check_temperature(positive_temperature)
    against_all = softmax_over_all(
        customers, products, rows, columns, temperature=temperature, bias=bias
    )
    scores = pair_scores(full_precision(customers)[rows], full_precision(products[columns]))
    if bias is not None:
        scores = scores + temperature * bias[columns]
    soft = positive_temperature * _log_mean_exp(scores / positive_temperature, rows, len(customers))
    # The plain mean of a customer's scores, which is in `against_all`, becomes the soft one.
    return against_all + batch_mean(scores - soft[rows]) / temperature


def _log_mean_exp(values: Tensor, groups: Tensor, count: int) -> Tensor:
    """[count] log of the mean of e^v over the values of each group; 0 for a group of none."""
    highest = values.new_zeros(count).scatter_reduce(
        0, groups, values.detach(), "amax", include_self=False
    )
    sums = values.new_zeros(count).index_add(0, groups, (values - highest[groups]).exp())
    sizes = groups.bincount(minlength=count)
    return highest + torch.where(sizes > 0, sums / sizes.clamp(min=1), 1).log()
