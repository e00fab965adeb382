"""The cosine contrastive loss."""

import math

from torch import Tensor

from recsys.errors import InputError
from recsys.training.losses.scores import batch_mean, check_scores, full_precision


def cosine_contrastive(
    positive: Tensor, negative: Tensor, *, margin: float, negative_weight: float
) -> Tensor:
    """Mean over the batch of (1 - cos+) + w / n sum_j max(0, cos_j - m).

    Mao, Zhu, Wang, Dai, Dong, Xiao and He, SimpleX: A Simple and Strong Baseline for Collaborative
    Filtering (2021), equation 1. Negatives below the margin teach nothing.

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
    if not -1 <= margin <= 1:
        raise InputError(f"margin: expected a cosine in [-1, 1], got {margin}")
    if not (math.isfinite(negative_weight) and negative_weight >= 0):
        raise InputError(f"negative_weight: expected a finite number >= 0, got {negative_weight}")
    missing = 1 - full_precision(positive)
    excess = (full_precision(negative) - margin).relu()
    # One weight for all: the mean over [B, n] is the mean over the batch of the means over n.
    return batch_mean(missing) + negative_weight * batch_mean(excess)
