"""A fit that is broken off anywhere and resumed ends as if nothing had happened."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.lightgcn import LightGCN
from recsys.training.loop import fit as loop_fit
from recsys.training.loop.checkpoint import Checkpoint
from recsys.training.objectives import BPR

assert callable(loop_fit)


class Broken(Exception):
    """Stands for a kill."""


def events(seed: int = 0) -> Dataset:
    generator = np.random.default_rng(seed)
    pairs = generator.integers(0, (30, 20), (200, 2))
    return dataset_of(pd.DataFrame(pairs, columns=["customer_id", "product_id"]))


class ContextTargets:
    """Some quality that rises and falls, with a kill after an epoch where wanted."""

    def __init__(self, kill: int | None = None) -> None:
        self.kill = kill

    def __call__(self, score: Any) -> float:
        raise NotImplementedError

    def after(self, epoch: int, score: Any) -> float:
        if epoch == self.kill:
            raise Broken
        return -abs(epoch - 3) + float(score(np.arange(1)).sum()) * 1e-9


def model(folder: Path | None = None, **change: Any) -> LightGCN:
    usual = {"dim": 4, "epochs": 6, "batch_size": 7, "checkpoint_seconds": 0.0, "device": "cpu"}
    kept = None if folder is None else str(folder)
    return LightGCN(**{**usual, "checkpoint": kept, **change})


def vectors(result: LightGCN) -> np.ndarray:
    return np.concatenate([result.customer_vectors, result.product_vectors])


def kill_after_steps(patch: pytest.MonkeyPatch, steps: int) -> None:
    original, taken = torch.optim.Adam.step, [0]

    def step(self: Any, *words: Any) -> Any:
        taken[0] += 1
        if taken[0] > steps:
            raise Broken
        return original(self, *words)

    patch.setattr(torch.optim.Adam, "step", step)


@pytest.mark.parametrize("objective", [None, BPR()], ids=["softmax", "bpr"])
def test_resumed_after_any_step(tmp_path: Path, objective: Any) -> None:
    change = {} if objective is None else {"objective": objective, "batch_size": 60}
    wanted = model(**change).fit(events(), ContextTargets())
    for steps in (0, 1, 3, 9, 10, 11, 13):
        folder = tmp_path / str(steps)
        with pytest.MonkeyPatch.context() as patch:
            kill_after_steps(patch, steps)
            with pytest.raises(Broken):
                model(folder, **change).fit(events(), ContextTargets())
        again = model(folder, **change).fit(events(), ContextTargets())
        np.testing.assert_array_equal(vectors(again), vectors(wanted))
        assert again.chosen == wanted.chosen
        assert again.losses == wanted.losses


@pytest.mark.parametrize("epoch", [1, 3, 5])
def test_resumed_after_a_kill_while_validating(tmp_path: Path, epoch: int) -> None:
    wanted = model().fit(events(), ContextTargets())
    with pytest.raises(Broken):
        model(tmp_path).fit(events(), ContextTargets(kill=epoch))
    np.testing.assert_array_equal(
        vectors(model(tmp_path).fit(events(), ContextTargets())), vectors(wanted)
    )


def test_a_kill_while_writing_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Checkpoint(tmp_path / "fit.pt", {"model": {"dim": 4}})
    kept.write({"number": 1})
    before = kept.path.read_bytes()

    def cut(contents: Any, file: Any) -> None:
        file.write(b"half of it")
        raise Broken

    monkeypatch.setattr(torch, "save", cut)
    with pytest.raises(Broken):
        kept.write({"number": 2})
    assert kept.path.read_bytes() == before
    result = kept.read()
    assert result is not None
    assert result["number"] == 1


def test_a_finished_fit_is_not_repeated(tmp_path: Path) -> None:
    wanted = model(tmp_path).fit(events(), ContextTargets())
    with pytest.MonkeyPatch.context() as patch:
        kill_after_steps(patch, 0)
        again = model(tmp_path).fit(events(), ContextTargets())
    np.testing.assert_array_equal(vectors(again), vectors(wanted))


def test_fit_and_refit_are_kept_apart(tmp_path: Path) -> None:
    first = model(tmp_path).fit(events(), ContextTargets())
    refitted = first.fit(events(1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fit.pt", "refit.pt"]
    wanted = model().fit(events(), ContextTargets()).fit(events(1))
    np.testing.assert_array_equal(vectors(refitted), vectors(wanted))


@pytest.mark.parametrize(
    ("change", "seed", "words"),
    [
        ({"dim": 5}, 0, "is of another model: dim is 4 there and 5 here"),
        ({"objective": BPR()}, 0, "is of another model: objective"),
        ({"learning_rate": 0.5}, 0, "is of another model: learning_rate is 0.02 there and 0.5"),
        ({}, 1, "is of another data: "),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(
    tmp_path: Path, change: dict[str, Any], seed: int, words: str
) -> None:
    model(tmp_path).fit(events(), ContextTargets())
    before = (tmp_path / "fit.pt").read_bytes()
    with pytest.raises(InputError, match=words):
        model(tmp_path, **change).fit(events(seed), ContextTargets())
    assert (tmp_path / "fit.pt").read_bytes() == before


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_checkpoint_cut_short_is_refused(tmp_path: Path, kept: float) -> None:
    model(tmp_path).fit(events(), ContextTargets())
    path = tmp_path / "fit.pt"
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"fit.pt cannot be read: it was cut short .*; delete it"):
        model(tmp_path).fit(events(), ContextTargets())
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"fit.pt cannot be written: .*; make room, or set"):
        model(tmp_path / "file").fit(events(), ContextTargets())
