from pathlib import Path

import pytest

from benchmarks.market_curve import MarketCurveSuite
from recsys.errors import InputError

MARKET = {
    "market": "recsys.simulation.SimulatedMarket",
    "oracle": "recsys.simulation.Oracle",
}
SETTINGS = {
    "objective": {"temperature": 0.2, "popularity": 1.0}, "dim": 8, "epochs": 2, "device": "cpu",
}  # fmt: skip


def test_shares_of_the_oracle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    numbers = MarketCurveSuite(**MARKET, sizes=[4_000, 6_000], settings=SETTINGS).figures()
    for size in (4_000, 6_000):
        for part, models in (
            ("ndcg", ("touchpoint_gnn", "graph_filter")),
            ("touchpoint", ("touchpoint_gnn", "counting")),
            ("at_touchpoint", ("touchpoint_gnn", "without_touchpoint", "pairwise_oracle")),
        ):
            for model in models:
                name = f"{part}_{model}"
                share = numbers[f"{name}_of_oracle_{size}"]
                assert share == pytest.approx(
                    numbers[f"{name}_{size}"] / numbers[f"{part}_oracle_{size}"]
                )
                assert 0 < share < 1.2
        assert numbers[f"three_way_loss_{size}"] == pytest.approx(
            numbers[f"at_touchpoint_oracle_{size}"]
            - numbers[f"at_touchpoint_pairwise_oracle_{size}"]
        )
    assert (tmp_path / "curve.png").stat().st_size > 10_000


def test_sizes_are_in_order() -> None:
    for sizes in ([], [6_000, 4_000], [4_000, 4_000]):
        with pytest.raises(InputError, match=r"suite.sizes: expected ascending numbers of events"):
            MarketCurveSuite(**MARKET, sizes=sizes, settings=SETTINGS)
