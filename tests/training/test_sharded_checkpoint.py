"""Each holder of a part writes its own; a kill of any at any write costs no more than a write."""

from pathlib import Path

import numpy as np
import pytest
from gloo import run_together

from recsys.errors import InputError
from recsys.training.loop.checkpoint import Checkpoint
from recsys.training.processes import ALONE, Processes

IDENTITY = {"model": {"dim": 8}, "data": {"pairs": 3}}


def fit(folder: Path, kills: str, name: str) -> list[tuple[int, str]]:
    folder.mkdir(exist_ok=True)
    return run_together("sharded_resume.py", folder, kills, count=2, store=folder / name)


@pytest.mark.slow
def test_a_fit_killed_between_the_parts_of_a_write_ends_with_the_same_bits(tmp_path: Path) -> None:
    undisturbed = fit(tmp_path / "undisturbed", "0,0", "all")
    assert [code for code, _ in undisturbed] == [0, 0], undisturbed
    killed = tmp_path / "killed"
    # One process has written its part and is gone; the fit continues from the write before.
    for kills, part in (("0,3", "fit.pt.3.1"), ("2,0", "fit.pt.4.0")):
        assert all(code for code, _ in fit(killed, kills, part))
        assert (killed / "checkpoint" / part).exists()
    (code, said), (other_code, other_said) = fit(killed, "0,0", "last")
    assert (code, other_code) == (0, 0), said + other_said
    assert "resumed from" in said
    assert "resumed from" not in other_said
    with (
        np.load(tmp_path / "undisturbed" / "vectors.npz") as wanted,
        np.load(killed / "vectors.npz") as result,
    ):
        for name in ("customers", "products"):
            np.testing.assert_array_equal(result[name], wanted[name])
    # The file, and the last part of each process.
    assert len(list((killed / "checkpoint").iterdir())) == 3


def checkpoint(folder: Path, holders: Processes) -> Checkpoint:
    return Checkpoint(folder / "fit.pt", IDENTITY, holders)


def test_other_numbers_of_processes_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "wait", lambda _: None)
    assert checkpoint(tmp_path, Processes(0, 2)).read() is None
    for rank in (1, 0):
        checkpoint(tmp_path, Processes(rank, 2)).write({"rows": rank})
    for rank in (0, 1):
        contents = checkpoint(tmp_path, Processes(rank, 2)).read()
        assert contents is not None
        assert contents["rows"] == rank
    for holders in (ALONE, Processes(2, 3)):
        with pytest.raises(InputError, match="is of 2 processes with a part each and here are"):
            checkpoint(tmp_path, holders).read()
    checkpoint(tmp_path / "whole", ALONE).write({"rows": 0})
    with pytest.raises(InputError, match="is of 1 process with all vectors and here are 2"):
        checkpoint(tmp_path / "whole", Processes(0, 2)).read()
    (tmp_path / "fit.pt.1.1").unlink()
    with pytest.raises(InputError, match=r"fit\.pt\.1\.1 cannot be read"):
        checkpoint(tmp_path, Processes(1, 2)).read()
