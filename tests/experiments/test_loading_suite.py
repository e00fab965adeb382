"""The stages from tables to an audited split, measured beside another checkout."""

from pathlib import Path

import pytest

import recsys
from benchmarks.loading import LoadingSuite
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket


@pytest.mark.slow
def test_stages_of_two_checkouts_stand_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    market = SimulatedMarket(events=20_000, seed=0)
    here = str(Path(recsys.__file__).parents[1])
    figures = LoadingSuite(market=market, repeats=1, baseline=here).figures()
    stages = ("read", "check", "merge", "build", "split", "audit")
    for stage in stages:
        own, other = figures[f"{stage}_seconds"], figures[f"baseline_{stage}_seconds"]
        assert own > 0
        assert figures[f"{stage}_seconds_over_baseline"] == own / other


def test_a_baseline_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"suite\.baseline=.*no folder recsys"):
        LoadingSuite(market=SimulatedMarket(events=1_000, seed=0), baseline=str(tmp_path))
