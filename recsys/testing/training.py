"""What models keep to that train in steps, can be resumed, or settle settings on valid."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.evaluation.full_ranking import Score
from recsys.models.base import Recommender, TunesItself
from recsys.testing.data import everyone, market
from recsys.testing.models import ModelContract

_EPOCHS, _BEST = 4, 2


class Killed(Exception):
    """Stands for a kill of the process."""


class RisingAndFalling:
    """A `Validate` whose quality is highest after epoch `best`; may kill the fit.

    Args:
        best: the epoch.
        kill: epoch in whose validation `Killed` is raised; None for none.
    """

    identity = "rising and falling"

    def __init__(self, best: int = _BEST, kill: int | None = None) -> None:
        self.best, self.kill = best, kill

    def __call__(self, score: Score) -> float:
        """Not for models that train in steps."""
        raise AssertionError("fit: a model that trains in steps calls validate.after(epoch, score)")

    def after(self, epoch: int, score: Score) -> float:
        """Quality after an epoch; higher is better."""
        if epoch == self.kill:
            raise Killed
        return -float(abs(epoch - self.best))


class CheckpointContract(ModelContract):
    """For models that train by `recsys.training.loop.fit` and can be resumed: `Checkpointable`.

    `make` takes `epochs` and the names in `chosen`. The fit has to use Adam, as the loop does,
    and at least two steps an epoch on `recsys.testing.data.market`.
    """

    def test_a_fit_killed_while_validating_ends_the_same(
        self, data: Dataset, tmp_path: Path
    ) -> None:
        """Resumed from the folder, all scores are equal bit for bit."""
        expected = self._scores(self._fit(data, None), data)
        for epoch in (1, _EPOCHS):
            folder = tmp_path / str(epoch)
            with pytest.raises(Killed):
                self._fit(data, folder, RisingAndFalling(kill=epoch))
            self._require_kept(folder)
            resumed = self._fit(data, folder)
            np.testing.assert_array_equal(
                self._scores(resumed, data), expected, f"killed after epoch {epoch} and resumed"
            )

    def test_a_fit_killed_between_steps_ends_the_same(self, data: Dataset, tmp_path: Path) -> None:
        """Whatever decides a step is a function of seed, epoch and position."""
        expected = self._scores(self._fit(data, None), data)
        for steps in (1, 3):
            folder = tmp_path / str(steps)
            with _killed_after(steps), pytest.raises(Killed):
                self._fit(data, folder)
            np.testing.assert_array_equal(
                self._scores(self._fit(data, folder), data),
                expected,
                f"killed after {steps} steps and resumed",
            )

    def test_a_finished_fit_is_not_repeated(self, data: Dataset, tmp_path: Path) -> None:
        """The same model on the same data reads its weights, and takes no step."""
        expected = self._scores(self._fit(data, tmp_path), data)
        with _killed_after(0):
            kept = self._fit(data, tmp_path)
        np.testing.assert_array_equal(self._scores(kept, data), expected)

    def test_a_checkpoint_of_other_data_is_refused(self, data: Dataset, tmp_path: Path) -> None:
        """The checkpoint's identity holds a digest of what is learned from."""
        self._fit(data, tmp_path)
        with pytest.raises(InputError, match="checkpoint"):
            self._fit(market(action="purchase"), tmp_path)

    def test_a_checkpoint_of_other_settings_is_refused(self, data: Dataset, tmp_path: Path) -> None:
        """The checkpoint's identity holds every setting that decides the weights."""
        self._fit(data, tmp_path)
        with pytest.raises(InputError, match="checkpoint"):
            self._fit(data, tmp_path, epochs=_EPOCHS + 1)

    def test_the_best_epoch_is_kept_for_a_refit(self, data: Dataset) -> None:
        """`losses` has every epoch; `chosen` reproduces the best one without `validate`."""
        model: Any = self._fit(data, None)
        assert hasattr(model, "chosen"), "the model needs the property 'chosen', see TunesItself"
        assert list(model.losses)[:_BEST] == list(range(1, _BEST + 1)), (
            "losses: expected the mean loss of each epoch, by epoch from 1"
        )
        expected = self._scores(model, data)
        fresh = self.make(epochs=_EPOCHS, **model.chosen).fit(data)
        np.testing.assert_array_equal(
            self._scores(fresh, data), expected,
            "a model made with 'chosen' does not give the scores of the best epoch",
        )  # fmt: skip
        np.testing.assert_array_equal(
            self._scores(model.fit(data), data), expected,
            "fit(data) without validate has to stop where valid was best",
        )  # fmt: skip

    def _fit(
        self,
        data: Dataset,
        folder: Path | None,
        validate: RisingAndFalling | None = None,
        epochs: int = _EPOCHS,
    ) -> Recommender:
        model: Any = self.make(epochs=epochs)
        for name in ("checkpoint", "losses"):
            assert hasattr(model, name), (
                f"a model that trains in steps needs the attribute '{name}'"
            )
        model.checkpoint = None if folder is None else str(folder)
        if hasattr(model, "checkpoint_seconds"):
            model.checkpoint_seconds = 0.0
        fitted: Recommender = model.fit(data, validate or RisingAndFalling())
        return fitted

    def _scores(self, model: Recommender, data: Dataset) -> FloatArray:
        return model.score(everyone(data))

    def _require_kept(self, folder: Path) -> None:
        assert folder.is_dir(), "fit: wrote no checkpoint into the folder 'checkpoint'"
        assert list(folder.iterdir()), "fit: wrote no checkpoint into the folder 'checkpoint'"


class TunesItselfContract(ModelContract):
    """For models that settle some of their own settings on valid; see `TunesItself`."""

    def test_what_is_chosen_is_kept_and_reproduces_the_model(self, data: Dataset) -> None:
        """`chosen` holds constructor arguments; a later fit without `validate` keeps them."""
        model = self.make()
        assert isinstance(model, TunesItself), "the model needs the property 'chosen'"
        shape = (len(data.customers), len(data.products))
        target = np.random.default_rng(5).standard_normal(shape)

        def likeness(score: Any) -> float:
            return float((score(everyone(data)) * target).sum())

        half = data.select(np.arange(len(data.interactions)) < len(data.interactions) // 2)
        before = dict(model.chosen)
        chosen = dict(model.fit(half, likeness).chosen)  # type: ignore[arg-type]
        assert chosen != before, "fit(data, validate) chose nothing by validate"
        kept = dict(model.fit(data).chosen)
        assert kept == chosen, "fit(data) without validate has to keep what was chosen"
        fresh = self.make(**chosen).fit(data)
        np.testing.assert_array_equal(
            fresh.score(everyone(data)),
            model.score(everyone(data)),
            "a model constructed with 'chosen' does not give the scores of the one that chose",
        )


@contextmanager
def _killed_after(steps: int) -> Iterator[None]:
    """Within it, Adam takes so many steps and then raises `Killed`."""
    import torch

    original, taken = torch.optim.Adam.step, 0

    def step(self: Any, *arguments: Any) -> Any:
        nonlocal taken
        taken += 1
        if taken > steps:
            raise Killed
        return original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", step)
        yield
