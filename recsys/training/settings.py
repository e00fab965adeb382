"""Settings of training that all models of vectors share."""

import math
from dataclasses import dataclass
from typing import Literal

from recsys.errors import InputError


@dataclass(kw_only=True, eq=False)
class Training:
    """Settings of the fit loop.

    Attributes:
        epochs: passes over the examples, which the learning rate schedule spans.
        stop_after: epochs after which training stops early; None stops at the best epoch on valid,
            or after all epochs without validation.
        patience: validations without a better value after which it stops; None for never.
        validate_every: epochs between validations.
        batch_size: examples a step, of all processes together.
        learning_rate: of Adam, at its highest.
        schedule: "cosine" decays to 1/50 of it over the epochs, "constant" does not.
        warmup: epochs over which it rises from 0; may be a fraction.
        clip: greatest norm of the gradient of all parameters; None for no limit.
        precision: of matrix products; "auto" is bfloat16 on CUDA and float32 on the CPU.
        checkpoint: folder where a fit is kept and resumed from; None keeps nothing.
        checkpoint_seconds: least seconds between two checkpoints.
        shard: whether each of several processes holds a part of the vectors and of the graph;
            "auto" where they would exceed a device, see `recsys.training.shards.choice`. One
            process holds all.
        seed: of initial vectors, order, draws and noise.
    """

    epochs: int = 20
    stop_after: int | None = None
    patience: int | None = 5
    validate_every: int = 1
    batch_size: int = 1024
    learning_rate: float = 0.02
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: float = 0.0
    clip: float | None = None
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    checkpoint: str | None = None
    checkpoint_seconds: float = 30.0
    shard: bool | Literal["auto"] = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "stop_after", "patience", "validate_every", "batch_size"):
            self._require(name, integer=True, above=0)
        for name in ("learning_rate", "clip"):
            self._require(name, above=0)
        for name in ("warmup", "checkpoint_seconds"):
            self._require(name)
        if self.stop_after is not None and self.stop_after > self.epochs:
            raise InputError(
                f"model.stop_after: expected at most model.epochs={self.epochs}, got "
                f"{self.stop_after}"
            )
        for name, known in (
            ("schedule", ("cosine", "constant")),
            ("precision", ("auto", "float32", "bfloat16")),
        ):
            if getattr(self, name) not in known:
                raise InputError(
                    f"model.{name}: expected {' or '.join(known)}, got {getattr(self, name)!r}"
                )

        if not (isinstance(self.shard, bool) or self.shard == "auto"):
            raise InputError(f"model.shard: expected true, false or auto, got {self.shard!r}")

    def learning_rate_at(self, epoch: float) -> float:
        """The learning rate after a number of epochs, which may be a fraction."""
        rate = self.learning_rate
        if epoch < self.warmup:
            rate *= epoch / self.warmup
        if self.schedule == "constant":
            return rate
        falling = (1 + math.cos(math.pi * min(epoch / self.epochs, 1))) / 2
        return rate * (0.02 + 0.98 * falling)

    def _require(self, name: str, *, integer: bool = False, above: float | None = None) -> None:
        value = getattr(self, name)
        if value is None and name in ("stop_after", "patience", "clip"):
            return
        number = isinstance(value, int if integer else int | float) and not isinstance(value, bool)
        enough = number and (value > above if above is not None else value >= 0)
        if not (enough and math.isfinite(value)):
            kind = "whole" if integer else "finite"
            low = f"above {above:g}" if above is not None else "of at least 0"
            raise InputError(f"model.{name}: expected a {kind} number {low}, got {value}")
