"""Gloo processes that hold a part of the vectors each learn what one learns with all of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from gloo import run_together
from sharded_fits import CASES


def fits(folder: Path, cases: str, steps: int, count: int) -> dict:
    out, store = folder / f"{count}.json", folder / f"{count}.store"
    ended = run_together("sharded_fits.py", out, cases, steps, count=count, store=store)
    assert [code for code, _ in ended] == [0] * count, ended
    return json.loads(out.read_text())


def agree(alone: dict, together: dict) -> None:
    assert together.keys() == alone.keys()
    for name, wanted in alone.items():
        result = together[name]
        assert wanted["losses"][-1] < wanted["losses"][0]
        np.testing.assert_allclose(result["losses"], wanted["losses"], rtol=0, atol=1e-5)
        np.testing.assert_allclose(result["folding"], wanted["folding"], rtol=0, atol=1e-4)
        assert result["curve"].keys() == wanted["curve"].keys()
        for metric, value in wanted["metrics"].items():
            assert result["metrics"][metric] == pytest.approx(value, abs=1e-4), (name, metric)


def test_two_processes_with_shards_learn_what_one_learns(tmp_path: Path) -> None:
    cases = "lightgcn,xsimgcl,touchpoint_gnn"
    agree(*(fits(tmp_path, cases, 6, count) for count in (1, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_network_and_objective_learns_the_same_with_shards(
    tmp_path: Path, count: int
) -> None:
    # From singular vectors, products that the same customers have stay twins, and rounding
    # decides which of them ranks first.
    cases = ",".join(name for name in CASES if name != "lightgcn svd")
    agree(*(fits(tmp_path, cases, 60, number) for number in (1, count)))
