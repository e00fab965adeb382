from pathlib import Path

import numpy as np
import pytest

from benchmarks.ablation import AblationRow, AblationSuite, summary
from recsys.errors import InputError

MARKET = {"_target_": "recsys.simulation.SimulatedMarket", "events": 4_000}
JOURNEY = {
    "_target_": "recsys.data.sources.complete_journey.CompleteJourney",
    "root": "somewhere",
}
OBJECTIVE = {"temperature": 0.2, "popularity": 1.0}


def row(without: str, values: list[float]) -> AblationRow:
    return AblationRow(
        data="shop", without=without, values=np.array(values), customers=np.arange(len(values))
    )


def test_what_is_worse_without_a_signal_is_its_earning() -> None:
    whole = [0.5] * 40
    figures, table = summary(
        [
            row("all", whole),
            row("decay", [0.25] * 40),
            row("noise", [0.75] * 40),
            row("none", whole),
        ]
    )
    assert figures["shop_decay_difference"] == pytest.approx(-1 / 4)
    assert figures["shop_noise_difference"] == pytest.approx(1 / 4)
    assert figures["shop_none_difference"] == 0
    lines = {line.split("|")[2].strip(): line for line in table.splitlines() if "| shop" in line}
    assert "| earns |" in lines["decay"]
    assert "| costs |" in lines["noise"]
    assert "| tie |" in lines["none"]
    assert "all_difference" not in " ".join(figures)


def test_on_a_small_market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"objective": OBJECTIVE, "dim": 8, "epochs": 2, "device": "cpu", "half_life": 30}
    without = {"touchpoints": {"touchpoint_loss": 0}, "decay": {"half_life": None}}
    suite = AblationSuite(
        root=None,
        data={
            "simulated": {"source": MARKET, "settings": settings, "without": without},
            "complete_journey": {"source": JOURNEY, "settings": settings, "without": without},
        },
    )
    figures = suite.figures()
    assert {
        "simulated_all",
        "simulated_touchpoints_difference",
        "simulated_decay_difference",
    } <= set(figures)
    # Without a folder the market stands alone.
    assert not [name for name in figures if name.startswith("complete")]
    assert figures["simulated_decay"] - figures["simulated_all"] == pytest.approx(
        figures["simulated_decay_difference"]
    )
    assert "touchpoints" in (tmp_path / "table.md").read_text()


def test_what_cannot_be_is_one_line(tmp_path: Path) -> None:
    sources = {"settings": {"objective": OBJECTIVE}, "without": {}}
    unknown = AblationSuite(
        root=None, data={"shop": {**sources, "source": {"_target_": "recsys.Shop"}}}
    )
    with pytest.raises(
        InputError, match=r"suite.data.shop.source._target_=recsys.Shop: there is no"
    ):
        unknown.figures()
    source = {**JOURNEY, "root": str(tmp_path)}
    empty = AblationSuite(
        root=str(tmp_path), data={"complete_journey": {**sources, "source": source}}
    )
    with pytest.raises(InputError, match=r"suite\.root"):
        empty.figures()
