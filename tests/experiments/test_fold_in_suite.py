"""Customers hidden from training and folded in, on a small market."""

import pytest

from benchmarks.fold_in import FoldInSuite
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket


@pytest.mark.parametrize("folds", [1, 3])
def test_what_folding_in_reaches(folds: int) -> None:
    market = SimulatedMarket(events=6_000, seed=0)
    suite = FoldInSuite(data=market, hidden=12, folds=folds, dim=64, k=10, models=["als"])
    figures = suite.figures()
    assert figures["hidden"] == 12
    # Solved against products that others taught, and never against the customer's own events.
    assert 0.5 < figures["als_overlap"] <= 1
    assert 0.5 < figures["als_overlap_of_others"] <= 1
    assert figures["als_overlap_over_seeds"] == pytest.approx(
        figures["als_overlap"] / figures["als_overlap_of_seeds"]
    )
    assert 0 < figures["als_recall_trained"] <= 1
    assert 0 < figures["als_p50_ms"] <= figures["als_max_ms"]


@pytest.mark.parametrize("wrong", [{"hidden": 0}, {"folds": 0}, {"k": 0}])
def test_too_little_to_measure_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=f"suite.{next(iter(wrong))}"):
        FoldInSuite(data=SimulatedMarket(events=1_000, seed=0), **wrong)
