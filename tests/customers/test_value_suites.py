"""The suites of value: places go by expected value x lever, and answers are counted in truth."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.value_arbitration.market import MarketPlans
from benchmarks.value_arbitration.sends import Replay
from recsys.simulation import SimulatedMarket


def test_a_lever_moves_places_within_its_group_by_hand() -> None:
    sends = Replay(
        customers=np.arange(6),
        groups=np.array([0, 0, 0, 1, 1, 1]),
        expected=np.array([3.0, 2.0, 1.0, 5.0, 4.0, 1.0]),
        worth=np.array([1.0, 4.0, 1.0, 2.0, 2.0, 2.0]),
        earned={"money": np.array([1.0, 10.0, 0.0, 2.0, 0.0, 0.0])},
    )
    assert sends.kept(1 / 3, 0.0).tolist() == [1, 0, 0, 1, 0, 0]
    # Mean worth of the first group is 2: levers of .5, 2, .5 make 1.5, 4 and .5.
    assert sends.kept(1 / 3, 1.0).tolist() == [0, 1, 0, 1, 0, 0]
    late = sends.select(sends.groups == 1)
    assert late.earned["money"].tolist() == [2, 0, 0]


@pytest.mark.slow
def test_a_plan_of_the_market_obeys_the_cut_off_and_its_places(tmp_path: Path) -> None:
    plans = MarketPlans(SimulatedMarket(events=20_000), tmp_path, 0.05)
    without, made = plans.plan(0.0, 1), plans.plan(1.0, 1)
    assert plans.past.interactions.when.max() < plans.past.as_of
    assert len(plans.worth) == len(plans.seen.customers) < plans.customers
    for planned in (without, made):
        assert 0 < (planned.accepts > 0).sum() <= 3 * round(0.05 * len(plans.past.customers))
        assert (planned.accepts <= 1).all()
    assert (made.net != without.net).any()
