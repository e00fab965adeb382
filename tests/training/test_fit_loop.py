"""The fit loop on a network of a few numbers."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recsys.errors import InputError
from recsys.training.loop import Network, fit
from recsys.training.loop.state import State
from recsys.training.processes import Processes
from recsys.training.settings import Training

CPU = torch.device("cpu")


class Line(Network):
    """Learns the mean of the numbers 0 ... examples - 1 by squared loss."""

    def __init__(self, examples: int = 40) -> None:
        super().__init__()
        self.examples = examples
        self.guess = nn.Parameter(torch.zeros(()))
        self.seen: list[list[int]] = []
        self.noise: list[float] = []

    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        self.seen.append(examples.tolist())
        self.noise.append(torch.rand((), generator=generator).item())
        return (self.guess - examples.float()).square().mean()


def settings(**change: Any) -> Training:
    usual = {"epochs": 8, "batch_size": 16, "learning_rate": 0.5, "schedule": "constant"}
    return Training(**{**usual, **change})


def fitted(network: Network, validate: Callable[[int], float] | None = None, **change: Any):
    return fit(network, settings(**change), device=CPU, validate=validate)


def test_the_loss_falls_and_every_epoch_sees_every_example_once() -> None:
    network = Line()
    result = fitted(network)
    assert result.epochs == 8
    assert list(result.losses) == list(range(1, 9))
    assert result.losses[8] < result.losses[1]
    assert [len(batch) for batch in network.seen[:3]] == [16, 16, 8]
    for epoch in range(8):
        numbers = [number for batch in network.seen[3 * epoch : 3 * epoch + 3] for number in batch]
        assert sorted(numbers) == list(range(40))


def test_the_loss_of_an_epoch_is_the_mean_over_its_examples() -> None:
    network = Line(examples=3)
    # Never moved: the squares of 0, 1 and 2, in batches of two and first.
    result = fitted(network, epochs=1, batch_size=2, learning_rate=1e-12)
    assert result.losses[1] == pytest.approx(5 / 3)


def test_order_and_draws_follow_seed_epoch_and_position() -> None:
    first, same, other = Line(), Line(), Line()
    for network, seed in ((first, 3), (same, 3), (other, 4)):
        fitted(network, seed=seed)
    assert first.seen == same.seen
    assert first.noise == same.noise
    assert first.guess.item() == same.guess.item()
    assert first.seen != other.seen
    assert first.seen[:3] != first.seen[3:6]
    assert len(set(first.noise)) == len(first.noise)


def test_early_stop_keeps_the_best_weights() -> None:
    network, weights = Line(), {}
    quality = {1: 0.1, 2: 0.5, 3: 0.4, 4: 0.5, 5: 0.3}

    def validate(epoch: int) -> float:
        weights[epoch] = network.guess.item()
        return quality[epoch]

    result = fitted(network, validate, patience=3)
    assert result.epochs == 2
    assert result.curve == quality
    assert network.guess.item() == weights[2] != weights[5]


def test_stop_after_stops_there_with_its_own_weights() -> None:
    network, epochs = Line(), []
    result = fitted(network, lambda epoch: epochs.append(epoch) or -epoch, stop_after=3)
    assert (result.epochs, epochs) == (3, [1, 2, 3])
    again = Line()
    fitted(again, stop_after=3)
    assert network.guess.item() == again.guess.item()


def test_validation_when_due_and_at_the_end() -> None:
    epochs: list[int] = []
    fitted(Line(), lambda epoch: epochs.append(epoch) or 0.0, validate_every=3, patience=None)
    assert epochs == [3, 6, 8]


def test_learning_rates_by_hand() -> None:
    cosine = Training(epochs=10, learning_rate=1.0, warmup=2.0)
    assert cosine.learning_rate_at(0) == 0
    # Half warm, and a tenth of the way down.
    tenth = 0.02 + 0.98 * (1 + math.cos(math.pi / 10)) / 2
    assert cosine.learning_rate_at(1) == pytest.approx(0.5 * tenth)
    assert cosine.learning_rate_at(5) == pytest.approx(0.02 + 0.98 / 2)
    assert cosine.learning_rate_at(10) == pytest.approx(0.02)
    constant = Training(epochs=10, learning_rate=0.3, schedule="constant", warmup=0.5)
    assert [constant.learning_rate_at(at) for at in (0.25, 0.5, 9)] == [0.15, 0.3, 0.3]


def test_the_rate_reaches_the_optimiser() -> None:
    steps = []

    class Watched(Line):
        def forward(self, *words: Any) -> Tensor:
            steps.append(self.guess.item())
            return super().forward(*words)

    fitted(Watched(examples=16), epochs=4, learning_rate=1.0, warmup=1.0)
    # Adam's first step is as long as the rate, which is 0 at first.
    assert steps[:2] == [0, 0]
    assert steps[2] != 0


@pytest.mark.parametrize(("clip", "longest"), [(None, 40), (0.5, 0.5)])
def test_clipping_bounds_the_gradient(
    clip: float | None, longest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, slopes = Line(examples=16), []
    original = torch.optim.Adam.step

    def step(self: Any, *words: Any) -> Any:
        slopes.append(abs(network.guess.grad.item()))
        return original(self, *words)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    fitted(network, clip=clip, epochs=1)
    # The mean of 0 ... 15 is 7.5 away, so that the slope is 15.
    assert slopes == [pytest.approx(min(15, longest), rel=1e-4)]


def test_half_precision_where_asked() -> None:
    kinds = []

    class Product(Line):
        def forward(self, *words: Any) -> Tensor:
            kinds.append((torch.ones(2, 2) @ torch.ones(2, 2)).dtype)
            return super().forward(*words)

    for precision in ("auto", "float32", "bfloat16"):
        fitted(Product(), precision=precision, epochs=1, batch_size=40)
    assert kinds == [torch.float32, torch.float32, torch.bfloat16]


def test_a_loss_that_is_no_number_stops_with_step_and_remedy() -> None:
    class Breaking(Line):
        def forward(self, *words: Any) -> Tensor:
            loss = super().forward(*words)
            return loss * float("nan") if len(self.seen) == 8 else loss

    with pytest.raises(
        InputError, match=r"loss is nan at step 8 \(epoch 3\); lower model.learning_rate=0.5"
    ):
        fitted(Breaking())


def test_out_of_memory_takes_smaller_batches(capsys: pytest.CaptureFixture[str]) -> None:
    class Large(Line):
        def forward(self, examples: Tensor, *words: Any) -> Tensor:
            if len(examples) > 50:
                raise torch.OutOfMemoryError("no room")
            return super().forward(examples, *words)

    network = Large(examples=300)
    fitted(network, epochs=2, batch_size=200)
    assert {len(batch) for batch in network.seen} == {50}
    assert sorted(number for batch in network.seen[:6] for number in batch) == list(range(300))
    words = capsys.readouterr().err
    assert "continues with batches of 100 instead of 200" in words
    assert "continues with batches of 50 instead of 100" in words


def test_memory_that_fits_no_batch_is_raised() -> None:
    class Full(Line):
        def forward(self, *words: Any) -> Tensor:
            raise torch.OutOfMemoryError("no room")

    with pytest.raises(torch.OutOfMemoryError):
        fitted(Full())


def test_nothing_is_said_where_nobody_watches(capfd: pytest.CaptureFixture[str]) -> None:
    fitted(Line(), lambda epoch: 0.0)
    assert capfd.readouterr() == ("", "")


def test_the_best_of_a_curve() -> None:
    state = State(seed=0, batch_size=1, curve={2: 0.3, 4: 0.5, 6: 0.5, 8: 0.1})
    assert state.best_epoch == 4
    assert state.validations_since_best() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"learning_rate": float("inf")}, "model.learning_rate: expected a finite number above 0"),
        ({"learning_rate": 0}, "model.learning_rate: .* got 0"),
        ({"epochs": 0}, "model.epochs: expected a whole number above 0, got 0"),
        ({"epochs": 2.5}, "model.epochs: .* got 2.5"),
        ({"batch_size": -1}, "model.batch_size: .* got -1"),
        ({"patience": 0}, "model.patience: .* got 0"),
        ({"clip": 0}, "model.clip: .* got 0"),
        ({"warmup": -1}, "model.warmup: expected a finite number of at least 0"),
        ({"stop_after": 9}, "model.stop_after: expected at most model.epochs=8, got 9"),
        ({"schedule": "step"}, "model.schedule: expected cosine or constant, got 'step'"),
        ({"precision": "half"}, "model.precision: expected auto or float32 or bfloat16"),
    ],
)
def test_settings_out_of_range(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        settings(**change)
