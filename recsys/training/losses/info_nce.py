"""The contrast of two views of the same nodes."""

import torch
from torch import Tensor

from recsys.errors import InputError
from recsys.training.losses.scores import batch_mean, check_temperature, unit


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
