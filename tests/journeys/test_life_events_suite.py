"""The suite of life events: a method is chosen on valid, test is read with it alone."""

from pathlib import Path

import pytest

from benchmarks import life_events
from benchmarks.life_events import LifeEventsSuite
from recsys.errors import InputError
from recsys.journeys.life_events import learn


def test_the_suite_compares_with_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "QUIET", 5_000)
    monkeypatch.setattr(life_events, "run_folder", lambda: tmp_path)
    suite = LifeEventsSuite(events=78_000, seed=0, days=30, methods=["logistic"], resamples=20)
    figures = suite.figures()
    assert 0.2 < figures["valid_logistic/of_oracle"] < 1
    assert 0.2 < figures["test/of_oracle"] < 1
    assert figures["test/detection_lift_low"] > 6
    table = (tmp_path / "table.md").read_text()
    assert "Chosen on valid: logistic." in table
    assert "| moving |" in table


def test_a_method_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"suite\.methods: expected some of logistic, boosting"):
        LifeEventsSuite(events=1_000, seed=0, days=30, methods=["svm"])  # type: ignore[list-item]
