"""Cross-entropy of observed pairs and of pairs with drawn products, each with its weight."""

from torch import Tensor
from torch.nn.functional import softplus

from recsys.training.losses.scores import check_weights, full_precision


def weighted_logistic(
    positive: Tensor, negative: Tensor, *, positive_weights: Tensor, negative_weights: Tensor
) -> Tensor:
    """Mean over observed pairs of -w+ log sigmoid(s+), plus the sum of -w log sigmoid(-s).

    Mao, Zhu, Xiao, Lu, Wang and He, UltraGCN: Ultra Simplification of Graph Convolutional Networks
    for Recommendation (2021), equations 9 and 11, whose weights make the two of them one sum. The
    second sum is over the negatives of the whole batch and is divided by the same number of
    observed pairs.

    Args:
        positive: [N] scores of observed pairs.
        negative: [B, n] scores of customers with products.
        positive_weights: [N] w+, at least 0.
        negative_weights: [B, n] w, at least 0; 0 for a pair that does not count.

    Returns:
        Scalar, at least 0.

    Raises:
        InputError: shapes that do not agree.
    """
    check_weights(positive, positive_weights)
    check_weights(negative, negative_weights)
    missing = (positive_weights * softplus(-full_precision(positive))).sum()
    excess = (negative_weights * softplus(full_precision(negative))).sum()
    return (missing + excess) / max(len(positive), 1)
