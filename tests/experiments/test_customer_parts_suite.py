"""The suites of segments, signals and levers: what they read, keep, and say."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from benchmarks.customer_parts import CustomerPartsSuite
from benchmarks.signal_levers import SignalLeversSuite
from recsys.errors import InputError

SUITES = Path(__file__).parents[2] / "benchmarks" / "conf"
MARKET = {
    "source": {"_target_": "recsys.simulation.SimulatedMarket", "events": 2_000},
    "settings": {"dim": 4, "epochs": 1, "device": "cpu"},
    "every": 150, "segments": "default", "signals": "default",
}  # fmt: skip
CHOICES = {"segments_as_features": [{}], "signals_as_edges": [{"signals": 0.5}, {"signals": 1.0}]}


def suite(**changes: object) -> CustomerPartsSuite:
    settings = {"learning_rate": 0.02, **MARKET["settings"]}
    about = {**MARKET, "settings": settings, **changes}
    return CustomerPartsSuite(
        root=None, data={"simulated": about}, choices=CHOICES, acceptance={}, resamples=50
    )


def test_parts_are_chosen_on_valid_and_rows_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    figures = suite().figures()
    assert {
        f"simulated_{part}_{window}" for part in CHOICES for window in ("valid", "test")
    } <= set(figures)
    names = {path.name for path in Path("rows").iterdir()}
    read = [name for name in names if name.endswith("-test") and "edges" in name]
    assert len(read) == 1  # test is read with the choice alone
    stamps = {path: path.stat().st_mtime_ns for path in Path("rows").rglob("row.npz")}
    assert suite().figures() == figures
    assert stamps == {path: path.stat().st_mtime_ns for path in Path("rows").rglob("row.npz")}
    with pytest.raises(InputError, match="it was made with other every"):
        suite(every=60).figures()
    assert "signals as edges" in Path("table.md").read_text()


def test_levers_without_a_proof_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECSYS_CONF", str(SUITES))
    with initialize_config_dir(str(SUITES), version_base="1.3"):
        settings = compose("benchmark", ["suite=signal_levers"]).suite
    figures = SignalLeversSuite(
        events=8_000, seeds=[0], every=30, looks=2, model={"dim": 8, "epochs": 1},
        signals=settings.signals, resamples=50,
    ).figures()  # fmt: skip
    assert figures["acceptances"] > 0
    assert figures["cents_unlogged"] == figures["acceptances_unlogged"] == 0
