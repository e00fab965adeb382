"""Losses that contrast a positive with negatives, or two views of the same nodes."""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from recsys.errors import InputError
from recsys.training.losses.scores import (
    batch_mean,
    check_scores,
    check_temperature,
    check_weights,
    full_precision,
    unit,
)


def bpr(positive: Tensor, negative: Tensor) -> Tensor:
    """Mean of -log sigmoid(s+ - s-) over all pairs of a positive and one of its negatives.

    Rendle, Freudenthaler, Gantner and Schmidt-Thieme, BPR: Bayesian Personalized Ranking from
    Implicit Feedback (2009), BPR-Opt with its sign turned. Deviates: the regularisation is the
    left to the caller, and several negatives a positive are averaged.

    Args:
        positive: [B] scores of observed pairs.
        negative: [B, n] scores of the same customers with products that they do not have.

    Returns:
        Scalar, at least 0.

    Raises:
        InputError: other shapes.
    """
    check_scores(positive, negative)
    return -batch_mean(logsigmoid(full_precision(positive)[:, None] - full_precision(negative)))


def cosine_contrastive(
    positive: Tensor, negative: Tensor, *, margin: float, negative_weight: float
) -> Tensor:
    """Mean over the batch of (1 - cos+) + w / n sum_j max(0, cos_j - m).

    Mao, Zhu, Wang, Dai, Dong, Xiao and He, SimpleX: A Simple and Strong Baseline for Collaborative
    Filtering (2021), equation 1. Negatives below the margin have no gradient.

    Args:
        positive: [B] cosines of observed pairs, from `unit` vectors.
        negative: [B, n] cosines of the same customers with products that they do not have.
        margin: m in [-1, 1].
        negative_weight: w >= 0, of all negatives of a positive together.

    Returns:
        Scalar, at least 0.

    Raises:
        InputError: other shapes, or a margin or weight out of range.
    """
    check_scores(positive, negative)
    _check_margin(margin)
    if not (math.isfinite(negative_weight) and negative_weight >= 0):
        raise InputError(f"negative_weight: expected a finite number >= 0, got {negative_weight}")
    missing = 1 - full_precision(positive)
    excess = (full_precision(negative) - margin).relu()
    # One weight for all: the mean over [B, n] is the mean over the batch of the means over n.
    return batch_mean(missing) + negative_weight * batch_mean(excess)


def weighted_cosine_contrastive(
    positive: Tensor, negative: Tensor, *, margin: float, negative_weights: Tensor
) -> Tensor:
    """`cosine_contrastive` with negatives of customers, who have several pairs each.

    The mean over observed pairs of 1 - cos+, plus the sum over negatives of w max(0, cos - m)
    divided by the number of observed pairs.

    Args:
        positive: [N] cosines of observed pairs.
        negative: [B, n] cosines of customers with products.
        margin: m in [-1, 1].
        negative_weights: [B, n] w, at least 0; 0 for a pair that does not count.

    Returns:
        Scalar, at least 0.

    Raises:
        InputError: other shapes, or a margin out of range.
    """
    _check_margin(margin)
    check_weights(negative, negative_weights)
    excess = negative_weights * (full_precision(negative) - margin).relu()
    return batch_mean(1 - full_precision(positive)) + excess.sum() / max(len(positive), 1)


def info_nce(view: Tensor, other: Tensor, *, temperature: float) -> Tensor:
    """Mean over nodes of -log( exp(cos(v_i, o_i) / t) / sum_j exp(cos(v_i, o_j) / t) ).

    Yu, Xia, Chen, Cui, Hung and Yin, XSimGCL: Towards Extremely Simple Graph Contrastive Learning
    for Recommendation (2023), the loss L_cl; van den Oord, Li and Vinyals (2018) named it.
    Deviates: a log-sum-exp in place of a small number added under the logarithm.

    Args:
        view: [n, d], one row a node; each node once, or it would count as its own negative.
        other: [n, d], the same nodes in the same order.
        temperature: t > 0.

    Returns:
        Scalar, at least 0.

    Raises:
        InputError: shapes that differ, or a temperature not above 0.
    """
    check_temperature(temperature)
    if view.dim() != 2 or view.shape != other.shape:
        raise InputError(
            "info_nce: expected two views [n, d] of the same nodes, got "
            f"{list(view.shape)} and {list(other.shape)}"
        )
    logits = unit(view) @ unit(other).T / temperature
    return batch_mean(torch.logsumexp(logits, dim=1) - logits.diagonal())


def _check_margin(margin: float) -> None:
    if not -1 <= margin <= 1:
        raise InputError(f"margin: expected a cosine in [-1, 1], got {margin}")
