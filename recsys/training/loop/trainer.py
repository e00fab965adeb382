"""The state of a fit and its steps: batches, validation, checkpoints."""

import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from recsys.errors import InputError
from recsys.ops.shown_text import for_terminal
from recsys.training.loop.checkpoint import Checkpoint
from recsys.training.loop.state import Network, State
from recsys.training.loop.together import average_replicated, clip
from recsys.training.processes import ALONE, Processes
from recsys.training.settings import Training

_READ_EVERY = 10
_SMALLEST_BATCH = 32


class Trainer:
    """A fit in progress: its network, optimiser, state and checkpoint; arguments as of `fit`."""

    def __init__(
        self,
        network: Network,
        settings: Training,
        device: torch.device,
        validate: Callable[[int], float | None] | None,
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
        self.best: dict[str, Tensor] | None = None
        self.last_written = time.monotonic()
        self.unread: list[tuple[Tensor, int]] = []
        self.module: nn.Module = network
        self.is_sharded = network.holders.count > 1
        if self.processes.count > 1 and not self.is_sharded:
            self.module = DistributedDataParallel(network)
        # Every holder of a part computes the loss of the whole batch.
        self.sharing = ALONE if self.is_sharded else self.processes

    @property
    def finished(self) -> bool:
        """Whether no epoch is left."""
        until = self.settings.stop_after or self.settings.epochs
        return self.state.stopped or self.state.epoch >= until

    def epoch(self, bar: "tqdm[Any]") -> None:
        """Trains on the examples that are left of the epoch."""
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
            self.unread.append((loss, len(batch)))
            state.step += 1
            state.done += len(batch)
            bar.update(len(batch))
            if len(self.unread) >= _READ_EVERY or state.done == examples:
                self.read_losses(bar)
                if self.is_write_due():
                    self.write()
        # Validation needs the memory.
        self.optimizer.zero_grad()
        state.epoch += 1
        state.losses[state.epoch] = state.summed / examples
        state.done, state.summed = 0, 0.0

    def step(self, batch: Tensor) -> Tensor:
        """One step on a batch [B] int64 of examples; returns this process's part of the loss."""
        state = self.state
        rate = self.settings.learning_rate_at(state.epoch + state.done / self.network.examples)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.uses_bfloat16):
            loss: Tensor = self.module(batch, self.sharing, state.generator(self.device))
        loss.backward()  # type: ignore[no-untyped-call]
        if self.is_sharded:
            average_replicated(self.network)
        if self.settings.clip is not None:
            clip(self.network, self.settings.clip)
        self.optimizer.step()
        return loss.detach()

    @property
    def uses_bfloat16(self) -> bool:
        """Whether matrix products are in half precision."""
        precision = self.settings.precision
        return precision == "bfloat16" or (precision == "auto" and self.device.type == "cuda")

    def read_losses(self, bar: "tqdm[Any]") -> None:
        """Reads the losses of the last steps; rarely, because it makes a GPU wait."""
        losses = torch.stack([loss for loss, _ in self.unread]).double()
        if self.processes.count > 1:
            distributed.all_reduce(losses)
            losses /= self.processes.count
        for back, (loss, (_, examples)) in enumerate(
            zip(losses.tolist(), self.unread, strict=True), start=1 - len(self.unread)
        ):
            if not abs(loss) < float("inf"):
                raise InputError(
                    f"fit: the loss is {loss} at step {self.state.step + back} (epoch "
                    f"{self.state.epoch + 1}); lower model.learning_rate="
                    f"{self.settings.learning_rate:g}, set model.clip=1, or raise the temperature"
                )
            self.state.summed += loss * examples
        self.unread.clear()
        bar.set_postfix({"loss": f"{losses[-1]:.4f}", **self.quality}, refresh=False)

    @property
    def quality(self) -> dict[str, str]:
        """The last quality on valid, for the bar."""
        curve = self.state.curve
        return {"valid": f"{list(curve.values())[-1]:.4f}"} if curve else {}

    def validate_epoch(self, bar: "tqdm[Any]") -> None:
        """Validates after the epoch, remembers the best weights, and may stop."""
        state = self.state
        due = state.epoch % self.settings.validate_every == 0 or self.finished
        if self.validate is None or not due:
            return
        together = self.processes.first or self.is_sharded
        quality = self.validate(state.epoch) if together else None
        state.curve[state.epoch] = self.processes.told_by_first(quality)
        if state.best_epoch == state.epoch:
            self.best = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        patience = self.settings.patience
        if self.settings.stop_after is None and patience is not None:
            state.stopped = state.validations_since_best() >= patience
        bar.set_postfix({"loss": f"{state.losses[state.epoch]:.4f}", **self.quality})

    def end(self) -> int:
        """Writes the finished fit, loads the best weights, and returns the epochs they took."""
        self.write()
        state = self.state
        epochs = state.epoch
        if self.best is not None and self.settings.stop_after is None:
            self.network.load_state_dict(self.best)
            epochs = state.best_epoch or epochs
        return epochs

    def took_smaller_batches(self) -> bool:
        """Halves the batch after a step that ran out of GPU memory; False if it is too small."""
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
        _print(
            f"out of memory on {self.device}: continues with batches of {size // 2} instead "
            f"of {size}"
        )
        return True

    def resume(self) -> None:
        """Continues from the checkpoint, if there is one."""
        if self.checkpoint is None:
            return
        contents = self.checkpoint.read()
        if contents is None:
            return
        self.state = State(**contents["state"])
        self.network.load_state_dict(contents["weights"])
        self.optimizer.load_state_dict(contents["optimizer"])
        self.best = contents["best"]
        if self.processes.first:
            _print(f"resumed from {self.checkpoint.path}: {self.state.step:,} steps are done")

    def is_write_due(self) -> bool:
        """Whether the last checkpoint is old enough; where all write, the first decides."""
        due = time.monotonic() - self.last_written >= self.settings.checkpoint_seconds
        if self.checkpoint is None or not self.is_sharded:
            return due
        return bool(self.processes.told_by_first(due))

    def write(self) -> None:
        """Writes the checkpoint: in the first process, or each holder its part."""
        if self.checkpoint is None or not (self.processes.first or self.is_sharded):
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


def _print(line: str) -> None:
    """Prints above the progress bar."""
    tqdm.write(for_terminal(line), file=sys.stderr)
