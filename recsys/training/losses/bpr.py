"""Bayesian personalised ranking."""

from torch import Tensor
from torch.nn.functional import logsigmoid

from recsys.training.losses.scores import batch_mean, check_scores, full_precision


def bpr(positive: Tensor, negative: Tensor) -> Tensor:
    """Mean of -log sigmoid(s+ - s-) over all pairs of a positive and one of its negatives.

    Rendle, Freudenthaler, Gantner and Schmidt-Thieme, BPR: Bayesian Personalized Ranking from
    Implicit Feedback (2009), BPR-Opt with its sign turned. Deviates: the regularisation is the
    caller's, and several negatives a positive are averaged.

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
