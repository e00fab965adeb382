"""Trains a network: epochs of steps, validation between them, checkpoints."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from tqdm import tqdm

from recsys.training.loop.checkpoint import Checkpoint
from recsys.training.loop.state import Network
from recsys.training.loop.trainer import Trainer
from recsys.training.settings import Training


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The course of a fit; the network holds the weights.

    Attributes:
        epochs: number of epochs that made the weights.
        losses: epoch, from 1 -> mean loss.
        curve: epoch -> quality on valid.
    """

    epochs: int
    losses: Mapping[int, float]
    curve: Mapping[int, float]


def fit(
    network: Network,
    settings: Training,
    *,
    device: torch.device,
    validate: Callable[[int], float | None] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Fit:
    """Trains the network, in this process or together with the others of a torchrun.

    With `validate` the weights of the best epoch are kept, unless `settings.stop_after` is set. The
    same settings, data, number of threads and of processes give the same weights on the CPU, bit
    for bit, however often the fit was killed and resumed. There, other numbers of processes start
    from the same vectors and draw the same numbers, so that only rounding differs.

    Args:
        network: its parameters on the device.
        settings: of training.
        device: where to train.
        validate: quality after an epoch, higher is better; called in the first process only. Where
            the vectors are sharded it is called in all, and counts in the first.
        checkpoint: where the fit is kept and resumed from; None keeps nothing.

    Raises:
        InputError: the loss is not finite, the checkpoint is of another fit, or memory is too
            small.
        torch.OutOfMemoryError: on CUDA, where even a small batch does not fit.
    """
    trainer = Trainer(network, settings, device, validate, checkpoint)
    trainer.resume()
    with _bar(trainer) as bar:
        while not trainer.finished:
            trainer.epoch(bar)
            trainer.validate_epoch(bar)
    epochs = trainer.end()
    return Fit(epochs=epochs, losses=trainer.state.losses, curve=trainer.state.curve)


def _bar(trainer: Trainer) -> "tqdm[Any]":
    """A bar over all epochs; hidden without a terminal and in all but the first process."""
    examples, state, settings = trainer.network.examples, trainer.state, trainer.settings
    total = (settings.stop_after or settings.epochs) * examples
    return tqdm(
        total=total,
        initial=min(state.epoch * examples + state.done, total),
        desc=f"fit on {trainer.device}",
        unit=" examples",
        unit_scale=True,
        disable=None if trainer.processes.first else True,
    )
