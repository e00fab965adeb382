"""The suite that kills retrainings of a year, on its first three months."""

from pathlib import Path

import pytest

from benchmarks.retrain_year import RetrainYearSuite
from recsys.simulation import SimulatedMarket


@pytest.mark.slow
def test_a_killed_year_ends_as_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    suite = RetrainYearSuite(
        market=SimulatedMarket(events=20_000),
        model=["model=als", "model.epochs=5"],
        months=3, early=1, spoiled=3, kills=1,
    )  # fmt: skip
    figures = suite.figures()
    assert figures["versions"] == figures["versions_with_kills"] == 3
    assert figures["vectors_apart"] == 0
    assert figures["half_lost_refused"] == figures["swapped_refused"] == 1
    assert figures["late_minus_early_low"] > 0
