"""Softmax over sampled products, corrected for how they were sampled."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from recsys.training.losses.scores import (
    batch_mean,
    check_scores,
    check_temperature,
    full_precision,
)

_NOTHING = -1e30


def sampled_softmax(
    positive: Tensor,
    negative: Tensor,
    *,
    temperature: float = 1.0,
    log_q: Tensor | None = None,
    masked: Tensor | None = None,
) -> Tensor:
    """Mean over the batch of -log( e+ / (e+ + 1/n sum_j e_j / q_j) ), where e = exp(s / t).

    With n draws from q the sum estimates, without bias, that of all products which can be drawn, so
    that the loss tends to the full softmax over the positive and those products: importance
    sampling as in Bengio and Senecal, Adaptive Importance Sampling to Accelerate Training of a
    Neural Probabilistic Language Model (2008); subtracting log q from scores is the correction of
    Yi et al., Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations (2019).
    Deviates: the latter also divide the positive by its q, as if it had been drawn; here it is not
    corrected, because it is always present. One negative without correction is `bpr` of scores / t.

    Args:
        positive: [B] scores of observed pairs; cosines, if vectors went through `unit`.
        negative: [B, n] scores of the same customers with drawn products.
        temperature: t > 0.
        log_q: log-probability of each draw, [B, n] or a shape that broadcasts to it, as samplers
            report it; None for no correction, also not for n.
        masked: [B, n] bool, draws that do not count; None counts all.

    Returns:
        Scalar, at least 0. A row without negatives loses 0.

    Raises:
        InputError: other shapes, or a temperature not above 0.
    """
    check_scores(positive, negative)
    check_temperature(temperature)
    logits = torch.add(
        _shift(negative, log_q, masked), full_precision(negative), alpha=1 / temperature
    )
    everything_else = torch.logsumexp(logits, dim=1)
    return -batch_mean(logsigmoid(full_precision(positive) / temperature - everything_else))


def in_batch_softmax(
    scores: Tensor,
    positives: Tensor,
    *,
    temperature: float = 1.0,
    log_q: Tensor | None = None,
    masked: Tensor | None = None,
) -> Tensor:
    """`sampled_softmax` with the products of the batch as everyone's negatives.

    Args:
        scores: [B, M] of the customers of a batch with its products. M exceeds B where products
            are gathered from several processes.
        positives: [B] int64, the column of each customer's positive.
        temperature: t > 0.
        log_q: [B, M] or a shape that broadcasts to it, from `recsys.training.sampling.InBatch`.
            None for no correction: popular products are then pushed down as often as they occur.
        masked: [B, M] bool, further pairs that are positives; the columns `positives` always are.

    Returns:
        Scalar, at least 0.

    Raises:
        InputError: other shapes, or a temperature not above 0.
    """
    check_scores(positives, scores)
    column = positives[:, None]
    if masked is None:
        masked = torch.zeros_like(scores, dtype=torch.bool)
    return sampled_softmax(
        scores.gather(1, column)[:, 0],
        scores,
        temperature=temperature,
        log_q=log_q,
        masked=masked.scatter(1, column, True),
    )


def _shift(negative: Tensor, log_q: Tensor | None, masked: Tensor | None) -> Tensor:
    """Added to scores of negatives [B, n]: -log(n q), and nearly -infinity where masked."""
    shift = torch.zeros((), device=negative.device)
    if log_q is not None:
        counted = torch.tensor(negative.shape[1]) if masked is None else _unmasked(masked)
        shift = -counted.clamp(min=1).log() - log_q
    if masked is not None:
        # Infinity itself has no gradient where a whole row is masked.
        shift = shift.masked_fill(masked, _NOTHING)
    return shift


def _unmasked(masked: Tensor) -> Tensor:
    """[B, 1] number of negatives that count."""
    return masked.shape[1] - masked.sum(dim=1, keepdim=True)
