"""The suite `refresh_under_load`, small: a refresh and a promotion beside requests."""

import pytest

from benchmarks.refresh_under_load import RefreshUnderLoadSuite


@pytest.mark.slow
def test_a_refresh_and_a_promotion_disturb_no_answer() -> None:
    figures = RefreshUnderLoadSuite(seconds=6, clients=2, events=5_000, dim=8).figures()
    assert figures["errors"] == 0
    assert figures["mixed"] == 0
    assert figures["consent_obeyed"] == 1
    assert figures["swaps"] == 2
    assert figures["p99_swap_ms"] > 0
