from pathlib import Path

import pytest

from benchmarks.check import CheckSuite
from recsys.simulation import SimulatedMarket


@pytest.mark.slow
def test_a_check_is_measured_on_parquet_and_on_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    figures = CheckSuite(market=SimulatedMarket(events=1_000), repeats=1).figures()
    assert set(figures) == {
        f"{kind}_{key}"
        for kind in ("parquet", "csv")
        for key in ("seconds", "cpu_seconds", "peak_mb")
    }
    assert min(figures.values()) > 0
