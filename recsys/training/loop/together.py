"""Steps of a network whose vectors lie in several processes."""

import torch
from torch import nn

from recsys.training.loop.state import Network


def average_replicated(network: Network) -> None:
    """Averages the gradients of the parameters that all holders have, so that none drifts away.

    They are equal but for the rounding of different processors.
    """
    for name, parameter in network.named_parameters():
        if name not in network.sharded and parameter.grad is not None:
            network.holders.total(parameter.grad).div_(network.holders.count)


def clip(network: Network, largest: float) -> None:
    """Scales all gradients down to the norm `largest`, which is that of all processes together."""
    if network.holders.count == 1:
        nn.utils.clip_grad_norm_(network.parameters(), largest)
        return
    squares: dict[bool, list[torch.Tensor]] = {True: [], False: []}
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            squares[name in network.sharded].append(parameter.grad.square().sum())
    total = network.holders.total(torch.stack(squares[True]).sum())
    norm = (total + sum(squares[False])).sqrt()
    nn.utils.clip_grads_with_norm_(network.parameters(), largest, norm)
