"""Scores of pairs by inner product or cosine, and helpers that all losses share."""

import math
from typing import overload

import torch
from torch import Tensor

from recsys.errors import InputError
from recsys.training.shards import ShardedRows, Table


@overload
def unit(vectors: Tensor) -> Tensor: ...
@overload
def unit(vectors: Table) -> Table: ...
def unit(vectors: Table) -> Table:
    """Vectors [..., d] scaled to length 1; their inner products are cosines.

    A zero vector stays zero, and its gradient is that of the inner product. A lower bound of the
    norm would instead multiply the gradient by the inverse of the bound.
    """
    if isinstance(vectors, ShardedRows):
        return ShardedRows(unit(vectors.own), vectors.shard)
    vectors = full_precision(vectors)
    norm = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return vectors / torch.where(norm > 0, norm, 1)


def pair_scores(customers: Tensor, products: Tensor) -> Tensor:
    """Inner products of each customer with its own products.

    Args:
        customers: [B, d].
        products: [B, d], one for each customer, or [B, n, d].

    Returns:
        [B] or [B, n].
    """
    if products.dim() == 2:
        scores: Tensor = torch.linalg.vecdot(customers, products)
        return scores
    return (products @ customers[:, :, None])[:, :, 0]


def full_precision(values: Tensor) -> Tensor:
    """Half precision as float32; other types are not changed."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def batch_mean(losses: Tensor) -> Tensor:
    """The mean of losses of any shape; 0 where there are none."""
    return losses.sum() / max(losses.numel(), 1)


def check_scores(positive: Tensor, negative: Tensor) -> None:
    """Raises `InputError` unless the shapes are [B] and [B, n]; others would broadcast."""
    if positive.dim() != 1 or negative.dim() != 2 or len(positive) != len(negative):
        raise InputError(
            "loss: expected scores of positives [B] and of their negatives [B, n], got "
            f"{list(positive.shape)} and {list(negative.shape)}; one negative each is [B, 1]"
        )


def check_weights(scores: Tensor, weights: Tensor) -> None:
    """Raises `InputError` unless there is one weight for each score; others would broadcast."""
    if scores.shape != weights.shape:
        raise InputError(
            f"loss: expected a weight for each score, got scores {list(scores.shape)} and weights "
            f"{list(weights.shape)}"
        )


def check_temperature(temperature: float) -> None:
    """Raises `InputError` unless it is finite and above 0."""
    if not (math.isfinite(temperature) and temperature > 0):
        raise InputError(f"temperature: expected a finite number > 0, got {temperature}")
