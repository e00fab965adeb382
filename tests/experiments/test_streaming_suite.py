"""Reading within a bound of memory, beside reading without one."""

from pathlib import Path

import pytest

from benchmarks.streaming import StreamingSuite
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket


@pytest.mark.slow
def test_both_readings_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    market = SimulatedMarket(events=2_000, seed=0)
    figures = StreamingSuite(market=market, memory_mb=0.01).figures()
    assert figures["events"] >= 2_000
    for key in ("read_seconds", "peak_mb"):
        assert figures[key] > 0
        assert figures[f"bounded_{key}"] > 0
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"reading none ended with code 1: .*expected intera"):
        StreamingSuite(market=market, root="none").figures()
