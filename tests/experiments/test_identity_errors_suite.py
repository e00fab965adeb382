"""What identity errors cost, on a small market."""

from pathlib import Path

import pytest

from benchmarks.identity_errors import IdentityErrorsSuite
from recsys.errors import InputError
from recsys.models.als import ALS
from recsys.simulation import SimulatedMarket

pytest.importorskip("splink", reason="needs recsys[identity]")


def test_missed_links_break_refusals_and_wrong_ones_take_permissions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    market = SimulatedMarket(events=10_000, records=True)
    suite = IdentityErrorsSuite(
        market=market, model=ALS(dim=16, epochs=3), missed=[0.3, 0.6], wrong=[0.2, 0.6]
    )
    figures = suite.figures()
    assert (tmp_path / "table.md").read_text().count("\n") == 9
    broken = [figures[f"{kind}_violations"] for kind in ("truth", "missed_0.3", "missed_0.6")]
    assert broken[0] == 0
    assert broken == sorted(broken)
    assert broken[-1] < figures["unmerged_violations"] < 1
    lost = [figures[f"{kind}_silenced"] for kind in ("truth", "wrong_0.2", "wrong_0.6")]
    assert lost[0] == figures["unmerged_silenced"] == 0
    assert lost == sorted(lost)
    assert figures["resolved_violations"] < 0.1
    assert figures["truth_difference"] == 0
    assert figures["merged_or_not"] == pytest.approx(
        figures["resolved_ndcg@10"] - figures["unmerged_ndcg@10"]
    )


def test_markets_and_shares_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(InputError, match=r"suite.market: expected a market with records"):
        IdentityErrorsSuite(market=SimulatedMarket(), model=ALS(), missed=[], wrong=[])
    with pytest.raises(InputError, match=r"suite.wrong: expected shares above 0 and below 1"):
        IdentityErrorsSuite(
            market=SimulatedMarket(records=True), model=ALS(), missed=[], wrong=[1.0]
        )
