"""The suite of plans: differences are those of its parts, and no plan is worth less by its odds."""

from pathlib import Path

import pytest

from benchmarks.plans import PlansSuite
from recsys.errors import InputError

SETTINGS = {"events": 6_000, "seeds": [0], "waits": [2, 9], "fade": 0.01, "policy": "market",
            "model": {"dim": 8, "epochs": 1}}  # fmt: skip


def test_figures_add_up_and_the_table_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    figures = PlansSuite(**SETTINGS, resamples=50).figures()
    assert figures["gain"] == pytest.approx(figures["plan"] - figures["greedy"])
    assert figures["gain_expected"] >= 0
    assert figures["gain_low"] <= figures["gain"] <= figures["gain_high"]
    assert figures["plan"] > 0
    assert "| gain |" in Path("table.md").read_text()


def test_nothing_to_plan_for_is_refused() -> None:
    with pytest.raises(InputError, match=r"suite\.events: expected a whole number"):
        PlansSuite(**{**SETTINGS, "events": 0})
