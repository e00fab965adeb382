"""Trains a network: epochs of steps, validation between them, a checkpoint now and then."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from recsys.errors import InputError
from recsys.ops.shown_text import for_terminal
from recsys.training.loop.checkpoint import Checkpoint
from recsys.training.loop.network import Network
from recsys.training.loop.state import State
from recsys.training.processes import Processes
from recsys.training.settings import Training

_LOOK_EVERY = 10
_SMALLEST_BATCH = 32

Weights = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How a fit went; the network holds the weights.

    Attributes:
        epochs: after which the weights stand.
        losses: mean loss by epoch.
        curve: quality on valid by epoch.
    """

    epochs: int
    losses: Mapping[int, float]
    curve: Mapping[int, float]


def fit(
    network: Network,
    settings: Training,
    *,
    device: torch.device,
    validate: Callable[[int], float] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Fit:
    """Trains the network, in this process or together with the others of a torchrun.

    With `validate` the weights of the best epoch are kept, unless `settings.stop_after` says where
    to stop. The same settings, data and number of threads give the same weights on the CPU, bit
    for bit, however often it was killed and resumed.

    Args:
        network: its parameters on the device.
        settings: see `Training`.
        device: where to train.
        validate: quality after an epoch, higher is better; asked in the first process only.
        checkpoint: where the fit is kept and resumed from.

    Raises:
        InputError: the loss is not finite, the checkpoint not of this fit, or memory too small.
        torch.OutOfMemoryError: on CUDA, where even a small batch does not fit.
    """
    trainer = _Trainer(network, settings, device, validate, checkpoint)
    trainer.resume()
    with trainer.bar() as bar:
        while not trainer.finished:
            trainer.epoch(bar)
            trainer.judge(bar)
    return trainer.end()


class _Trainer:
    def __init__(
        self,
        network: Network,
        settings: Training,
        device: torch.device,
        validate: Callable[[int], float] | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.network, self.settings, self.device = network, settings, device
        self.validate, self.checkpoint = validate, checkpoint
        self.processes = Processes.here()
        self.optimizer = torch.optim.Adam(
            network.parameters(), lr=settings.learning_rate, fused=True
        )
        self.state = State(
            seed=settings.seed, batch_size=min(settings.batch_size, network.examples)
        )
        self.best: Weights | None = None
        self.last_written = time.monotonic()
        self.unseen: list[tuple[Tensor, int]] = []
        self.module: nn.Module = network
        if self.processes.count > 1:
            self.module = DistributedDataParallel(network)

    @property
    def finished(self) -> bool:
        until = self.settings.stop_after or self.settings.epochs
        return self.state.stopped or self.state.epoch >= until

    def epoch(self, bar: "tqdm[Any]") -> None:
        """Goes through the examples that the epoch has left."""
        state, examples = self.state, self.network.examples
        order = state.order(examples, self.device)
        while state.done < examples:
            batch = order[state.done : state.done + state.batch_size]
            try:
                loss = self.step(batch)
            except torch.OutOfMemoryError:
                if not self.took_smaller_batches():
                    raise
                continue
            self.unseen.append((loss, len(batch)))
            state.step += 1
            state.done += len(batch)
            bar.update(len(batch))
            if len(self.unseen) >= _LOOK_EVERY or state.done == examples:
                self.look(bar)
                self.keep_now_and_then()
        # Validation needs the room.
        self.optimizer.zero_grad()
        state.epoch += 1
        state.losses[state.epoch] = state.summed / examples
        state.done, state.summed = 0, 0.0

    def step(self, batch: Tensor) -> Tensor:
        """One step on a batch; returns this process's part of the loss."""
        state = self.state
        rate = self.settings.learning_rate_at(state.epoch + state.done / self.network.examples)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.halves):
            loss: Tensor = self.module(batch, self.processes, state.generator(self.device))
        loss.backward()  # type: ignore[no-untyped-call]
        if self.settings.clip is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.clip)
        self.optimizer.step()
        return loss.detach()

    @property
    def halves(self) -> bool:
        wanted = self.settings.precision
        return wanted == "bfloat16" or (wanted == "auto" and self.device.type == "cuda")

    def look(self, bar: "tqdm[Any]") -> None:
        """Reads the losses of the last steps: rarely, because a GPU waits for it."""
        losses = torch.stack([loss for loss, _ in self.unseen]).double()
        if self.processes.count > 1:
            distributed.all_reduce(losses)
            losses /= self.processes.count
        for back, (loss, (_, examples)) in enumerate(
            zip(losses.tolist(), self.unseen, strict=True), start=1 - len(self.unseen)
        ):
            if not abs(loss) < float("inf"):
                raise InputError(
                    f"fit: the loss is {loss} at step {self.state.step + back} (epoch "
                    f"{self.state.epoch + 1}); lower model.learning_rate="
                    f"{self.settings.learning_rate:g}, set model.clip=1, or raise the temperature"
                )
            self.state.summed += loss * examples
        self.unseen.clear()
        bar.set_postfix({"loss": f"{losses[-1]:.4f}", **self.quality}, refresh=False)

    @property
    def quality(self) -> dict[str, str]:
        curve = self.state.curve
        return {"valid": f"{list(curve.values())[-1]:.4f}"} if curve else {}

    def judge(self, bar: "tqdm[Any]") -> None:
        """Validates after the epoch, remembers the best weights, and may stop."""
        state = self.state
        due = state.epoch % self.settings.validate_every == 0 or self.finished
        if self.validate is None or not due:
            return
        asked = self.validate(state.epoch) if self.processes.first else None
        state.curve[state.epoch] = self.processes.told_by_first(asked)
        if state.best_epoch == state.epoch:
            self.best = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        patience = self.settings.patience
        chooses = self.settings.stop_after is None
        if chooses and patience is not None:
            state.stopped = state.validations_since_best() >= patience
        bar.set_postfix({"loss": f"{state.losses[state.epoch]:.4f}", **self.quality})

    def end(self) -> Fit:
        """Puts the weights in place that were best on valid, and keeps the finished fit."""
        self.write()
        state = self.state
        epochs = state.epoch
        if self.best is not None and self.settings.stop_after is None:
            self.network.load_state_dict(self.best)
            epochs = state.best_epoch or epochs
        return Fit(epochs=epochs, losses=state.losses, curve=state.curve)

    def took_smaller_batches(self) -> bool:
        """Halves the batch, after a step that did not fit into the GPU's memory, if it can be."""
        size = self.state.batch_size
        if self.processes.count > 1:
            raise InputError(
                f"fit: a process ran out of memory with model.batch_size={size}; lower it"
            )
        if size <= _SMALLEST_BATCH:
            return False
        self.state.batch_size = size // 2
        self.optimizer.zero_grad()
        torch.cuda.empty_cache()
        say(
            f"out of memory on {self.device}: goes on with batches of {size // 2} instead of {size}"
        )
        return True

    def bar(self) -> "tqdm[Any]":
        """Over all epochs; silent where nobody watches, or another process shows one."""
        examples = self.network.examples
        until = self.settings.stop_after or self.settings.epochs
        return tqdm(
            total=until * examples,
            initial=min(self.state.epoch * examples + self.state.done, until * examples),
            desc=f"fit on {self.device}",
            unit=" examples",
            unit_scale=True,
            disable=None if self.processes.first else True,
        )

    def resume(self) -> None:
        """Takes up where the checkpoint stands."""
        if self.checkpoint is None:
            return
        found = self.checkpoint.read()
        if found is None:
            return
        self.state = State(**found["state"])
        self.network.load_state_dict(found["weights"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.best = found["best"]
        if self.processes.first:
            say(f"resumed from {self.checkpoint.path}: {self.state.step:,} steps are done")

    def keep_now_and_then(self) -> None:
        if time.monotonic() - self.last_written >= self.settings.checkpoint_seconds:
            self.write()

    def write(self) -> None:
        if self.checkpoint is None or not self.processes.first:
            return
        self.checkpoint.write(
            {
                "state": self.state.plain(),
                "weights": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "best": self.best,
            }
        )
        self.last_written = time.monotonic()


def say(words: str) -> None:
    """One line to whoever watches; the bar goes on below."""
    tqdm.write(for_terminal(words), file=sys.stderr)
